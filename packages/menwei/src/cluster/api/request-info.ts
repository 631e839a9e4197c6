/** What a request is about, by its method, path and query alone, whether or not there is such a resource (cluster § 5). Pure. */
import { decodePath } from '../../http/answer.ts';

/** `/api/v1/…`, `/apis/<group>/<version>/…` */
export interface ResourceRequest {
  /** `get list watch create update patch delete deletecollection` */
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  /** Plural, as the path has it. */
  readonly resource: string;
  /** Empty for what is cluster-wide, and for all namespaces; of a Namespace its own name. */
  readonly namespace: string;
  /** Empty for a collection. */
  readonly name: string;
  /** Empty for the object itself. */
  readonly subresource: string;
  /** What else follows in the path. */
  readonly rest: readonly string[];
}

/** A path that is no object. */
interface PathRequest {
  /** The method in lower case. */
  readonly verb: string;
  readonly path: string;
}

/** With the path, undecoded, and the query of the request. */
export type ParsedRequest = (ResourceRequest | PathRequest) & {
  readonly path: string;
  readonly query: URLSearchParams;
};

/** What comes after `namespaces/<name>/` and is no resource within. */
const NAMESPACE_SUBRESOURCES: readonly string[] = ['finalize', 'status'];

/** @param url path and query, undecoded */
export function parseRequest(method: string, url: string): ParsedRequest {
  const [, path = '/', search = ''] = /^(?:https?:\/\/[^/?]*)?([^?]*)\??(.*)$/is.exec(url) ?? [];
  const query = new URLSearchParams(search);
  const segments = path
    .split('/')
    .filter((segment) => segment !== '')
    .map(decodePath);
  return { ...(parseResource(method, segments, query) ?? { verb: method.toLowerCase() }), path, query };
}

function parseResource(
  method: string,
  segments: readonly string[],
  query: URLSearchParams,
): ResourceRequest | undefined {
  const group = segments[0] === 'apis' ? segments[1] : '';
  const [version, ...rest] = segments.slice(segments[0] === 'apis' ? 2 : 1);
  if (group === undefined || version === undefined || (segments[0] !== 'api' && segments[0] !== 'apis'))
    return undefined;
  const isWatchPath = rest[0] === 'watch';
  const within = isWatchPath ? rest.slice(1) : rest;
  const [resource, name = '', subresource = '', ...more] = ofNamespace(within) ?? within;
  if (resource === undefined) return undefined;
  const namespace = within[0] === 'namespaces' ? (within[1] ?? '') : '';
  const verb = isWatchPath ? 'watch' : verbOf(method, name, query);
  return { verb, group, version, resource, namespace, name, subresource, rest: more };
}

/** The segments from the resource on, if they are within a namespace. */
function ofNamespace(segments: readonly string[]): readonly string[] | undefined {
  const [first, , inner] = segments;
  if (first !== 'namespaces' || inner === undefined || NAMESPACE_SUBRESOURCES.includes(inner))
    return undefined;
  return segments.slice(2);
}

function verbOf(method: string, name: string, query: URLSearchParams): string {
  switch (method) {
    case 'GET':
    case 'HEAD':
      if (name !== '') return 'get';
      return isTrue(query.get('watch')) ? 'watch' : 'list';
    case 'POST':
      return 'create';
    case 'PUT':
      return 'update';
    case 'DELETE':
      return name === '' ? 'deletecollection' : 'delete';
    default:
      return method.toLowerCase();
  }
}

/** As the reference reads booleans in a query: all but these two are true, also nothing. */
export function isTrue(value: string | null): boolean {
  return value !== null && value !== '0' && value.toLowerCase() !== 'false';
}
