/** A proxy that is started as an operator starts it, and what its processes take. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const TRY_EVERY_MS = 4;
const GIVE_UP_MS = 30_000;
/** Of /proc/<pid>/stat; the same on all machines that Node.js has binaries for. */
const TICKS_PER_SECOND = 100;

interface LaunchedProxy {
  readonly pid: number;
  /** From the start until the target was reached. */
  readonly answeredMs: number;
  end(): Promise<void>;
}

/** Starts a program, and tries to connect to the target until somebody answers. */
export async function startLaunched(
  path: string,
  args: readonly string[],
  target: { readonly host: string; readonly port: number },
): Promise<LaunchedProxy> {
  const startedMs = performance.now();
  const child = spawn(path, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  const log: string[] = [];
  child.stderr.setEncoding('utf8').on('data', (text: string) => log.push(text));
  const answered = await firstAnswer(target, () => child.exitCode !== null);
  const end = async () => {
    child.kill();
    if (child.exitCode === null) await once(child, 'exit');
  };
  if (answered === undefined || child.pid === undefined) {
    await end();
    throw new Error(`${path} ${args.join(' ')} serves nothing:\n${log.join('')}`);
  }
  return { pid: child.pid, answeredMs: answered - startedMs, end };
}

/** When it came; what is sent before there are rules is lost, and tried again in a second at the earliest. */
async function firstAnswer(
  target: { readonly host: string; readonly port: number },
  isOver: () => boolean,
): Promise<number | undefined> {
  const sockets: Socket[] = [];
  let answeredMs: number | undefined;
  const endMs = performance.now() + GIVE_UP_MS;
  while (answeredMs === undefined && !isOver() && performance.now() < endMs) {
    const socket = connect(target);
    sockets.push(socket);
    socket
      .on('error', () => undefined)
      .once('connect', () => {
        answeredMs ??= performance.now();
      });
    if (sockets.length > 200) sockets.shift()?.destroy();
    await sleep(TRY_EVERY_MS);
  }
  for (const socket of sockets) socket.destroy();
  return answeredMs;
}

/** Resident memory of a process and its children. */
export function residentMb(pid: number): number {
  return (
    processTree(pid).reduce((sum, each) => {
      const status = readFileSync(`/proc/${each}/status`, 'utf8');
      return sum + Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1] ?? 0);
    }, 0) / 1024
  );
}

/**
 * Processor time of a process and its children by the scheduler's own count, and of those that have ended in ticks: what a timer
 * begins seems to take whole ticks, since that is when it begins.
 */
export function cpuSeconds(pid: number): number {
  return processTree(pid).reduce((sum, each) => {
    return sum + scheduledSeconds(each) + childSeconds(each);
  }, 0);
}

/** Processor time of all threads of a process, by the scheduler's own count: ticks miss short work. */
export function scheduledSeconds(pid: number): number {
  const threads = readdirSync(`/proc/${pid}/task`);
  const nanoseconds = threads.map((thread) => {
    return Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ', 1)[0]);
  });
  return nanoseconds.reduce((sum, one) => sum + one, 0) / 1e9;
}

/** Of children that have ended. */
export function childSeconds(pid: number): number {
  const ticks = statOf(pid).slice(13, 15).map(Number);
  return ticks.reduce((sum, one) => sum + one, 0) / TICKS_PER_SECOND;
}

function processTree(pid: number): readonly number[] {
  const all = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const children = all.map(Number).filter((each) => Number(statOf(each)[1]) === pid);
  return [pid, ...children.flatMap(processTree)];
}

/** Fields of /proc/<pid>/stat from the state on; the name of the program, in parentheses, may hold anything. */
function statOf(pid: number): readonly string[] {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
  } catch {
    return [];
  }
}
