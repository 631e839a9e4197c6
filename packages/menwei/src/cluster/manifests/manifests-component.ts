/** `--manifests`: keeps objects of the store as the files of a folder have them (cluster § 12.1). */
import type { Component } from '../../agent/component.ts';
import { firstLines } from '../../log/first-lines.ts';
import type { Logger } from '../../log/logger.ts';
import { pause } from '../../scheduling/pause.ts';
import { sideBySide } from '../../scheduling/side-by-side.ts';
import { FolderWatcher } from '../../sources/manifests/folder-watcher.ts';
import type { Resource } from '../kinds/resource.ts';
import { RESOURCES } from '../kinds/resources.ts';
import type { Registry } from '../registry/registry.ts';
import { StatusError } from '../schema/status-error.ts';
import type { Store, StoredObject } from '../store/store.ts';
import { parseStored } from '../store/stored-object.ts';
import { type FolderContents, ManifestFiles } from './manifest-files.ts';
import { ManifestWriter, SOURCE } from './manifest-writer.ts';

/** How often the files are looked at though nothing was heard of them; what is refused is tried again then. */
const LOOK_EVERY_MS = 5_000;
/** How long an object has to be missing before it is deleted: its file may be on the way to another name. */
const REMOVAL_DELAY_MS = 300;
/** Two that never agree cost no more than this often. */
const SET_BACK_AFTER_MS = 1_000;

interface ManifestsOptions {
  readonly folder: string;
  readonly store: Store;
  readonly registry: Registry;
  readonly logger: Logger;
  /** Names of the components that must run before: Services need networks, objects namespaces. */
  readonly needs: readonly string[];
}

/** Ready after the first look, whatever was refused; what is refused is logged and tried again. */
export function manifestsComponent(options: ManifestsOptions): Component {
  return {
    name: 'manifests',
    needs: options.needs,
    onFailure: 'restart',
    run: async (signal, ready) => {
      const keeper = new ManifestKeeper(options);
      await keeper.look();
      ready();
      await sideBySide([(over) => keeper.followFiles(over), (over) => keeper.followStore(over)], signal);
    },
  };
}

interface Held {
  readonly resource: Resource;
  readonly namespace: string;
  readonly name: string;
  /** The one that it came from. */
  readonly file: string;
}

const STORED = RESOURCES.filter(
  ({ storedAs, storedMessage }) => storedAs !== undefined && storedMessage === undefined,
);
const PREFIX = 'manifests/';

class ManifestKeeper {
  readonly #options: ManifestsOptions;
  readonly #files: ManifestFiles;
  readonly #writer: ManifestWriter;
  /** What came from files and is there, by its key. */
  readonly #held = new Map<string, Held>();
  readonly #missedAtMs = new Map<string, number>();
  #folders: readonly string[] = [];
  #told = '';
  #looking: Promise<void> = Promise.resolve();

  constructor(options: ManifestsOptions) {
    const { store, registry, folder } = options;
    this.#options = options;
    this.#files = new ManifestFiles(folder);
    this.#writer = new ManifestWriter(registry, store, Date.now);
    for (const resource of STORED) {
      for (const stored of store.list(resource.storedAs ?? '')) this.#findHeld(resource, stored);
    }
  }

  /** One after the other. @param isNeeded although the files are as before */
  look(isNeeded = true): Promise<void> {
    this.#looking = this.#looking.then(() => this.#look(isNeeded));
    return this.#looking;
  }

