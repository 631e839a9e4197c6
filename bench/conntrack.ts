/**
 * How long it takes to delete stale conntrack entries, and how much memory, with the proxy's own classes against the real kernel, in a
 * network namespace of its own.
 *
 *   npm run bench:conntrack -- [--entries 100000] [--endpoints 100] [--rounds 20] [--tcp] [--json]
 *
 * First of all the cleaning of a proxy that starts, which has to read every entry of the Service. Then in each round one
 * endpoint of the Service goes; its entries are made again afterwards, by another process, whose memory doesn't count. "own"
 * is processor time of the main thread: without the kernel's walk over its table, which is another thread's. "walk" is a
 * search for what nobody has, which is that alone. With --tcp the entries are connections, of which one in a hundred is still being
 * made: these are searched for.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { observeInterfaceAddresses } from '@menwei/kernel/interfaces.ts';
import { ConntrackTable, type SourcedConntrackEntry } from '@menwei/netlink/conntrack';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { createConntrackEntries } from '@menwei/netlink/testing';
import { anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { Command, Option } from 'commander';
import { ConntrackCleaner } from 'menwei/conntrack/cleaner.ts';
import { type Logger, silentLogger } from 'menwei/log/logger.ts';
import type { ServicePort } from 'menwei/state/service-port.ts';
import { quantile, round } from './figures.ts';
import { NODE_VIEW } from './objects.ts';
import { positive, progress } from './options.ts';

interface Options {
  readonly entries: number;
  readonly endpoints: number;
  readonly rounds: number;
  readonly tcp: boolean;
  readonly json: boolean;
  readonly fill?: string;
}

const options = new Command('bench:conntrack')
  .option('--entries <n>', 'entries in the table', positive, 100_000)
  .option('--endpoints <n>', 'endpoints that share them', positive, 100)
  .option('--rounds <n>', 'endpoints that go, one after the other', positive, 20)
  .option('--tcp', 'connections instead of UDP flows', false)
  .option('--json', 'one JSON object on the last line', false)
  .addOption(
    new Option('--fill <endpoint>', 'make the entries of one endpoint or of all, and end').hideHelp(),
  )
  .parse()
  .opts<Options>();

const SERVICE = { ip: '10.96.0.10', port: 53 };
const LIMIT = '/proc/sys/net/netfilter/nf_conntrack_max';
const PROTOCOL = options.tcp ? 'TCP' : 'UDP';
const MEBIBYTE = 2 ** 20;
const signal = new AbortController().signal;

const endpoints = Array.from({ length: options.endpoints }, (_, index) =>
  anEndpoint({ ip: `10.128.${index >> 8}.${index & 255}`, port: SERVICE.port }),
);

function dns(without?: number): ServicePort {
  return aServicePort({
    name: 'dns',
    protocol: PROTOCOL,
    clusterIP: SERVICE.ip,
    port: SERVICE.port,
    endpoints: endpoints.filter((_, index) => index !== without),
  });
}

/** They go to the endpoints in turn. */
function entryNumber(index: number): SourcedConntrackEntry {
  const client = index >> 10;
  return {
    protocol: PROTOCOL,
    source: { ip: `10.200.${client >> 8}.${client & 255}`, port: 1024 + (index & 1023) },
    destination: SERVICE,
    replySource: endpoints[index % endpoints.length] ?? SERVICE,
    isUnreplied: isUnreplied(index),
  };
}

/** In turn of each endpoint. */
function isUnreplied(index: number): boolean {
  return options.tcp && Math.floor(index / endpoints.length) % 100 === 0;
}

async function fill(which: string): Promise<void> {
  const all = Array.from({ length: options.entries }, (_, index) => index);
  const isOf = (index: number) =>
    index % endpoints.length === Number(which) && isUnreplied(index) === options.tcp;
  const chosen = which === 'all' ? all : all.filter(isOf);
  await createConntrackEntries('IPv4', chosen.map(entryNumber));
}

