/**
 * Objects from manifest files, kept up to date while the files change. Every look at the files ends in one complete
 * picture of what should be in force, and only its difference to the last one is delivered: how an editor saves, in
 * which order files are renamed and how a ConfigMap volume swaps its links does not matter.
 */
import { formatProblem, type Problem, refKey, refOf, summarizeProblems } from '../../kubernetes/objects.ts';
import { firstLines } from '../../log/first-lines.ts';
import type { Logger } from '../../log/logger.ts';
import type { ObjectTables } from '../../state/object-tables.ts';
import { type FollowedKinds, isBgpKind, PROXY_KINDS } from '../following.ts';
import type { ObjectSource, SourceReports } from '../source.ts';
import { DEFAULT_NODE_PORT_RANGE, type PortRange } from './allocation.ts';
import { FolderWatcher } from './folder-watcher.ts';
import {
  formatManifestError,
  type ManifestError,
  type ManifestFile,
  readManifestFile,
  unreadableFile,
} from './manifest-file.ts';
import {
  describeFileError,
  liesIn,
  listManifests,
  type ManifestPaths,
  readManifest,
  requirePaths,
} from './manifest-paths.ts';
import { decide, findStale, type Held, type Stale } from './precedence.ts';

export interface ManifestSourceOptions extends SourceReports {
  /** Files and folders; of two versions of an object the one under the earlier path is used. */
  readonly paths: readonly string[];
  /** Where the NodePorts of Services must lie; as the API server's default. */
  readonly nodePortRange?: PortRange;
  /** Those that are not among them are passed over; as a proxy reads them. */
  readonly kinds?: FollowedKinds;
  /** Slices of headless Services and the names of endpoints are read, too. */
  readonly forNames?: boolean;
  /** With one of its own it works beside another source on the same tables, and is synced under that name. */
  readonly origin?: '' | 'lb-config';
  readonly logger: Logger;
  /** How often the files are looked at even if the kernel reports no change (network file systems don't). */
  readonly pollMs?: number;
  /** How long an object has to be missing before it is removed: a file may just be on its way to another name. */
  readonly removalDelayMs?: number;
}

/** `run` rejects when a path does not exist at the start. */
export function createManifestSource(options: ManifestSourceOptions): ObjectSource {
  const inForce = new Map<string, Held>();
  return { run: (objects, signal) => new ManifestRun(options, objects, inForce).run(signal) };
}

interface KnownFile {
  /** Empty when the file has to be read again in any case. */
  readonly stamp: string;
  readonly content: ManifestFile;
}

class ManifestRun {
  readonly #options: Required<ManifestSourceOptions>;
  readonly #objects: ObjectTables;
  readonly #watcher: FolderWatcher;
  #files: ReadonlyMap<string, KnownFile> = new Map();
  readonly #folders = new Set<string>();
  /** What the tables were given, in former runs too. */
  readonly #inForce: Map<string, Held>;
  /** When an object was first missed, on the clock of `performance.now()`. */
  readonly #missedAtMs = new Map<string, number>();
  readonly #unwatchable = new Set<string>();
  readonly #announcedKinds = new Set<string>();
  #reported: ReadonlySet<string> = new Set();

