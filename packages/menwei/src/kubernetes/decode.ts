/**
 * From the JSON of the Kubernetes API (or of a file) to the objects of objects.ts. Nothing here trusts its input and
 * nothing throws: what comes back is an object, or the problems that stand against it, or both.
 */
import { decodeEndpointSlice } from './decode-endpoint-slice.ts';
import { decodeNode } from './decode-node.ts';
import { type Decoded, isFields } from './decode-reader.ts';
import { decodeService } from './decode-service.ts';
import { decodeServiceCIDR } from './decode-service-cidr.ts';
import type { ObjectRef, WatchedObject } from './objects.ts';

export { type Decoded, decodeEndpointSlice, decodeNode, decodeService, decodeServiceCIDR };

/** What `decode` gives; if it throws, which would be a mistake of this program, that costs this one object. */
export function decodeOrReport<T>(object: ObjectRef, decode: () => Decoded<T>): Decoded<T> {
  try {
    return decode();
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    return { object: undefined, problems: [{ object, field: '', message: `BUG: not decoded: ${cause}` }] };
  }
}

/** The kind of a JSON object by its `apiVersion` and `kind`; undefined when it is none the proxy reads. */
export function watchedKindOf(value: unknown): ObjectRef['kind'] | undefined {
  if (!isFields<{ apiVersion: string; kind: string }>(value)) return undefined;
  const { apiVersion, kind } = value;
  const isNamed = typeof apiVersion === 'string' && typeof kind === 'string';
  return isNamed ? WATCHED_KINDS.get(`${apiVersion} ${kind}`) : undefined;
}

const WATCHED_KINDS: ReadonlyMap<string, ObjectRef['kind']> = new Map([
  ['v1 Service', 'Service'],
  ['v1 Node', 'Node'],
  ['discovery.k8s.io/v1 EndpointSlice', 'EndpointSlice'],
  ['networking.k8s.io/v1 ServiceCIDR', 'ServiceCIDR'],
  // As served before 1.33, with the same fields.
  ['networking.k8s.io/v1beta1 ServiceCIDR', 'ServiceCIDR'],
]);

/** Decodes by `apiVersion` and `kind`. A kind the proxy does not read gives neither an object nor a problem. */
export function decodeObject(value: unknown): Decoded<WatchedObject> {
  switch (watchedKindOf(value)) {
    case 'Service':
      return decodeService(value);
    case 'EndpointSlice':
      return decodeEndpointSlice(value);
    case 'Node':
      return decodeNode(value);
    case 'ServiceCIDR':
      return decodeServiceCIDR(value);
    default:
      return { object: undefined, problems: [] };
  }
}
