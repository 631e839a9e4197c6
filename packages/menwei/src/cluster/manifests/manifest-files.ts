/** What the files of a folder say at one moment. */
import { relative } from 'node:path';
import { describeFileError, listManifests, readManifest } from '../../sources/manifests/manifest-paths.ts';
import {
  type ManifestObject,
  type ManifestReading,
  namespaceOf,
  readManifestObjects,
} from './manifest-objects.ts';

interface KnownFile {
  readonly stamp: string;
  readonly reading: ManifestReading;
}

export interface Wanted extends ManifestObject {
  /** Within the folder. */
  readonly file: string;
}

export interface FolderContents {
  /** By `keyOf`. Of two that are the same object, that of the first file. */
  readonly wanted: ReadonlyMap<string, Wanted>;
  readonly faults: readonly string[];
  /** Within the folder; whatever came from them and is not wanted may still be. Undefined: any file may be such a one. */
  readonly unclear: ReadonlySet<string> | undefined;
  /** Where changes show up. */
  readonly folders: readonly string[];
  /** Nothing was read anew, and all could be read. */
  readonly isAsBefore: boolean;
}

export class ManifestFiles {
  readonly #folder: string;
  #files: ReadonlyMap<string, KnownFile> = new Map();

  constructor(folder: string) {
    this.#folder = folder;
  }

  async look(): Promise<FolderContents> {
    const { files, lost, folders } = await listManifests([this.#folder], new Set([this.#folder]));
    const faults = Array.from(lost, ([path, reason]) => `${path}: ${reason}`);
    const unclear = new Set<string>();
    const known = new Map<string, KnownFile>();
    const before = this.#files;
    for (const path of files) {
      const former = this.#files.get(path);
      try {
        const read = await readManifest(path, { known: former?.stamp || undefined, isNamed: false });
        if (read === undefined) continue;
        if (read !== 'unchanged') {
          known.set(path, { stamp: read.stamp, reading: readManifestObjects(path, read.text) });
        } else if (former !== undefined) known.set(path, former);
      } catch (error) {
        faults.push(`${path}: ${describeFileError(error)}`);
        unclear.add(this.#nameOf(path));
        if (former !== undefined) known.set(path, { ...former, stamp: '' });
      }
    }
    if (lost.size > 0) {
      return { wanted: this.#wanted(), faults, unclear: undefined, folders, isAsBefore: false };
    }
    this.#files = known;
    for (const [path, { reading }] of known) {
      faults.push(...reading.faults);
      if (reading.faults.length > 0) unclear.add(this.#nameOf(path));
    }
    const isSame = ([path, file]: readonly [string, KnownFile]) => before.get(path) === file;
    const isAsBefore = faults.length === 0 && known.size === before.size && [...known].every(isSame);
    return { wanted: this.#wanted(), faults, unclear, folders, isAsBefore };
  }

  #wanted(): ReadonlyMap<string, Wanted> {
    const wanted = new Map<string, Wanted>();
    for (const [path, { reading }] of this.#files) {
      for (const object of reading.objects) {
        const key = keyOf(object);
        if (!wanted.has(key)) wanted.set(key, { ...object, file: this.#nameOf(path) });
      }
    }
    return wanted;
  }

  #nameOf(path: string): string {
    return relative(this.#folder, path);
  }
}

/** `services/default/web` */
function keyOf({ resource, object: { metadata } }: ManifestObject): string {
  return `${resource.storedAs}/${namespaceOf(resource, metadata)}/${metadata.name ?? ''}`;
}
