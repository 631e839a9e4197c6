/** What the store and the thread that writes its file say to each other. */
import type { FileBatch, FileRow, WriterOptions } from './file-writer.ts';
import { keyOf } from './objects.ts';
import type { StoreEvent } from './store.ts';

export type ThreadData = WriterOptions;

export type Question =
  | { readonly write: EncodedBatch }
  /** With the last revision that is to be in the file. */
  | { readonly probe: number }
  | { readonly compact: number }
  | { readonly close: number };

export interface ThreadRequest {
  readonly id: number;
  readonly question: Question;
}

/** Every request has one. */
export interface ThreadAnswer {
  readonly id: number;
  readonly failure: string | undefined;
  /** Of a compaction: there is more to do. */
  readonly isMore: boolean;
}

/** All values as one block, which is handed over instead of copied. */
interface EncodedBatch {
  readonly rows: readonly {
    readonly revision: number;
    readonly key: string;
    readonly length: number | undefined;
  }[];
  readonly bytes: ArrayBuffer;
  readonly base: number;
  readonly reserve: number | undefined;
}

export function encodeBatch(
  events: readonly StoreEvent[],
  base: number,
  reserve: number | undefined,
): EncodedBatch {
  const kept = events.map((event) => (event.type === 'DELETED' ? undefined : event.object.bytes));
  const bytes = new Uint8Array(kept.reduce((sum, value) => sum + (value?.length ?? 0), 0));
  let at = 0;
  for (const value of kept) {
    if (value === undefined) continue;
    bytes.set(value, at);
    at += value.length;
  }
  const rows = events.map(({ revision, object }, index) => {
    return { revision, key: keyOf(object), length: kept[index]?.length };
  });
  return { rows, bytes: bytes.buffer, base, reserve };
}

export function decodeBatch({ rows, bytes, base, reserve }: EncodedBatch): FileBatch {
  let at = 0;
  const decoded: FileRow[] = rows.map(({ revision, key, length }) => {
    const value = length === undefined ? undefined : new Uint8Array(bytes, at, length);
    at += length ?? 0;
    return { revision, key, value };
  });
  return { rows: decoded, base, reserve };
}