function fillElsewhere(which: string): void {
  const argv = ['--entries', options.entries, '--endpoints', options.endpoints, '--fill', which].map(String);
  if (options.tcp) argv.push('--tcp');
  const { status, stderr } = spawnSync(process.execPath, [import.meta.filename, ...argv], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
}

interface Timing {
  readonly totalMs: number;
  readonly ownMs: number;
  readonly entries: number;
}

class Cleaning {
  #entries = 0;
  readonly #cleaner: ConntrackCleaner;

  constructor() {
    const logger: Logger = {
      ...silentLogger,
      error: (fields, message) => progress(`${message}: ${JSON.stringify(fields)}`),
    };
    this.#cleaner = new ConntrackCleaner({
      family: 'IPv4',
      kind: options.tcp ? 'unreplied' : 'lasting',
      table: new ConntrackTable('IPv4'),
      localAddresses: observeInterfaceAddresses,
      logger,
      onCleaned: ({ entries }) => {
        this.#entries = entries;
      },
    });
  }

  note(port: ServicePort, complete = false): void {
    this.#cleaner.note({ ports: new Map([[port.key, port]]), node: NODE_VIEW, complete });
  }

  async timed(): Promise<Timing> {
    const [startedMs, before] = [performance.now(), process.threadCpuUsage()];
    if (!(await this.#cleaner.clean(signal))) throw new Error('the cleaning failed');
    const { user, system } = process.threadCpuUsage(before);
    const totalMs = performance.now() - startedMs;
    return { totalMs, ownMs: (user + system) / 1000, entries: this.#entries };
  }
}

/** A search for what nobody has: the kernel's walk over its table, and nothing else. */
async function timedWalk(): Promise<number> {
  const startedMs = performance.now();
  await new ConntrackTable('IPv4').applyDeletion({ protocol: 'SCTP' }, () => false, signal);
  return performance.now() - startedMs;
}

async function main(): Promise<void> {
  if (options.fill !== undefined) return await fill(options.fill);
  unshare(CLONE_NEWNET);
  if (Number(readFileSync(LIMIT, 'utf8')) < options.entries * 1.1) {
    progress(`setting net.netfilter.nf_conntrack_max to ${options.entries * 2} in this namespace`);
    writeFileSync(LIMIT, String(options.entries * 2));
  }
  progress(`making ${options.entries} entries to ${endpoints.length} endpoints …`);
  fillElsewhere('all');

  const cleaning = new Cleaning();
  const peakBefore = process.resourceUsage().maxRSS;
  cleaning.note(dns(), true);
  const start = await cleaning.timed();
  const rounds: Timing[] = [];
  const walksMs: number[] = [];
  let maxLoopStallMs = 0;
  for (let done = 0; done < options.rounds; done++) {
    const gone = done % endpoints.length;
    walksMs.push(await timedWalk());
    cleaning.note(dns(gone));
    const delays = monitorEventLoopDelay({ resolution: 1 });
    delays.enable();
    rounds.push(await cleaning.timed());
    delays.disable();
    maxLoopStallMs = Math.max(maxLoopStallMs, delays.max / 1e6);
    cleaning.note(dns());
    fillElsewhere(String(gone));
  }
  const quantileOf = (of: 'totalMs' | 'ownMs', fraction: number) =>
    round(
      quantile(
        rounds.map((timing) => timing[of]),
        fraction,
      ),
    );
  report({
    entries: options.entries,
    endpoints: endpoints.length,
    rounds: rounds.length,
    deletedEntries: rounds[0]?.entries ?? 0,
    cleaningP50Ms: quantileOf('totalMs', 0.5),
    cleaningP99Ms: quantileOf('totalMs', 0.99),
    walkP50Ms: round(quantile(walksMs, 0.5)),
    ownCleaningP50Ms: quantileOf('ownMs', 0.5),
    ownCleaningP99Ms: quantileOf('ownMs', 0.99),
    maxLoopStallMs: round(maxLoopStallMs),
    startMs: round(start.totalMs),
    ownStartMs: round(start.ownMs),
    memoryMb: round(((process.resourceUsage().maxRSS - peakBefore) * 1024) / MEBIBYTE),
  });
}

function report(figures: Readonly<Record<string, number>>): void {
  const width = Math.max(...Object.keys(figures).map((name) => name.length));
  for (const [name, value] of Object.entries(figures))
    process.stdout.write(`${name.padEnd(width)}  ${value}\n`);
  if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
}

await main();
