/** `menwei dns`: names of the cluster and of others, until a signal ends it. */
import { readFile } from 'node:fs/promises';
import { ComponentStates } from '../../agent/component.ts';
import { supervise } from '../../agent/supervisor.ts';
import { formatErrorChain } from '../../log/error-text.ts';
import type { Logger } from '../../log/logger.ts';
import { createLogger } from '../../log/pino-logger.ts';
import { pause } from '../../scheduling/pause.ts';
import { UserError } from '../../setup/failure.ts';
import { parseCorefile } from '../corefile/corefile.ts';
import type { CorefileOptions } from '../corefile/options.ts';
import { type DnsFlags, type DnsOptions, parseDnsFlags } from './dns-options.ts';
import { DnsProcess } from './dns-process.ts';
import { openNameSource, openNameTables } from './dns-sources.ts';

/** Until SIGTERM or SIGINT; a second one ends it at once. */
export async function runDns(flags: DnsFlags): Promise<void> {
  const corefile = flags.corefile === undefined ? undefined : await readCorefile(flags.corefile);
  const parsed = parseDnsFlags(flags, corefile);
  if ('errors' in parsed) throw new UserError(parsed.errors, 2);
  const { options } = parsed;
  const logger = createLogger({ format: 'text', verbosity: options.verbosity });
  for (const { line, message } of corefile?.notes ?? []) {
    logger.warn({}, `${flags.corefile}:${line}: ${message}`);
  }
  await serve(options, logger);
  logger.info({}, 'menwei dns stopped');
}

async function readCorefile(path: string): Promise<CorefileOptions> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    throw new UserError(`--corefile: ${formatErrorChain(error)}`);
  }
  const parsed = parseCorefile(text, path);
  if ('port' in parsed) return parsed;
  throw new UserError(parsed);
}

async function serve(options: DnsOptions, logger: Logger): Promise<void> {
  const tables = openNameTables(options);
  const states = new ComponentStates();
  const { source, close } = await openNameSource(options.objects, logger);
  try {
    const dns = await DnsProcess.open({ options, tables, source, states, logger });
    const stop = stopAfterLameduck(dns, options.lameduckMs, logger);
    try {
      await supervise(dns.components(), { states, logger }, stop);
    } catch (error) {
      throw new UserError(formatErrorChain(error));
    }
  } finally {
    await close();
  }
}

/** Answers go on for a while after the first signal: clients learn late that they should go elsewhere. */
function stopAfterLameduck(dns: DnsProcess, lameduckMs: number, logger: Logger): AbortSignal {
  const stop = new AbortController();
  const told = () => {
    if (dns.isEnding) {
      stop.abort();
      return;
    }
    dns.isEnding = true;
    logger.info({ lameduckMs }, 'told to end; queries are still answered for a while');
    void pause(lameduckMs, stop.signal).then(() => stop.abort());
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, told);
  // Of the proxy that has started it: nobody is there any more to end it.
  if (process.channel !== undefined) process.once('disconnect', () => stop.abort());
  // To listen for that is no reason to go on when all else has ended.
  process.channel?.unref();
  return stop.signal;
}
