/** Objects of files, which a lab puts into its cluster when it comes up; from then on they are kubectl's. */
import { parseDocuments, type TextDocument } from '@menwei/yaml/documents.ts';
import { apiVersionOf, type Resource } from '../cluster/kinds/resource.ts';
import { RESOURCES } from '../cluster/kinds/resources.ts';
import type { Registry } from '../cluster/registry/registry.ts';
import { decodeBody } from '../cluster/schema/decode-body.ts';
import { enforceFieldValidation } from '../cluster/schema/field-validation.ts';
import type { ApiObject } from '../cluster/schema/object.ts';
import { StatusError } from '../cluster/schema/status-error.ts';
import { UserError } from '../setup/failure.ts';
import { requireManifestsOrFail } from '../setup/manifests-input.ts';
import { describeFileError, listManifests, readManifest } from '../sources/manifests/manifest-paths.ts';
import { DEFAULT_NAMESPACE } from './lab-objects.ts';

export interface LabManifest {
  /** `services.yaml:12` */
  readonly place: string;
  readonly resource: Resource;
  readonly object: ApiObject;
}

/** @throws UserError with a line for each mistake: nothing is left out */
export async function readLabManifests(path: string): Promise<readonly LabManifest[]> {
  await requireManifestsOrFail([path]);
  const { files, named } = await listManifests([path]);
  const faults: string[] = [];
  const manifests: LabManifest[] = [];
  for (const file of files) {
    for (const document of parseDocuments(await readText(file, named.has(file)))) {
      readDocument(file, document, { manifests, faults });
    }
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

interface Reading {
  readonly manifests: LabManifest[];
  readonly faults: string[];
}

function readDocument(file: string, document: TextDocument, { manifests, faults }: Reading): void {
  const { value, line, error, repeated } = document;
  const place = line === undefined ? file : `${file}:${line}`;
  const [twice] = repeated;
  if (error !== undefined) faults.push(`${file}:${error.line ?? 1}: ${error.message}`);
  else if (twice !== undefined) faults.push(`${file}:${twice.line}: ${twice.field} stands there twice`);
  if (error !== undefined || twice !== undefined || value === undefined) return;
  for (const item of itemsOf(value)) {
    try {
      manifests.push({ place, ...decode(item) });
    } catch (refusal) {
      if (!(refusal instanceof StatusError)) throw refusal;
      faults.push(`${place}: ${refusal.message}`);
    }
  }
}

/** Those of a `List`, or the object itself. */
function itemsOf(value: unknown): readonly unknown[] {
  const { kind, items } = fieldsOf(value);
  return kind === 'List' && Array.isArray(items) ? items : [value];
}

/** @throws StatusError */
function decode(value: unknown): Pick<LabManifest, 'resource' | 'object'> {
  const { kind, apiVersion } = fieldsOf(value);
  const resource = RESOURCES.find((known) => known.kind === kind && apiVersionOf(known) === apiVersion);
  if (resource?.storedAs === undefined) {
    const message = `the cluster has no kind ${JSON.stringify(kind)} of ${JSON.stringify(apiVersion)}`;
    throw new StatusError({ code: 404, message });
  }
  const { object, faults } = decodeBody(resource, Buffer.from(JSON.stringify(value)), 'json');
  enforceFieldValidation(resource, faults, 'Strict');
  return { resource, object };
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

async function put(registry: Registry, { resource, object }: LabManifest): Promise<void> {
  const { name = '', namespace: given = DEFAULT_NAMESPACE } = object.metadata;
  const namespace = resource.isNamespaced ? given : '';
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
