/** What differs between what the proxy said of its service ports and what it says now. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { type DeletedRow, rowKey, type StatusRow } from './status-row.ts';
import { sortRows, type TableRow } from './status-table.ts';

export class StatusChanges {
  #rows = new Map<string, StatusRow>();

  /** All rows that there are now: those that came, changed or went since the last call, by Service. */
  list(rows: readonly StatusRow[]): readonly TableRow[] {
    const before = this.#rows;
    this.#rows = new Map(rows.map((row) => [rowKey(row), row]));
    const changed = sortRows(rows).filter((row) => !isSame(before.get(rowKey(row)), row));
    const gone = Array.from(before.values()).filter((row) => !this.#rows.has(rowKey(row)));
    return [...changed, ...sortRows(gone).map(deleted)];
  }

  /** One row that came or changed, or is gone; undefined: there is nothing new in it. */
  put(row: StatusRow | DeletedRow): TableRow | undefined {
    const key = rowKey(row);
    const before = this.#rows.get(key);
    if (row.state === 'deleted') {
      this.#rows.delete(key);
      return before && deleted(before);
    }
    this.#rows.set(key, row);
    return isSame(before, row) ? undefined : row;
  }
}

/** That a state was reached anew, as after a restart of the proxy, is no change if nothing else is. */
function isSame(before: StatusRow | undefined, row: StatusRow): boolean {
  return before !== undefined && isDeepStrictEqual({ ...before, sinceMs: row.sinceMs }, row);
}

function deleted(row: StatusRow): TableRow {
  return { ...row, state: 'deleted' };
}
