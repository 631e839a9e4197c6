/**
 * bench/sync.ts at the three sizes that are spoken of, each in a process of its own, as a Markdown table.
 *
 *   npm run bench:sync:nftables [-- --changes 200]      what follows goes to every run
 */
import { spawnSync } from 'node:child_process';
import * as v from 'valibot';

const SIZES = [
  { services: 1000, endpoints: 10 },
  { services: 5000, endpoints: 50 },
  { services: 45_000, endpoints: 1 },
];

type Figures = Readonly<Record<string, string | number>>;

const FiguresSchema = v.record(v.string(), v.union([v.string(), v.number()]));

const ROWS: readonly (readonly [title: string, cell: (figures: Figures) => string])[] = [
  ['first sync', milliseconds('firstSyncMs')],
  ['of it own', milliseconds('ownFirstSyncMs')],
  ['restart', milliseconds('restartSyncMs')],
  ['of it own', milliseconds('ownRestartSyncMs')],
  ['endpoint changed, p50 / p99', p50p99('change')],
  ['endpoint removed, p50 / p99', p50p99('removeEndpoint')],
  ['endpoint added, p50 / p99', p50p99('addEndpoint')],
  ['Service added, p50 / p99', p50p99('addService')],
  ['Service removed, p50 / p99', p50p99('removeService')],
  ['sent for the first sync', sent('firstSync')],
  ['sent for an endpoint changed', sent('change')],
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

const runs = SIZES.map(run);
const first = runs[0];
printRow('', ...runs.map(({ services, endpoints }) => `${services} × ${endpoints}`));
printRow(...Array.from({ length: runs.length + 1 }, () => '---'));
for (const [title, cell] of ROWS) printRow(title, ...runs.map(cell));
printRow(
  'endpoint changed, p50, by that of the first size',
  ...runs.map(({ changeP50Ms }) => (Number(changeP50Ms) / Number(first?.changeP50Ms)).toFixed(2)),
);

function printRow(...cells: readonly string[]): void {
  process.stdout.write(`| ${cells.join(' | ')} |\n`);
}

function run({ services, endpoints }: (typeof SIZES)[number]): Figures {
  const size = ['--services', String(services), '--endpoints', String(endpoints)];
  const { status, stdout } = spawnSync(
    process.execPath,
    [...process.execArgv, `${import.meta.dirname}/sync.ts`, ...size, '--json', ...process.argv.slice(2)],
    { encoding: 'utf8', stdio: ['inherit', 'pipe', 'inherit'] },
  );
  if (status !== 0) process.exit(status ?? 1);
  return v.parse(FiguresSchema, JSON.parse(stdout.trim().split('\n').at(-1) ?? ''));
}
