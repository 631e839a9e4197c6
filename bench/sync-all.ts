/**
 * bench/sync.ts in several modes and at several sizes, each in a process of its own, as a Markdown table.
 *
 *   npm run bench:sync:nftables [-- --changes 200]                          the three sizes that are spoken of
 *   npm run bench:sync:all -- --modes iptables,ipvs --sizes 1000x10,5000x10  what else is said goes to every run
 *
 * With the ipvs mode among them, all of it runs in one guest where this kernel has no IPVS (bench/guest.ts).
 */
import { spawnSync } from 'node:child_process';
import { Command, InvalidArgumentError, Option } from 'commander';
import * as v from 'valibot';
import { enterGuest, guestOption } from './guest.ts';
import { positive } from './options.ts';
import type { Size } from './workload.ts';

interface Options {
  readonly modes: string;
  readonly sizes: readonly Size[];
  readonly guest: boolean;
}

const USUAL_SIZES = '1000x10,5000x50,45000x1';

const command = new Command('bench:sync:all')
  .option('--modes <modes>', 'proxy modes', 'nftables')
  .addOption(
    new Option('--sizes <sizes>', 'Services x endpoints of each')
      .argParser(sizes)
      .default(sizes(USUAL_SIZES), USUAL_SIZES),
  )
  .addOption(guestOption())
  .allowUnknownOption()
  .allowExcessArguments()
  .parse();
const options = command.opts<Options>();
enterGuest(options.modes.split(','), options.guest);

type Figures = Readonly<Record<string, string | number>>;

const FiguresSchema = v.record(v.string(), v.union([v.string(), v.number()]));

const ROWS: readonly (readonly [title: string, cell: (figures: Figures) => string])[] = [
  ['first sync', milliseconds('firstSyncMs')],
  ['of it own', milliseconds('ownFirstSyncMs')],
  ['restart', milliseconds('restartSyncMs')],
  ['of it own', milliseconds('ownRestartSyncMs')],
  ['repair', milliseconds('repairSyncMs')],
  ['of it own', milliseconds('ownRepairSyncMs')],
  [
    'longest stall: first sync / restart / repair',
    ({ firstSyncStallMs, restartStallMs, repairStallMs }) =>
      `${firstSyncStallMs} / ${restartStallMs} / ${repairStallMs} ms`,
  ],
  ['endpoint changed, p50 / p99', p50p99('change')],
  ['of it own, mean', milliseconds('ownChangeMeanMs')],
  ['endpoint removed, p50 / p99', p50p99('removeEndpoint')],
  ['endpoint added, p50 / p99', p50p99('addEndpoint')],
  ['Service added, p50 / p99', p50p99('addService')],
  ['Service removed, p50 / p99', p50p99('removeService')],
  ['idle, a minute: own', milliseconds('ownIdleMsPerMinute')],
  ['idle, a minute: tools', milliseconds('toolsIdleMsPerMinute')],
  ['sent for the first sync', sent('firstSync')],
  ['sent for an endpoint changed', sent('change')],
  ['sent for a restart', sent('restartSync')],
  [
    'memory: after changes / peak / after restart',
    ({ rssMb, peakRssMb, rssAfterRestartMb }) => `${rssMb} / ${peakRssMb} / ${rssAfterRestartMb} MB`,
  ],
  ['`nft -f`: first', milliseconds('nftFirstMs')],
  ['`nft -f`: endpoint changed, p50', milliseconds('nftChangeP50Ms')],
];

function milliseconds(key: string): (figures: Figures) => string {
  return ({ [key]: value }) => (value === undefined ? '–' : `${value} ms`);
}

function p50p99(prefix: string): (figures: Figures) => string {
  return (figures) => `${figures[`${prefix}P50Ms`]} / ${figures[`${prefix}P99Ms`]} ms`;
}

function sent(prefix: string): (figures: Figures) => string {
  return ({ [`${prefix}Messages`]: messages, [`${prefix}Bytes`]: bytes }) =>
    messages === undefined ? '–' : `${messages} messages, ${bytes} bytes`;
}

function sizes(text: string): readonly Size[] {
  return text.split(',').map((size) => {
    const [services = '', endpoints = '', ...rest] = size.split('x');
    if (rest.length > 0) throw new InvalidArgumentError('like 1000x10,5000x50');
    return { services: positive(services), endpoints: positive(endpoints) };
  });
}

const modes = options.modes.split(',');
const runs = options.sizes.flatMap((size) => modes.map((mode) => run(mode, size)));
printRow('', ...runs.map(({ mode, services, endpoints }) => `${mode}, ${services} × ${endpoints}`));
printRow(...Array.from({ length: runs.length + 1 }, () => '---'));
for (const [title, cell] of ROWS) {
  const cells = runs.map(cell);
  if (cells.some((text) => text !== '–')) printRow(title, ...cells);
}
printRow('endpoint changed, p50, by that of the first size', ...runs.map(growth));

/** Of the same mode at the first size. */
function growth({ mode, changeP50Ms }: Figures): string {
  const first = runs.find((figures) => figures.mode === mode);
  return (Number(changeP50Ms) / Number(first?.changeP50Ms)).toFixed(2);
}

function printRow(...cells: readonly string[]): void {
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}

function run(mode: string, { services, endpoints }: Size): Figures {
  const size = ['--services', String(services), '--endpoints', String(endpoints)];
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      ...process.execArgv,
      `${import.meta.dirname}/sync.ts`,
      '--mode',
      mode,
      ...size,
      '--json',
      ...command.args,
    ],
    { encoding: 'utf8', stdio: ['inherit', 'pipe', 'inherit'] },
  );
  if (status !== 0) process.exit(status ?? 1);
  return v.parse(FiguresSchema, JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}
