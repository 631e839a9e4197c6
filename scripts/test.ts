/**
 * Runs every test: those of this machine and those in the guest kernel, at the same time. What the guest has to say is
 * shown when the others are done; until then a line a file. Ends with one line of totals.
 */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { constants } from 'node:os';
import { createInterface } from 'node:readline';
import { formatTotals, parseTotals, type Totals } from './totals.ts';

const GUEST_LIMIT_SECONDS = 1800;
const GRACE_MS = 10_000;
const VITEST = ['vitest', 'run', '--reporter=default', '--reporter=./scripts/strict-reporter.ts'];

/** How vitest tells in colours or without that a file is done. */
const FILE_IS_DONE = /^\s*(?:✓|❯|×)\s.*\.test\.ts/;
/** A failed test in its list of failures; what was wrong is on the next line. */
const FAILED = /^FAIL\s/;
// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are written so
const COLOUR = /\u001b\[[\d;]*m/g;

/** The kernel of Debian's package runs programs several times slower than the newer one that may lie beside a checkout. */
const SLOW_KERNEL = '/usr/bin/linux.uml';
/** What it gets done in the time that the other tests take; `npm run test:guest` runs everything on either. */
const ON_SLOW_KERNEL = [
  'ipvs-netlink',
  'ipvs-links',
  'ipvs-rules',
  'ipvs-kernel-laws',
  'ipvs-laws',
  'ipvs-render',
  'ipvs-schedulers',
  'behaviour/cluster-ip',
  'behaviour/traffic-policies',
].map((name) => `test/kernel/${name}.test.ts`);

interface Part {
  readonly name: string;
  readonly command: readonly string[];
  /** Called with each line but that of the totals. */
  readonly onLine: (line: string) => void;
}

interface Verdict {
  readonly name: string;
  /** The failed tests, and the first line of what was wrong. */
  readonly failures: readonly string[];
  /** Undefined if it ended without. */
  readonly totals: Totals | undefined;
  readonly status: number | null;
}

const running = new Set<ChildProcess>();

async function run({ name, command, onLine }: Part): Promise<Verdict> {
  // A group of its own, so that a signal reaches all of it and reaches it once; and should this process be killed, it ends too.
  const child = spawn('setpriv', ['--pdeathsig', 'TERM', '--', ...command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
  });
  running.add(child);
  let totals: Totals | undefined;
  const failures: string[] = [];
  let previous = '';
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      const found = parseTotals(line);
      if (found === undefined) onLine(line);
      else totals = found;
      const plain = line.replace(COLOUR, '').trim();
      if (FAILED.test(plain) || FAILED.test(previous)) failures.push(plain);
      previous = plain;
    });
  }
  await once(child, 'close');
  running.delete(child);
  return { name, failures, totals, status: child.exitCode };
}

/** Why this part of the tests did not pass, or undefined if it did. */
function complaintOf({ name, failures, totals, status }: Verdict): string | undefined {
  if (totals === undefined) return `${name}: ended without a result (exit status ${status})`;
  if (totals.passed === 0) return `${name}: no test ran`;
  return status === 0 ? undefined : [`${name}: failed`, ...failures].join('\n  ');
}

function signalAll(signal: NodeJS.Signals): void {
  for (const { pid } of running) if (pid !== undefined) process.kill(-pid, signal);
}

let interruptedBy: NodeJS.Signals | undefined;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    interruptedBy = signal;
    signalAll('SIGTERM');
    setTimeout(() => signalAll('SIGKILL'), GRACE_MS).unref();
  });
}

function guestCommand(): readonly string[] {
  const run = ['scripts/guest/run', '-t', String(GUEST_LIMIT_SECONDS), '--'];
  const isSlow = execFileSync('scripts/guest/run', ['-k'], { encoding: 'utf8' }).trim() === SLOW_KERNEL;
  if (!isSlow) return [...run, ...VITEST, '--project', 'guest'];
  print(`guest: on ${SLOW_KERNEL}, which is slow, only: ${ON_SLOW_KERNEL.join(' ')}, and those over TCP`);
  return ['env', 'MENWEI_TEST_TRANSPORTS=TCP', ...run, ...VITEST, '--project', 'guest', ...ON_SLOW_KERNEL];
}

const print = (line: string): void => void process.stdout.write(`${line}\n`);
const guestLines: string[] = [];

const verdicts = await Promise.all([
  run({
    name: 'tests of this machine',
    // The guest has one CPU, and is what takes longest.
    command: ['nice', '-n', '10', ...VITEST, '--project', 'unit', '--project', 'kernel'],
    onLine: print,
  }),
  run({
    name: 'tests in the guest',
    command: guestCommand(),
    onLine: (line) => {
      guestLines.push(line);
      const plain = line.replace(COLOUR, '');
      if (FILE_IS_DONE.test(plain)) print(`guest: ${plain.trim()}`);
    },
  }),
]);

print('\nIn the guest:');
guestLines.forEach(print);
const complaints = verdicts.map(complaintOf).filter((complaint) => complaint !== undefined);
complaints.forEach(print);
const sum = (key: keyof Totals): number =>
  verdicts.reduce((total, { totals }) => total + (totals?.[key] ?? 0), 0);
const unfinished = verdicts.filter(({ totals }) => (totals?.passed ?? 0) === 0).length;
print(formatTotals({ passed: sum('passed'), failed: sum('failed') + unfinished, skipped: sum('skipped') }));
process.exitCode = complaints.length === 0 ? 0 : 1;
if (interruptedBy !== undefined) process.exitCode = 128 + constants.signals[interruptedBy];
