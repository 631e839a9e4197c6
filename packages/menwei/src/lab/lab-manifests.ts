/** Objects of files, which a lab puts into its cluster when it comes up; from then on they are kubectl's. */
import {
  type ManifestObject,
  namespaceOf,
  readManifestObjects,
} from '../cluster/manifests/manifest-objects.ts';
import type { Registry } from '../cluster/registry/registry.ts';
import { StatusError } from '../cluster/schema/status-error.ts';
import { UserError } from '../setup/failure.ts';
import { requireManifestsOrFail } from '../setup/manifests-input.ts';
import { describeFileError, listManifests, readManifest } from '../sources/manifests/manifest-paths.ts';

export type LabManifest = ManifestObject;

/** @throws UserError with a line for each mistake: nothing is left out */
export async function readLabManifests(path: string): Promise<readonly LabManifest[]> {
  await requireManifestsOrFail([path]);
  const { files, named } = await listManifests([path]);
  const faults: string[] = [];
  const manifests: LabManifest[] = [];
  for (const file of files) {
    const reading = readManifestObjects(file, await readText(file, named.has(file)));
    manifests.push(...reading.objects);
    faults.push(...reading.faults);
  }
  if (faults.length > 0) throw new UserError(faults);
  return manifests;
}

/**
 * Creates the objects, Namespaces first, or makes those that are there equal to them.
 *
 * @throws UserError with a line for each that is refused; the others are there
 */
export async function putManifests(registry: Registry, manifests: readonly LabManifest[]): Promise<void> {
  const faults: string[] = [];
  const ordered = Map.groupBy(manifests, ({ object }) => object.kind === 'Namespace');
  for (const manifest of [...(ordered.get(true) ?? []), ...(ordered.get(false) ?? [])]) {
    try {
      await put(registry, manifest);
    } catch (error) {
      if (!(error instanceof StatusError)) throw error;
      faults.push(`${manifest.place}: ${error.message}`);
    }
  }
  if (faults.length > 0) throw new UserError(faults);
}

async function readText(file: string, isNamed: boolean): Promise<string> {
  try {
    const read = await readManifest(file, { isNamed });
    return read === undefined || read === 'unchanged' ? '' : read.text;
  } catch (error) {
    throw new UserError(`${file}: ${describeFileError(error)}`);
  }
}

async function put(registry: Registry, { resource, object }: LabManifest): Promise<void> {
  const { name = '' } = object.metadata;
  const namespace = namespaceOf(resource, object.metadata);
  try {
    await registry.create(resource, namespace, object);
  } catch (error) {
    if (!(error instanceof StatusError && error.refusal.reason === 'AlreadyExists')) throw error;
    await registry.update(resource, namespace, name, object);
  }
  // As of a load balancer, which the lab has not: what is written down stands for what would be reported.
  if (!('status' in object) || !resource.subresources.includes('status')) return;
  const { status } = object;
  await registry.change(resource, namespace, name, (current) => ({ ...current, status }), {
    subresource: 'status',
  });
}
