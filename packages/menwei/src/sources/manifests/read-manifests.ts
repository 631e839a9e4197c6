import type { Problem, WatchedObject } from '../../kubernetes/objects.ts';
import { DEFAULT_NODE_PORT_RANGE, type PortRange } from './allocation.ts';
import { type ManifestError, type ManifestFile, readManifestFile, unreadableFile } from './manifest-file.ts';
import { describeFileError, listManifests, readManifest, requirePaths } from './manifest-paths.ts';
import { decide } from './precedence.ts';

export interface Manifests {
  /** In the order of the files. */
  readonly objects: readonly WatchedObject[];
  /** What is wrong with single objects; those that can't be used are not among `objects`. */
  readonly problems: readonly Problem[];
  /** What is wrong with whole files or documents. */
  readonly errors: readonly ManifestError[];
  /** What is odd, though it can be used as it is. */
  readonly warnings: readonly ManifestError[];
  /** `v1 ConfigMap`: kinds that were passed over. */
  readonly ignoredKinds: readonly string[];
}

interface ReadOptions {
  /** Where the NodePorts of Services must lie. */
  readonly nodePortRange?: PortRange;
}

/** Reads files and folders once. Rejects only when a path does not exist or can't be looked into. */
export async function readManifests(paths: readonly string[], options: ReadOptions = {}): Promise<Manifests> {
  await requirePaths(paths);
  const { files, named } = await listManifests(paths);
  const contents = new Map<string, ManifestFile>();
  for (const file of files) {
    const content = await readFileContent(
      file,
      named.has(file),
      options.nodePortRange ?? DEFAULT_NODE_PORT_RANGE,
    );
    if (content !== undefined) contents.set(file, content);
  }
  const { held, problems } = decide(contents, new Map());
  const all = [...contents.values()];
  return {
    objects: [...held.values()].map(({ object }) => object),
    problems: [...all.flatMap((content) => content.problems), ...problems],
    errors: all.flatMap((content) => content.errors),
    warnings: all.flatMap((content) => content.warnings),
    ignoredKinds: [...new Set(all.flatMap((content) => [...content.ignoredKinds]))],
  };
}

async function readFileContent(
  file: string,
  isNamed: boolean,
  nodePorts: PortRange,
): Promise<ManifestFile | undefined> {
  try {
    const read = await readManifest(file, { isNamed });
    if (read === undefined || read === 'unchanged') return undefined;
    return readManifestFile(file, read.text, nodePorts);
  } catch (error) {
    return unreadableFile(file, describeFileError(error));
  }
}
