/** The programs that run in the network namespace of this one, as far as /proc shows them. */
import { readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { opendir } from 'node:fs/promises';

interface ObservedProcess {
  readonly pid: number;
  /** As the kernel names it, after its file; at most 15 characters. */
  readonly name: string;
  /** Read when it is asked for. */
  readonly argv: () => readonly string[];
}

/**
 * Those that are chosen by their name and arguments. A process that can't be looked into, or has ended meanwhile, is left out,
 * and so is this one. What is read of one is in memory, and takes some 10 µs; the list comes in pieces.
 */
export async function observeNeighbours(
  isChosen: (process: ObservedProcess) => boolean,
  signal: AbortSignal,
): Promise<readonly ObservedProcess[]> {
  const own = namespaceOf('self');
  const found: ObservedProcess[] = [];
  for await (const { name: entry } of await opendir('/proc')) {
    signal.throwIfAborted();
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const name = read(`/proc/${entry}/comm`)?.trimEnd();
    if (name === undefined) continue;
    const observed = { pid, name, argv: () => read(`/proc/${entry}/cmdline`)?.split('\0') ?? [] };
    if (isChosen(observed) && namespaceOf(entry) === own) found.push(observed);
  }
  return found;
}

/** What `ps`, `top` and those who see this process among others call it; Node's own name for it stays where /proc can't be written. */
export function nameOwnProcess(name: string): void {
  orUndefined(() => writeFileSync('/proc/self/comm', name, { flag: 'r+' }));
}

function read(file: string): string | undefined {
  return orUndefined(() => readFileSync(file, 'utf8'));
}

/** `net:[4026531840]` */
function namespaceOf(pid: string): string | undefined {
  return orUndefined(() => readlinkSync(`/proc/${pid}/ns/net`));
}

function orUndefined<T>(reading: () => T): T | undefined {
  try {
    return reading();
  } catch {
    return undefined;
  }
}
