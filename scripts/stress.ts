/**
 * Repeats a scenario on the kernel with other seeds and injected faults: npm run stress -- SCENARIO --times N. What a
 * round does follows from its seed and mode; those of ipvs mode take place in the guest kernel. Needs root.
 */
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { observeIpvsSupport } from '@menwei/netlink/ipvs';
import { MODES } from '../test/stress/engine.ts';
import { HUNG, type Result } from '../test/stress/result.ts';
import { SCENARIOS } from '../test/stress/round.ts';
import { fail, wholeNumber } from './whole-number.ts';

const PLAY = 'test/stress/play.ts';
/** How long a proxy may take to be done, on a busy machine too; and how often its watch looks. */
const PACE = { patienceMs: 40_000, watchMs: 200 };
const GUEST_PACE = { patienceMs: 120_000, watchMs: 1_500 };
const DEFAULT_TIMES = '20';
const DEFAULT_MINUTES = '15';
/** Of so many failed rounds the whole story is told. */
const STORIES = 5;
const PROGRESS_MS = 5_000;
const ROUNDS_A_PLAYER = 20;
/** Most of a round is waiting. */
const DEFAULT_PLAYERS = '4';

interface RoundSpec {
  readonly mode: string;
  readonly seed: number;
}

function usage(): string {
  const scenarios = Object.entries(SCENARIOS).map(([name, { about }]) => `  ${name.padEnd(10)} ${about}`);
  return [
    'Usage: npm run stress -- SCENARIO [--times N] [--modes MODE,…] [--seed S] [--minutes M] [--players P]',
    '',
    'Scenarios:',
    ...scenarios,
    '',
    `  --times N     rounds, with one seed after the other (default: ${DEFAULT_TIMES}, or 1 with --seed)`,
    `  --modes LIST  of ${MODES.join(', ')} (default: all, in turn)`,
    '  --seed S      of the first round (default: any); the same seed and mode make the same round',
    `  --minutes M   ends it after this time, with what was not played as a failure (default: ${DEFAULT_MINUTES})`,
    `  --players P   rounds at a time; in the guest there is one (default: ${DEFAULT_PLAYERS})`,
  ].join('\n');
}

function readCommandLine() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      times: { type: 'string' },
      modes: { type: 'string', default: MODES.join(',') },
      seed: { type: 'string' },
      minutes: { type: 'string', default: DEFAULT_MINUTES },
      players: { type: 'string', default: DEFAULT_PLAYERS },
      help: { type: 'boolean', default: false },
    },
  });
  const [scenario = ''] = positionals;
  if (values.help) {
    process.stdout.write(`${usage()}\n`);
    process.exit(0);
  }
  if (!(scenario in SCENARIOS) || positionals.length > 1) fail(`there is no such scenario\n${usage()}`);
  const modes = values.modes.split(',');
  const unknown = modes.find((mode) => !MODES.some((each) => each === mode));
  if (unknown !== undefined) fail(`--modes: ${unknown} is none of ${MODES.join(', ')}`);
  const times = wholeNumber('times', values.times ?? (values.seed === undefined ? DEFAULT_TIMES : '1'));
  const firstSeed = values.seed === undefined ? Date.now() % 1_000_000 : wholeNumber('seed', values.seed);
  const rounds = Array.from({ length: times }, (_, index) => ({
    mode: modes[index % modes.length] ?? '',
    seed: firstSeed + index,
  }));
  const players = Math.max(1, wholeNumber('players', values.players));
  return { scenario, rounds, minutes: wholeNumber('minutes', values.minutes), players };
}

const { scenario, rounds, minutes, players } = readCommandLine();
if (process.getuid?.() !== 0) fail('this changes network namespaces and needs root');
const startedMs = performance.now();
const stop = AbortSignal.timeout(minutes * 60_000);
const results: Result[] = [];
let told = 0;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function take(result: Result): void {
  results.push(result);
  const { mode, seed, failure, story = [] } = result;
  if (failure === undefined) return;
  print(`FAILED in ${mode} mode: ${failure}`);
  told += 1;
  if (told <= STORIES) for (const line of story) print(`    ${line}`);
  print(`  to repeat: npm run stress -- ${scenario} --modes ${mode} --seed ${seed}`);
}

/** Takes rounds from the queue, some for each player: one that ends in a round takes only that with it. */
async function play(queue: RoundSpec[], inGuest: boolean): Promise<void> {
  while (queue.length > 0 && !stop.aborted) {
    const some = queue.splice(0, ROUNDS_A_PLAYER);
    const { played, hung } = await playSome(some, inGuest);
    const lost = hung ? undefined : some[played];
    if (lost !== undefined && !stop.aborted) {
      take({ ...lost, seconds: 0, failure: 'the player ended before the round was over' });
    }
    queue.unshift(...some.slice(lost === undefined ? played : played + 1));
  }
}

/** How many rounds came to a verdict, and whether it ended after one that hung. */
async function playSome(some: readonly RoundSpec[], inGuest: boolean) {
  const pace = inGuest ? GUEST_PACE : PACE;
  const player = [process.execPath, PLAY, JSON.stringify({ scenario, ...pace, rounds: some })];
  const guest = ['scripts/guest/run', '-t', String(minutes * 60 + 60), '--'];
  const command = ['--pdeathsig', 'TERM', '--', ...(inGuest ? guest : []), ...player];
  const child = spawn('setpriv', command, { stdio: ['ignore', 'pipe', 'inherit'] });
  const end = () => child.kill();
  stop.addEventListener('abort', end, { once: true });
  let played = 0;
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    if (!line.startsWith('{')) return print(line);
    played += 1;
    take(JSON.parse(line));
  });
  const status = await new Promise<number | null>((resolve) => {
    child.on('close', resolve);
    child.on('error', (error) => fail(`setpriv: ${error.message}`));
  });
  stop.removeEventListener('abort', end);
  return { played, hung: status === HUNG };
}

function summary(): string {
  const modes = [...new Set(rounds.map(({ mode }) => mode))].map((mode) => {
    const own = results.filter((result) => result.mode === mode);
    const seconds = own.reduce((sum, result) => sum + result.seconds, 0);
    const failed = own.filter(({ failure }) => failure !== undefined).length;
    return `${mode} ${own.length} rounds, ${failed} failed, ${seconds.toFixed(0)} s`;
  });
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  const unplayed = rounds.length - results.length;
  const totals = [`${results.length} rounds`, `${failed} failed`];
  if (unplayed > 0) totals.push(`${unplayed} not played in ${minutes} minutes`);
  totals.push(`${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
  return `stress ${scenario}: ${totals.join(', ')} (${modes.join('; ')})`;
}

const [first] = rounds;
print(`stress ${scenario}: ${rounds.length} rounds from seed ${first?.seed}`);
const progress = setInterval(() => {
  const failed = results.filter(({ failure }) => failure !== undefined).length;
  print(`  ${results.length} of ${rounds.length} rounds, ${failed} failed`);
}, PROGRESS_MS);
const hasIpvs = observeIpvsSupport() === undefined;
const needsGuest = ({ mode }: RoundSpec) => mode === 'ipvs' && !hasIpvs;
const here = rounds.filter((round) => !needsGuest(round));
await Promise.all([
  ...Array.from({ length: players }, () => play(here, false)),
  play(rounds.filter(needsGuest), true),
]);
clearInterval(progress);
print(summary());
process.exitCode =
  results.length === rounds.length && results.every(({ failure }) => failure === undefined) ? 0 : 1;