  constructor(options: ManifestSourceOptions, objects: ObjectTables, inForce: Map<string, Held>) {
    this.#inForce = inForce;
    this.#options = {
      nodePortRange: DEFAULT_NODE_PORT_RANGE,
      kinds: PROXY_KINDS,
      forNames: false,
      origin: '',
      pollMs: 5_000,
      removalDelayMs: 250,
      ...options,
    };
    this.#objects = objects;
    this.#watcher = new FolderWatcher((folder, reason) => this.#warnUnwatchable(folder, reason));
  }

  async run(signal: AbortSignal): Promise<void> {
    await requirePaths(this.#options.paths);
    try {
      await this.#look();
      this.#tellSynced();
      // Whatever changed between listing the folders and watching them is found now.
      await this.#look();
      while (!signal.aborted) {
        await this.#watcher.next(this.#waitMs(), signal);
        if (!signal.aborted) await this.#look();
      }
    } finally {
      this.#watcher.close();
    }
  }

  #tellSynced(): void {
    const { origin, kinds } = this.#options;
    const name = origin || 'manifests';
    const row = { sinceMs: Date.now() };
    if (kinds.has('Service')) this.#objects.syncedSources.put(name, row);
    if (kinds.has('IPAddressPool')) this.#objects.syncedLoadBalancing.put(name, row);
  }

  /** Until the next missing object is due, but no longer than until the next look that happens anyway. */
  #waitMs(): number {
    const { pollMs, removalDelayMs } = this.#options;
    const due = [...this.#missedAtMs.values()].map((atMs) => atMs + removalDelayMs - performance.now());
    return Math.max(0, Math.min(pollMs, ...due));
  }

  async #look(): Promise<void> {
    const paths = await listManifests(this.#options.paths, this.#folders);
    for (const path of paths.folders) this.#folders.add(path);
    await this.#watcher.follow(paths.folders);
    this.#files = await this.#readFiles(paths);
    const contents = new Map([...this.#files].map(([file, { content }]) => [file, content]));
    const { held, problems } = decide(contents, this.#inForce);
    this.#deliver(held);
    const rivalries = this.#findRivalries();
    const stale = new Map([
      ...rivalries.map(({ object, message }) => [refKey(object), { ref: object, reason: message }] as const),
      ...findStale(contents, held),
    ]);
    this.#tellStale(stale);
    this.#tellFlaws([...[...contents.values()].flatMap((content) => content.problems), ...problems], stale);
    this.#report([...contents.values()], [...problems, ...rivalries], paths.lost);
  }

  async #readFiles({ files, named, lost }: ManifestPaths): Promise<ReadonlyMap<string, KnownFile>> {
    const known = new Map<string, KnownFile>();
    for (const file of files) {
      // What vanished since it was listed, perhaps with its whole folder, is the next look's to judge.
      const read = (await this.#readFile(file, named.has(file))) ?? this.#files.get(file);
      if (read !== undefined) known.set(file, read);
    }
    // After the others, so that a file that moved elsewhere counts where it is now.
    for (const [file, old] of this.#files) {
      const isLost = [...lost.keys()].some((folder) => liesIn(file, folder));
      if (isLost && !known.has(file)) known.set(file, old);
    }
    return known;
  }

  async #readFile(file: string, isNamed: boolean): Promise<KnownFile | undefined> {
    const known = this.#files.get(file);
    try {
      const read = await readManifest(file, { known: known?.stamp, isNamed });
      if (read === undefined) return undefined;
      if (read === 'unchanged') return known;
      const { nodePortRange, kinds, forNames } = this.#options;
      const content = readManifestFile(file, read.text, nodePortRange, kinds, forNames);
      return { stamp: read.stamp, content };
    } catch (error) {
      return { stamp: '', content: unreadableFile(file, describeFileError(error)) };
    }
  }

  #deliver(held: ReadonlyMap<string, Held>): void {
    const { origin } = this.#options;
    for (const [key, next] of held) {
      const old = this.#inForce.get(key);
      // Whether one that was read anew says something new is for its table to find out.
      if (old?.object !== next.object) this.#objects.put(next.object, origin);
      this.#inForce.set(key, next);
      this.#missedAtMs.delete(key);
    }
    const nowMs = performance.now();
    for (const [key, { object }] of this.#inForce) {
      if (held.has(key)) continue;
      const missedAtMs = this.#missedAtMs.get(key) ?? nowMs;
      this.#missedAtMs.set(key, missedAtMs);
      if (nowMs - missedAtMs < this.#options.removalDelayMs) continue;
      this.#missedAtMs.delete(key);
      this.#inForce.delete(key);
      this.#objects.delete(refOf(object), origin);
    }
  }

  /** Objects that are not used since another source has one of the same name. */
  #findRivalries(): readonly Problem[] {
    const { origin } = this.#options;
    return Array.from(this.#inForce.values()).flatMap(({ object, file }) => {
      const message = this.#objects.reasonAgainst(object, origin);
      return message === undefined ? [] : [{ object: refOf(object), field: '', message, file }];
    });
  }

  #tellStale(stale: ReadonlyMap<string, Stale>): void {
    const own = this.#options.origin;
    for (const [key, { ref, origin }] of this.#objects.stale.rows) {
      if (origin === own && !stale.has(key)) this.#objects.deleteStale(ref);
    }
    for (const { ref, reason } of stale.values()) this.#objects.putStale(ref, reason, Date.now(), own);
  }

  /** What is wrong with objects whose newest version is in force. */
  #tellFlaws(problems: readonly Problem[], stale: ReadonlyMap<string, Stale>): void {
    const { flawed } = this.#objects;
    const own = this.#options.origin;
    const found = Map.groupBy(problems, ({ object }) => refKey(object));
    for (const [key, { ref, origin }] of flawed.rows) {
      if (origin === own && (!found.has(key) || stale.has(key)))
        this.#objects.putFlaw(ref, undefined, Date.now());
    }
    for (const [key, [first, ...others]] of found) {
      if (first === undefined || stale.has(key)) continue;
      this.#objects.putFlaw(first.object, summarizeProblems([first, ...others]), Date.now(), own);
    }
  }

  /** What is wrong is said once, and again only after it has been right in between. */
  #report(
    contents: readonly ManifestFile[],
    duplicates: readonly Problem[],
    lost: ReadonlyMap<string, string>,
  ): void {
    const reported = new Set<string>();
    const isNew = (text: string) => {
      reported.add(text);
      return !this.#reported.has(text);
    };
    for (const problem of [...contents.flatMap((content) => content.problems), ...duplicates]) {
      if (isNew(formatProblem(problem))) this.#options.report(problem);
    }
    const lostFolders = [...lost].map(([file, message]) => ({ file, message, line: undefined }));
    const errors: readonly ManifestError[] = [
      ...contents.flatMap((content) => content.errors),
      ...lostFolders,
    ];
    const { logger } = this.#options;
    const news = (all: readonly ManifestError[]) => firstLines(all.map(formatManifestError).filter(isNew));
    for (const text of news(errors)) logger.error({}, text);
    for (const text of news(contents.flatMap((content) => content.warnings))) logger.warn({}, text);
    this.#reported = reported;
    for (const kind of contents.flatMap((content) => [...content.ignoredKinds])) this.#announce(kind);
  }

  #announce(kind: string): void {
    if (this.#announcedKinds.has(kind)) return;
    this.#announcedKinds.add(kind);
    const { kinds, logger } = this.#options;
    if (isBgpKind(kind) && kinds.has('L2Advertisement')) {
      logger.warn({ kind }, `Manifests of kind ${kind} are passed over: BGP is not built`);
    } else logger.info({ kind }, `Manifests of kind ${kind} are ignored`);
  }

  #warnUnwatchable(folder: string, reason: string): void {
    if (this.#unwatchable.has(folder)) return;
    this.#unwatchable.add(folder);
    const { pollMs } = this.#options;
    this.#options.logger.warn(
      { folder },
      `${folder} can't be watched (${reason}); polling every ${pollMs} ms`,
    );
  }
}
