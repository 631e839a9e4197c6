/** What the first process of a PID namespace, as in a container, owes to processes that have lost their parent. */
import { readdirSync, readFileSync } from 'node:fs';
import { KernelError } from '@menwei/netlink';
import { childStatus } from '@menwei/netlink/native';
import { isAwaited } from './tool-process.ts';

/** Much longer than it takes to hear of the end of a tool that is waited for. */
const LOOK_MS = 2_000;

/**
 * Where this process is the first, orphans become its children, and stay in the table of processes when they have ended,
 * until it asks for their status: what `kubectl exec` left, for one. So no other init process is needed in an image.
 */
export function reapOrphans(): Disposable {
  if (process.pid !== 1) return { [Symbol.dispose]: () => undefined };
  let known = new Set<string>();
  let timer: NodeJS.Timeout | undefined;
  const look = () => {
    timer = undefined;
    const ended = endedChildren();
    // One that ended just now may be waited for.
    for (const pid of ended) if (known.has(pid)) reap(Number(pid));
    known = new Set(ended.filter((pid) => !known.has(pid)));
    if (known.size > 0) lookLater();
  };
  const lookLater = () => {
    timer ??= setTimeout(look, LOOK_MS).unref();
  };
  process.on('SIGCHLD', lookLater);
  return {
    [Symbol.dispose]: () => {
      process.off('SIGCHLD', lookLater);
      clearTimeout(timer);
    },
  };
}

function endedChildren(): readonly string[] {
  return readdirSync('/proc').filter(
    (name) => /^\d+$/.test(name) && !isAwaited(Number(name)) && isEndedChild(name),
  );
}

/** The name of the program, in parentheses, may hold anything. */
function isEndedChild(pid: string): boolean {
  try {
    const [state, parent] = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return state === 'Z' && parent === '1';
  } catch {
    return false;
  }
}

function reap(pid: number): void {
  try {
    childStatus(pid);
  } catch (error) {
    // Somebody has asked for it in between.
    if (!(error instanceof KernelError)) throw error;
  }
}
