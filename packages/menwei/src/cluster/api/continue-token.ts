/** Where a list that comes in pages goes on (cluster § 6.1). Pure. */
import { badRequest } from '../schema/status-error.ts';

/** Where an object stands in the order of a list. */
export interface Place {
  readonly namespace: string;
  readonly name: string;
}

export interface ContinueToken {
  /** The state that the pages are of; -1: whatever it is now. */
  readonly revision: number;
  /** The last object that was given. */
  readonly after: Place;
}

const VERSION = 'meta.k8s.io/v1';

/** @param isWithinNamespace the list is of one namespace, which the token does not name then */
export function encodeToken({ revision, after }: ContinueToken, isWithinNamespace: boolean): string {
  const key = isWithinNamespace || after.namespace === '' ? after.name : `${after.namespace}/${after.name}`;
  const start = `${revision === -1 ? '' : '/'}${key}\0`;
  return Buffer.from(JSON.stringify({ v: VERSION, rv: revision, start })).toString('base64url');
}

/**
 * @param namespace that the list is of, empty for all
 * @throws StatusError 400
 */
export function decodeToken(token: string, namespace: string): ContinueToken {
  const { v, rv, start } = parseToken(token);
  if (v !== VERSION) throw invalid(`server does not recognize this encoded version ${JSON.stringify(v)}`);
  if (typeof rv !== 'number' || !Number.isSafeInteger(rv) || rv === 0 || rv < -1)
    throw invalid(`incorrect encoded start resourceVersion (version ${VERSION})`);
  if (typeof start !== 'string' || start === '') throw invalid(`empty start key (version ${VERSION})`);
  const key = start.replace(/^\//, '').replace(/\0$/, '');
  const slash = key.indexOf('/');
  if (key.startsWith('../') || key.includes('/../')) throw invalid('invalid start key');
  if (slash === -1) return { revision: rv, after: { namespace, name: key } };
  return { revision: rv, after: { namespace: key.slice(0, slash), name: key.slice(slash + 1) } };
}

function parseToken(token: string): {
  readonly v?: unknown;
  readonly rv?: unknown;
  readonly start?: unknown;
} {
  const illegal = /[^A-Za-z0-9_-]/.exec(token.replace(/=+$/, ''));
  if (illegal !== null) throw invalid(`illegal base64 data at input byte ${illegal.index}`);
  const text = Buffer.from(token, 'base64url').toString();
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    throw invalid(describeGarbage(Buffer.from(token, 'base64url')));
  }
}

/** In the words of Go's decoder, which looks at bytes. */
function describeGarbage(bytes: Buffer): string {
  const first = bytes[0];
  if (first === undefined || first === 0x7b) return 'unexpected end of JSON input';
  return `invalid character '${String.fromCharCode(first)}' looking for beginning of value`;
}

function invalid(why: string): Error {
  return badRequest(`invalid continue token: continue key is not valid: ${why}`);
}
