/** Which version of each object counts, of all that the files say and of what was in force before. Pure. */
import {
  formatProblem,
  type ObjectRef,
  type Problem,
  refKey,
  refOf,
  type WatchedObject,
} from '../../kubernetes/objects.ts';
import { formatManifestError, type ManifestFile } from './manifest-file.ts';
import { liesIn } from './manifest-paths.ts';

/** An object in force, and the file it comes from. */
export interface Held {
  readonly object: WatchedObject;
  readonly file: string;
}

interface Decision {
  /** By `refKey`, in the order of the files. */
  readonly held: ReadonlyMap<string, Held>;
  /** Objects that an earlier file has already. */
  readonly problems: readonly Problem[];
}

/**
 * `files` come in the order of precedence: the first that has an object wins. A file whose version of an object is
 * broken goes on holding the version in force, and so does an unreadable file for all that was its own, or that of the
 * folder in whose place it is.
 */
export function decide(
  files: ReadonlyMap<string, ManifestFile>,
  inForce: ReadonlyMap<string, Held>,
): Decision {
  const held = new Map<string, Held>();
  const problems: Problem[] = [];
  for (const [file, content] of files) {
    for (const [key, { object, line }] of content.objects) {
      const winner = held.get(key);
      if (winner === undefined) held.set(key, { object, file });
      else problems.push(duplicate(object, file, line, winner.file));
    }
    for (const key of ownKeys(file, content, inForce)) keep(key, held, inForce);
  }
  // A broken file that has been renamed no longer owns what it holds; nobody else has a better version, though.
  for (const content of files.values()) {
    for (const key of content.broken) keep(key, held, inForce);
  }
  return { held, problems };
}

/** Keys of objects in force that the file can't be said to have given up. */
function ownKeys(file: string, content: ManifestFile, inForce: ReadonlyMap<string, Held>): readonly string[] {
  const candidates = content.unreadable ? inForce.keys() : content.broken;
  return [...candidates].filter((key) => {
    const from = inForce.get(key)?.file;
    return from !== undefined && (from === file || liesIn(from, file));
  });
}

function keep(key: string, held: Map<string, Held>, inForce: ReadonlyMap<string, Held>): void {
  const old = inForce.get(key);
  if (old !== undefined && !held.has(key)) held.set(key, old);
}

/** An object that is not what a file means it to be, and why. */
export interface Stale {
  readonly ref: ObjectRef;
  readonly reason: string;
}

/** By `refKey`: those that are held from before, and those that never were in force since they are broken. */
export function findStale(
  files: ReadonlyMap<string, ManifestFile>,
  held: ReadonlyMap<string, Held>,
): ReadonlyMap<string, Stale> {
  const stale = new Map<string, Stale>();
  const isNew = (key: string) => {
    const now = held.get(key);
    return now !== undefined && files.get(now.file)?.objects.get(key)?.object === now.object;
  };
  for (const { broken, problems } of files.values()) {
    for (const problem of problems) {
      const key = refKey(problem.object);
      if (!broken.has(key) || isNew(key)) continue;
      const others = stale.has(key) ? `${stale.get(key)?.reason}; ` : '';
      stale.set(key, { ref: problem.object, reason: `${others}${formatProblem(problem)}` });
    }
  }
  for (const [key, { object, file }] of held) {
    if (isNew(key) || stale.has(key)) continue;
    const error = files.get(file)?.errors[0];
    const reason = error === undefined ? `${file} can't be read` : formatManifestError(error);
    stale.set(key, { ref: refOf(object), reason });
  }
  return stale;
}

function duplicate(object: WatchedObject, file: string, line: number | undefined, winner: string): Problem {
  return {
    object: refOf(object),
    field: '',
    message: `is in ${winner} too; that one is used`,
    file,
    ...(line === undefined ? {} : { line }),
  };
}
