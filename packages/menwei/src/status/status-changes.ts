/** What differs between what `/status` said and what it says now. Pure. */
import { isDeepStrictEqual } from 'node:util';
import { rowKey, type StatusRow } from './status-row.ts';
import { sortRows, type TableRow } from './status-table.ts';

export class StatusChanges {
  #rows: ReadonlyMap<string, StatusRow> = new Map();

  /**
   * The rows that came, changed or went since the last call, in the order of the Services. That a state is new although
   * nothing else is (a proxy was started anew) is no change.
   */
  take(rows: readonly StatusRow[]): readonly TableRow[] {
    const before = this.#rows;
    const now = new Map(rows.map((row) => [rowKey(row), row]));
    this.#rows = now;
    const changed = sortRows(rows).filter((row) => {
      const former = before.get(rowKey(row));
      return former === undefined || !isDeepStrictEqual({ ...former, sinceMs: row.sinceMs }, row);
    });
    const gone = Array.from(before.values()).filter((row) => !now.has(rowKey(row)));
    return [...changed, ...sortRows(gone).map((row): TableRow => ({ ...row, state: 'deleted' }))];
  }
}
