/** Objects that stand in files, decoded as the API server decodes what clients send. */
import { parseDocuments, type TextDocument } from '@menwei/yaml/documents.ts';
import { keptShapeOf } from '../kinds/kept-shape.ts';
import type { Resource } from '../kinds/resource.ts';
import { isOfAnotherGroup, keptResource, RESOURCES } from '../kinds/resources.ts';
import { decodeBody } from '../schema/decode-body.ts';
import { enforceFieldValidation } from '../schema/field-validation.ts';
import { type ApiObject, apiVersionOf } from '../schema/object.ts';
import { StatusError } from '../schema/status-error.ts';

export interface ManifestObject {
  /** `services.yaml:12` */
  readonly place: string;
  readonly resource: Resource;
  /** In the shape in which it is kept. */
  readonly object: ApiObject;
}

export interface ManifestReading {
  readonly objects: readonly ManifestObject[];
  /** A line each, that begins with the file. */
  readonly faults: readonly string[];
}

/** All objects of a file; what is wrong with one costs the others nothing. */
export function readManifestObjects(file: string, text: string): ManifestReading {
  const readings = parseDocuments(text).map((document) => readDocument(file, document));
  return {
    objects: readings.flatMap(({ objects }) => objects),
    faults: readings.flatMap(({ faults }) => faults),
  };
}

function readDocument(file: string, { value, line, error, repeated }: TextDocument): ManifestReading {
  const place = line === undefined ? file : `${file}:${line}`;
  const [twice] = repeated;
  if (error !== undefined) return { objects: [], faults: [`${file}:${error.line ?? 1}: ${error.message}`] };
  if (twice !== undefined) {
    return { objects: [], faults: [`${file}:${twice.line}: ${twice.field} stands there twice`] };
  }
  const objects: ManifestObject[] = [];
  const faults: string[] = [];
  for (const item of value === undefined ? [] : itemsOf(value)) {
    try {
      objects.push({ place, ...decode(item) });
    } catch (refusal) {
      if (!(refusal instanceof StatusError)) throw refusal;
      faults.push(`${place}: ${refusal.message}`);
    }
  }
  return { objects, faults };
}

/** Those of a `List`, or the object itself. */
function itemsOf(value: unknown): readonly unknown[] {
  const { kind, items } = fieldsOf(value);
  return kind === 'List' && Array.isArray(items) ? items : [value];
}

/** @throws StatusError */
function decode(value: unknown): Pick<ManifestObject, 'resource' | 'object'> {
  const { kind, apiVersion } = fieldsOf(value);
  const resource = RESOURCES.find((known) => known.kind === kind && apiVersionOf(known) === apiVersion);
  if (resource?.storedAs === undefined) {
    const message = `the cluster has no kind ${JSON.stringify(kind)} of ${JSON.stringify(apiVersion)}`;
    throw new StatusError({ code: 404, message });
  }
  const { object, faults } = decodeBody(resource, Buffer.from(JSON.stringify(value)), 'json');
  enforceFieldValidation(resource, faults, 'Strict');
  // Of two groups that are alike one counts; an Event has to be as the group demands that its author chose.
  const target = isOfAnotherGroup(resource) ? keptResource(resource) : resource;
  return { resource: target, object: keptShapeOf(resource, object) };
}

/** Where an object is; empty for what is cluster-wide. */
export function namespaceOf(
  { isNamespaced }: Resource,
  { namespace = 'default' }: { readonly namespace?: string },
): string {
  return isNamespaced ? namespace : '';
}

function fieldsOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}
