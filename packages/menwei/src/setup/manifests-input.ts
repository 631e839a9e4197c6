/** Manifests, and the NodePort range of `render`, as the command line gives them. */

import { parseNodePortRange } from '../config/node-flags.ts';
import { formatProblem } from '../kubernetes/objects.ts';
import { firstLines } from '../log/first-lines.ts';
import { DEFAULT_NODE_PORT_RANGE, type PortRange } from '../sources/manifests/allocation.ts';
import { formatManifestError } from '../sources/manifests/manifest-file.ts';
import { requirePaths } from '../sources/manifests/manifest-paths.ts';
import { type Manifests, readManifests } from '../sources/manifests/read-manifests.ts';
import { UserError } from './failure.ts';

/** As parseNodePortRange, or the user's mistake. Undefined: that of a kube-apiserver that is told nothing. */
export function readNodePortRangeOrFail(text: string | undefined): PortRange {
  const range = text === undefined ? DEFAULT_NODE_PORT_RANGE : parseNodePortRange(text);
  if (range !== undefined) return range;
  throw new UserError(`--service-node-port-range: ${text} is not a range of ports such as 30000-32767`, 2);
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
  nodePortRange: PortRange = DEFAULT_NODE_PORT_RANGE,
): Promise<Manifests> {
  try {
    const manifests = await readManifests(paths, { nodePortRange });
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