  async followFiles(signal: AbortSignal): Promise<void> {
    const { logger } = this.#options;
    const watcher = new FolderWatcher((folder, reason) =>
      logger.verbose(2, { folder, err: reason }, 'folder can not be watched; it is looked at now and again'),
    );
    try {
      while (!signal.aborted) {
        await watcher.follow(this.#folders);
        await this.look(false);
        await watcher.next(this.#missedAtMs.size > 0 ? REMOVAL_DELAY_MS : LOOK_EVERY_MS, signal);
      }
    } finally {
      watcher.close();
    }
  }

  /** What somebody changes is set back. */
  async followStore(signal: AbortSignal): Promise<void> {
    const reader = this.#options.store.reader(STORED.map(({ storedAs = '' }) => storedAs));
    try {
      reader.take();
      while (!signal.aborted) {
        await reader.changed(signal);
        const isConcerned = reader.take().some(({ before, after }) => {
          const { resource = '', namespace = '', name = '' } = after ?? before ?? {};
          return this.#held.has(`${resource}/${namespace}/${name}`);
        });
        if (!isConcerned) continue;
        await pause(SET_BACK_AFTER_MS, signal);
        if (!signal.aborted) await this.look();
      }
    } finally {
      reader.close();
    }
  }

  async #look(isNeeded: boolean): Promise<void> {
    const contents = await this.#files.look();
    this.#folders = contents.folders;
    const isWell = this.#told === '' && this.#missedAtMs.size === 0;
    if (contents.isAsBefore && isWell && !isNeeded) return;
    const faults = [
      ...contents.faults,
      ...(await this.#writeAll(contents)),
      ...(await this.#removeGone(contents)),
    ];
    this.#tell(faults);
  }

  /** Namespaces and Nodes first: others are in them, or on them. Returns what was refused. */
  async #writeAll({ wanted }: FolderContents): Promise<readonly string[]> {
    const faults: string[] = [];
    const rank = (kind: string) => ['Namespace', 'Node'].indexOf(kind) + 1 || 3;
    const ordered = [...wanted].sort(([, a], [, b]) => rank(a.object.kind) - rank(b.object.kind));
    for (const [key, manifest] of ordered) {
      const { resource, file, place } = manifest;
      try {
        await this.#writer.write(manifest);
        const [, namespace = '', name = ''] = key.split('/');
        this.#held.set(key, { resource, namespace, name, file });
      } catch (error) {
        if (!(error instanceof StatusError)) throw error;
        faults.push(`${place}: ${error.message}`);
      }
    }
    return faults;
  }

  async #removeGone({ wanted, unclear }: FolderContents): Promise<readonly string[]> {
    const faults: string[] = [];
    const nowMs = performance.now();
    for (const [key, held] of this.#held) {
      if (wanted.has(key) || unclear === undefined || unclear.has(held.file)) {
        this.#missedAtMs.delete(key);
        continue;
      }
      const sinceMs = this.#missedAtMs.get(key) ?? nowMs;
      this.#missedAtMs.set(key, sinceMs);
      if (nowMs - sinceMs < REMOVAL_DELAY_MS) continue;
      const fault = await this.#remove(held);
      if (fault !== undefined) {
        faults.push(fault);
        continue;
      }
      this.#missedAtMs.delete(key);
      this.#held.delete(key);
    }
    return faults;
  }

  /** Unless somebody else has taken it over. */
  async #remove({ resource, namespace, name, file }: Held): Promise<string | undefined> {
    const { store, registry } = this.#options;
    const stored = store.get(resource.storedAs ?? '', namespace, name);
    if (stored === undefined || sourceOf(stored) !== file) return undefined;
    try {
      // Nothing runs here that would have to end.
      await registry.delete(resource, namespace, name, { gracePeriodSeconds: 0 });
      return undefined;
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      return error.refusal.reason === 'NotFound' ? undefined : `${file}: ${error.message}`;
    }
  }

  #findHeld(resource: Resource, stored: StoredObject): void {
    const { namespace, name } = stored;
    const file = sourceOf(stored);
    if (file === undefined) return;
    this.#held.set(`${stored.resource}/${namespace}/${name}`, { resource, namespace, name, file });
  }

  /** Once, until it is something else. */
  #tell(faults: readonly string[]): void {
    const { logger } = this.#options;
    const told = faults.join('\n');
    if (told === this.#told) return;
    this.#told = told;
    for (const fault of firstLines(faults)) logger.error({}, fault);
    if (faults.length === 0)
      logger.info({}, 'all objects of the manifests are as their files have them again');
  }
}

/** The file of the manifests that an object came from. */
function sourceOf(stored: StoredObject): string | undefined {
  if (!stored.bytes.includes(SOURCE)) return undefined;
  const source = parseStored(stored).metadata.annotations?.[SOURCE];
  return source?.startsWith(PREFIX) === true ? source.slice(PREFIX.length) : undefined;
}
