/** What watchers are told: one change as one line, made once for all that read it in the same form (cluster § 6.2). */
import { apiVersionOf } from '../schema/object.ts';
import type { StoredObject, StoreEvent } from '../store/store.ts';
import { parseStored } from '../store/stored-object.ts';
import { type Encoding, encodeObject, metaVersion, tableOf } from './encoding.ts';
import type { Selection } from './selection.ts';

type WatchType = 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';

/** What one watcher is told of one object. */
export interface Notice {
  readonly type: WatchType;
  readonly object: StoredObject;
}

/** Undefined: the selection has nothing to do with it, neither before nor since. */
export function noticeOf(event: StoreEvent, selection: Selection): Notice | undefined {
  const { type, object, old } = event;
  const isIn = type !== 'DELETED' && selection.matches(object);
  // What a deletion tells is the object as it was.
  const was = type === 'DELETED' ? object : old;
  const wasIn = was !== undefined && selection.matches(was);
  if (isIn) return { type: wasIn ? 'MODIFIED' : 'ADDED', object };
  if (!wasIn || was === undefined) return undefined;
  return { type: 'DELETED', object: type === 'DELETED' ? object : atRevision(was, event.revision) };
}

/** An object that left the set as it was when it was in it, with the revision of its leaving. */
function atRevision(stored: StoredObject, revision: number): StoredObject {
  const object = parseStored(stored);
  const metadata = { ...object.metadata, resourceVersion: String(revision) };
  return { ...stored, revision, bytes: Buffer.from(JSON.stringify({ ...object, metadata })) };
}

/** The lines of one change, each made when the first watcher wants it. */
export class EventLines {
  readonly #lines = new Map<string, Buffer>();

  /** @param isFirst the watcher has not seen the columns of a Table yet */
  line(encoding: Encoding, notice: Notice, isFirst: boolean): Buffer {
    const key = `${encodingKey(encoding)} ${notice.type} ${isFirst && encoding.form.as === 'Table'}`;
    const known = this.#lines.get(key);
    if (known !== undefined) return known;
    const line = Buffer.concat(lineParts(encoding, notice, isFirst));
    this.#lines.set(key, line);
    return line;
  }
}

/** One line, which nobody else reads: what is at hand is not copied. */
export function lineParts(encoding: Encoding, { type, object }: Notice, isFirst: boolean): readonly Buffer[] {
  return [LINE_START[type], encodeForm(encoding, object, isFirst), LINE_END];
}

function encodeForm(encoding: Encoding, object: StoredObject, isFirst: boolean): Buffer {
  if (encoding.form.as !== 'Table') return encodeObject(encoding, object);
  const table = isFirst
    ? tableOf(encoding, [object], object.revision)
    : tableOf(encoding, [object], object.revision, null);
  return Buffer.from(JSON.stringify(table));
}

/** Nothing happened; all up to the revision is told. @param isInitialEnd all that there was at the beginning is told */
export function encodeBookmark(encoding: Encoding, revision: number, isInitialEnd: boolean): Buffer {
  const { form, resource } = encoding;
  const metadata = {
    resourceVersion: String(revision),
    ...(isInitialEnd ? { annotations: { 'k8s.io/initial-events-end': 'true' } } : {}),
  };
  const [kind, apiVersion] =
    form.as === 'Object' ? [resource.kind, apiVersionOf(resource)] : [form.as, metaVersion(form)];
  const rows = form.as === 'Table' ? { columnDefinitions: null, rows: [] } : {};
  return encodeLine('BOOKMARK', Buffer.from(JSON.stringify({ kind, apiVersion, metadata, ...rows })));
}

/** @param object as JSON */
export function encodeLine(type: WatchType, object: Buffer): Buffer {
  return Buffer.concat([LINE_START[type], object, LINE_END]);
}

const LINE_START: Readonly<Record<WatchType, Buffer>> = {
  ADDED: lineStart('ADDED'),
  MODIFIED: lineStart('MODIFIED'),
  DELETED: lineStart('DELETED'),
  BOOKMARK: lineStart('BOOKMARK'),
  ERROR: lineStart('ERROR'),
};
const LINE_END = Buffer.from('}\n');

function lineStart(type: WatchType): Buffer {
  return Buffer.from(`{"type":"${type}","object":`);
}

/** Watchers with the same key get the same bytes, but for ages in rows, which are those of the first. */
function encodingKey({ resource, form, includeObject }: Encoding): string {
  return `${resource.group} ${form.as} ${form.version} ${form.as === 'Table' ? includeObject : ''}`;
}
