/** Manifest paths and the NodePort range as the command line gives them. */

import { formatProblem } from '../kubernetes/objects.ts';
import { firstLines } from '../log/first-lines.ts';
import { DEFAULT_NODE_PORT_RANGE, type PortRange } from '../sources/manifests/allocation.ts';
import { formatManifestError } from '../sources/manifests/manifest-file.ts';
import { requirePaths } from '../sources/manifests/manifest-paths.ts';
import { type Manifests, readManifests } from '../sources/manifests/read-manifests.ts';
import { UserError } from './failure.ts';

/** `30000-32767`, as kube-apiserver's flag of the same name. */
export function parseNodePortRange(text: string | undefined): PortRange {
  if (text === undefined) return DEFAULT_NODE_PORT_RANGE;
  const match = /^(\d{1,5})-(\d{1,5})$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2])];
  if (match === null || first < 1 || last > 65_535 || first > last) {
    throw new UserError(`--service-node-port-range: ${text} is not a range of ports such as 30000-32767`, 2);
  }
  return { first, last };
}

/** A path that isn't there is a slip of the pen, told before anything else is done. */
export async function requireManifestsOrFail(paths: readonly string[]): Promise<void> {
  try {
    await requirePaths(paths);
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error));
  }
}

/** What is odd in them is said on standard error. */
export async function readManifestsOrFail(
  paths: readonly string[],
  nodePortRange: string | undefined,
): Promise<Manifests> {
  const options = { nodePortRange: parseNodePortRange(nodePortRange) };
  try {
    const manifests = await readManifests(paths, options);
    for (const line of firstLines(manifests.warnings.map(formatManifestError))) {
      process.stderr.write(`menwei: ${line}\n`);
    }
    return manifests;
  } catch (error) {
    throw new UserError(error instanceof Error ? error.message : String(error));
  }
}

/** Why the objects are not all that was meant, a line each. Who only looks at them once can't tell a slip from a wish. */
export function describeFaults(
  paths: readonly string[],
  { objects, problems, errors, ignoredKinds }: Manifests,
): readonly string[] {
  const faults = [...errors.map(formatManifestError), ...problems.map(formatProblem)];
  if (faults.length > 0 || objects.some(({ kind }) => kind === 'Service')) return faults;
  const others = ignoredKinds.length === 0 ? '' : ` (of other kinds: ${ignoredKinds.join(', ')})`;
  return [`${paths.join(', ')}: contains no Service${others}`];
}
