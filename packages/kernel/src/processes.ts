/** The programs that run in the network namespace of this one, as far as /proc shows them. */
import { readdir, readFile, readlink } from 'node:fs/promises';
import { basename } from 'node:path';

export interface ObservedProcess {
  readonly pid: number;
  /** As the kernel names it; at most 15 characters. */
  readonly name: string;
  readonly argv: readonly string[];
}

/**
 * Those that are chosen by their name and arguments. A process that can't be looked into, or has ended meanwhile, is left out,
 * and so is this one.
 */
export async function observeNeighbours(
  isChosen: (process: ObservedProcess) => boolean,
  signal: AbortSignal,
): Promise<readonly ObservedProcess[]> {
  const own = await namespaceOf('self');
  const found: ObservedProcess[] = [];
  for (const entry of await readdir('/proc')) {
    signal.throwIfAborted();
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    const observed = await read(pid);
    if (observed === undefined || !isChosen(observed)) continue;
    if ((await namespaceOf(entry)) === own) found.push(observed);
  }
  return found;
}

/** The program that runs it, or the script that an interpreter runs: `kube-proxy`. */
export function programsOf({ name, argv }: ObservedProcess): readonly string[] {
  return [name, ...argv.slice(0, 2).map((word) => basename(word))];
}

async function read(pid: number): Promise<ObservedProcess | undefined> {
  const name = await orUndefined(readFile(`/proc/${pid}/comm`, 'utf8'));
  const argv = await orUndefined(readFile(`/proc/${pid}/cmdline`, 'utf8'));
  if (name === undefined || argv === undefined) return undefined;
  return { pid, name: name.trimEnd(), argv: argv.split('\0') };
}

/** `net:[4026531840]` */
function namespaceOf(pid: string): Promise<string | undefined> {
  return orUndefined(readlink(`/proc/${pid}/ns/net`));
}

async function orUndefined<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch {
    return undefined;
  }
}
