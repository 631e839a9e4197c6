/** Asks the proxy and prints what it tells, once or as long as the user watches. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostPort } from '../config/settings.ts';
import { UserError } from '../setup/failure.ts';
import { readSettings } from '../setup/settings-input.ts';
import { StatusChanges } from './status-changes.ts';
import { fetchStatus, followStatus, hasListed, StatusError } from './status-client.ts';
import { StatusTable, sortRows, type TableRow } from './status-table.ts';

/** From the end of a watched proxy to the next attempt. */
const RETRY_MS = 1_000;

export interface StatusOptions {
  readonly output?: 'wide' | 'json';
  readonly watch?: true;
  readonly metricsBindAddress?: string;
  readonly config?: string;
}

/** Prints rows that are new to the user. */
type Print = (rows: readonly TableRow[]) => void;

export async function showStatus(options: StatusOptions): Promise<void> {
  const address = await findAddress(options);
  if (options.watch) await untilInterrupted((signal) => watchStatus(address, printer(options), signal));
  else await printOnce(options, address, new AbortController().signal);
}

async function findAddress({ metricsBindAddress, config }: StatusOptions): Promise<HostPort> {
  const flags = {
    ...(metricsBindAddress === undefined ? {} : { 'metrics-bind-address': metricsBindAddress }),
    ...(config === undefined ? {} : { config }),
  };
  const { settings } = await readSettings(flags, true);
  const bound = settings.metricsBindAddress;
  if (bound === undefined) throw new UserError('the proxy has no metrics server, which would answer /status');
  // A proxy that listens everywhere listens here, too.
  if (bound.host === '0.0.0.0') return { ...bound, host: '127.0.0.1' };
  return bound.host === '::' ? { ...bound, host: '::1' } : bound;
}

async function asking<Answer>(answer: Promise<Answer>): Promise<Answer> {
  try {
    return await answer;
  } catch (error) {
    throw error instanceof StatusError ? new UserError(error.message) : error;
  }
}

async function printOnce(options: StatusOptions, address: HostPort, signal: AbortSignal): Promise<void> {
  const { rows, text } = await asking(fetchStatus(address, signal));
  if (options.output === 'json') process.stdout.write(text);
  else if (rows.length > 0) printer(options)(sortRows(rows));
  else if (await asking(hasListed(address, signal))) process.stderr.write('No service ports.\n');
  else
    process.stderr.write('No service ports known: the proxy has not read all objects yet (see its log).\n');
}

function printer({ output }: StatusOptions): Print {
  if (output === 'json') {
    return (rows) => process.stdout.write(rows.map((row) => `${JSON.stringify(row)}\n`).join(''));
  }
  const table = new StatusTable({ wide: output === 'wide' });
  return (rows) => process.stdout.write(table.format(rows, Date.now()));
}

/** A proxy that ends may come back; only one that was never there is an error. */
async function watchStatus(address: HostPort, print: Print, signal: AbortSignal): Promise<void> {
  const changes = new StatusChanges();
  const show = (rows: readonly TableRow[]) => {
    if (rows.length > 0) print(rows);
  };
  let wasThere = false;
  let isLost = false;
  for (;;) {
    try {
      for await (const news of followStatus(address, signal)) {
        if (isLost) process.stderr.write('menwei: the proxy answers again\n');
        [wasThere, isLost] = [true, false];
        if ('rows' in news) show(changes.list(news.rows));
        else show([changes.put(news.row)].filter((row) => row !== undefined));
      }
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      if (!wasThere) throw new UserError(error.message);
      if (!isLost) process.stderr.write(`menwei: ${error.message}; retrying\n`);
      isLost = true;
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}

async function untilInterrupted(watch: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  try {
    await watch(stop.signal);
  } catch (error) {
    if (!stop.signal.aborted) throw error;
  }
}
