/**
 * From the JSON of the Kubernetes API (or of a file) to the objects of objects.ts. Nothing here trusts its input and
 * nothing throws: what comes back is an object, or the problems that stand against it, or both.
 */
import { decodeEndpointSlice } from './decode-endpoint-slice.ts';
import { decodeNode } from './decode-node.ts';
import { type Decoded, isFields } from './decode-reader.ts';
import { decodeService } from './decode-service.ts';
import type { ObjectRef, WatchedObject } from './objects.ts';

export { type Decoded, decodeEndpointSlice, decodeNode, decodeService };

/** The kind of a JSON object by its `apiVersion` and `kind`; undefined when it is none the proxy reads. */
export function watchedKindOf(value: unknown): ObjectRef['kind'] | undefined {
  if (!isFields<{ apiVersion: string; kind: string }>(value)) return undefined;
  const { apiVersion, kind } = value;
  if (apiVersion === 'v1' && (kind === 'Service' || kind === 'Node')) return kind;
  return apiVersion === 'discovery.k8s.io/v1' && kind === 'EndpointSlice' ? kind : undefined;
}

/** Decodes by `apiVersion` and `kind`. A kind the proxy does not read gives neither an object nor a problem. */
export function decodeObject(value: unknown): Decoded<WatchedObject> {
  switch (watchedKindOf(value)) {
    case 'Service':
      return decodeService(value);
    case 'EndpointSlice':
      return decodeEndpointSlice(value);
    case 'Node':
      return decodeNode(value);
    case undefined:
      return { object: undefined, problems: [] };
  }
}
