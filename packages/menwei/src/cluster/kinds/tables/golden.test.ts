/** The Tables of the reference, cell by cell: for each row an object that it is of. */
import { readFileSync } from 'node:fs';
import { TABLE_OBJECTS, TABLES_NOW_MS } from '@menwei/testing/cluster/table-objects.ts';
import { describe, expect, it } from 'vitest';
import type { ColumnDefinition, TableRow } from '../kind-rules.ts';
import { findResource } from '../resources.ts';
import { rulesOf } from '../rules.ts';

interface Golden {
  readonly title: string;
  readonly path: string;
  readonly body: {
    readonly kind: string;
    readonly columnDefinitions?: readonly ColumnDefinition[];
    readonly rows?: readonly (TableRow & { readonly object?: { readonly name: string } })[];
  };
}

const PATH = /^\/(?:api|apis\/([^/]+))\/v1\/(?:namespaces\/[^/]+\/)?([a-z]+)/;
const AGE: ColumnDefinition = { name: 'Age', type: 'string', format: '', description: '', priority: 0 };

const file = new URL('../../../../../../test/data/cluster-golden/tables.jsonl', import.meta.url);
const tables = readFileSync(file, 'utf8')
  .trimEnd()
  .split('\n')
  .map((line): Golden => JSON.parse(line))
  // Deployments come with the controllers that they need.
  .filter(({ title, body }) => body.kind === 'Table' && title !== 'deployments');

describe('the Table of', () => {
  it.each(tables)('$title', ({ path, body }) => {
    const [, group = '', plural = ''] = PATH.exec(path) ?? [];
    const resource = findResource(group, plural);
    if (resource === undefined) throw new Error(`no resource at ${path}`);
    const { table } = rulesOf(resource);
    // CQ-2: the reference has a cell for the age, and no column.
    const more = plural === 'ipaddresses' ? [AGE] : [];
    expect(table.columns).toEqual([...(body.columnDefinitions ?? []), ...more]);

    const objects = TABLE_OBJECTS[plural] ?? [];
    const isWhole = (body.rows ?? []).length === objects.length;
    for (const [i, { object, ...row }] of (body.rows ?? []).entries()) {
      const name = object?.name ?? row.cells[0];
      const made = isWhole ? objects[i] : objects.find(({ metadata }) => metadata.name === name);
      if (made === undefined) throw new Error(`no object ${name}`);
      expect(JSON.stringify(table.row(made, TABLES_NOW_MS))).toBe(JSON.stringify(row));
    }
  });
});
