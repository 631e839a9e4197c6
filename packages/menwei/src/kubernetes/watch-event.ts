/** One line of a watch, checked as far as the reflector needs it; the object itself is the decoder's business. */
import { ApiError, isRecord, statusError } from './api-error.ts';

type WatchEvent =
  | {
      readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
      readonly object: unknown;
      readonly identity: ItemIdentity;
    }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

/** Which object it is and which version of it, as far as the reflector has to know. */
export interface ItemIdentity {
  readonly namespace: string;
  readonly name: string;
  readonly resourceVersion: string;
}

/**
 * Reads a line of a watch of `path`.
 * @throws ApiError for an ERROR event (`gone` when the resource version is too old) and for a line that is no event
 */
export function parseWatchEvent(line: string, path: string): WatchEvent {
  const event = parseItem(line, path);
  if (isRecord(event)) {
    const { type, object } = event;
    if (type === 'ERROR') {
      const code = isRecord(object) ? Number(object.code) : Number.NaN;
      throw statusError(`watch of ${path}`, Number.isFinite(code) ? code : 500, object, 0);
    }
    if (type === 'BOOKMARK' && isRecord(object) && isRecord(object.metadata)) {
      return { type, resourceVersion: String(object.metadata.resourceVersion ?? '') };
    }
    if (type === 'ADDED' || type === 'MODIFIED' || type === 'DELETED') {
      const identity = itemIdentity(object);
      if (identity !== undefined) return { type, object, identity };
    }
  }
  // A list tells what that was about.
  throw new ApiError('invalid-answer', `watch of ${path}: a line is not an event`);
}

/** The name and version of an object in a list or event; undefined when it has no name. */
export function itemIdentity(object: unknown): ItemIdentity | undefined {
  const metadata = isRecord(object) && isRecord(object.metadata) ? object.metadata : {};
  const { namespace = '', name, resourceVersion = '' } = metadata;
  if (typeof name !== 'string' || name === '' || typeof namespace !== 'string') return undefined;
  return { namespace, name, resourceVersion: typeof resourceVersion === 'string' ? resourceVersion : '' };
}

/** What the object says that it is; undefined when it says nothing, as the items of a list do. */
export function statedKind(object: unknown): unknown {
  return isRecord(object) ? (object.kind ?? undefined) : undefined;
}

/** @throws ApiError */
export function parseItem(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ApiError('invalid-answer', `${path}: the answer is not valid JSON`, { cause });
  }
}
