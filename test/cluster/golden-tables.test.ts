/** Tables as kube-apiserver made them: which form for which Accept header; the cells are compared where kinds are. */
import { TABLE_OBJECTS, TABLES_NOW_MS } from '@menwei/testing/cluster/table-objects.ts';
import { findResource, RESOURCES } from 'menwei/cluster/kinds/resources.ts';
import { canonicalForm } from 'menwei/cluster/schema/canonical-form.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIFFERENCES, recordOf } from './golden-differences.ts';
import { parse, readGolden, send } from './golden-rows.ts';
import { type GoldenServer, openGoldenServer } from './golden-server.ts';

interface TableRow {
  readonly title: string;
  readonly path: string;
  readonly status: number;
  readonly contentType: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const AS: Readonly<Record<string, string>> = {
  PartialObjectMetadataList: 'as=PartialObjectMetadataList;v=v1',
  PartialObjectMetadata: 'as=PartialObjectMetadata;v=v1',
  'Table of an unknown version': 'as=Table;v=v9',
};

// Ages are of a moment, so this is of a cluster in this process.
describe.skipIf(process.env.MENWEI_GOLDEN_URL !== undefined)('tables.jsonl', () => {
  let server: GoldenServer;
  beforeAll(async () => {
    server = await openGoldenServer({ clock: () => TABLES_NOW_MS, isEmpty: true });
    await server.store?.transact((transaction) => {
      for (const [plural, objects] of Object.entries(TABLE_OBJECTS)) {
        const resource = RESOURCES.find((each) => each.resource === plural) ?? expect.fail(plural);
        for (const object of objects) {
          const { namespace, ...metadata } = object.metadata;
          const own = resource.isNamespaced ? { ...metadata, namespace } : metadata;
          transaction.put(plural, canonicalForm(resource.message, { ...object, metadata: own }));
        }
      }
    });
  });
  afterAll(() => server.close());

  // Deployments come with the controllers that they need.
  const rows = readGolden<TableRow>('tables').filter(({ title }) => title !== 'deployments');
  it.each(rows)('$title', async (captured) => {
    const { title, path, status, contentType } = captured;
    const accept = `application/json;${AS[title] ?? 'as=Table;v=v1'};g=meta.k8s.io`;
    const answer = await send(server, { method: 'GET', path, accept });
    const row = { ...captured, request: { method: 'GET', path } };
    const expected = recordOf(DIFFERENCES[title]?.change(row).body ?? captured.body);
    const body = recordOf(parse(answer.text));
    expect([answer.status, answer.headers.get('content-type')]).toEqual([status, contentType]);
    expect(comparable(body)).toEqual(comparable(expected));
  });

  it('knows all resources of the rows', () => {
    for (const { path } of rows) {
      const [, group = '', plural = ''] =
        /^\/(?:api|apis\/([^/]+))\/v1\/(?:namespaces\/[^/]+\/)?([a-z]+)/.exec(path) ?? [];
      expect(findResource(group, plural)).toBeDefined();
    }
  });
});

/** Of `object`, the rows keep its name and the names of its fields; versions are of the cluster. */
function comparable(body: Readonly<Record<string, unknown>>): unknown {
  const { metadata, rows, items, columnDefinitions, ...rest } = body;
  const { resourceVersion: _, continue: token, ...told } = recordOf(metadata);
  const common = { ...rest, metadata: { ...told, isContinued: token !== undefined } };
  if (body.kind === 'PartialObjectMetadata') return { kind: body.kind, name: recordOf(metadata).name };
  if (Array.isArray(items)) return { ...common, items: items.map((item) => Object.keys(recordOf(item))) };
  if (!Array.isArray(rows)) return common;
  // CQ-2: the reference has a cell for the age of an IPAddress, and no column.
  const columns = Array.isArray(columnDefinitions) ? columnDefinitions.filter(isNoExtraAge(rows)) : undefined;
  return { ...common, columns, rows: rows.map(comparableRow) };
}

function isNoExtraAge(rows: readonly unknown[]) {
  const isOfAddresses = JSON.stringify(rows).includes('services/default/kubernetes');
  return (column: unknown) => !(isOfAddresses && recordOf(column).name === 'Age');
}

function comparableRow(row: unknown): unknown {
  const { object, ...rest } = recordOf(row);
  if (object === null) return { ...rest, object };
  const { kind, apiVersion, keys, name, ...fields } = recordOf(object);
  const all = Array.isArray(keys) ? keys : ['apiVersion', 'kind', ...Object.keys(fields)];
  return {
    ...rest,
    object: { kind, apiVersion, keys: [...all].sort(), name: name ?? recordOf(fields.metadata).name },
  };
}
