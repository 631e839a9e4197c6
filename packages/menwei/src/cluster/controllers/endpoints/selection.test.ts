import { beforeEach, describe, expect, it } from 'vitest';
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import type { ApiObject } from '../../schema/object.ts';
import { openMemoryStore } from '../../store/local-store.ts';
import type { Store, StoreReader } from '../../store/store.ts';
import { SELECTION_RESOURCES, Selection } from './selection.ts';

const SERVICES = 500;
const PODS_EACH = 10;

let store: Store;
let reader: StoreReader;
let selection: Selection;
let affected: string[];

beforeEach(() => {
  store = openMemoryStore();
  reader = store.reader(SELECTION_RESOURCES);
  selection = new Selection();
  affected = [];
  selection.tell({
    created: ({ key }) => affected.push(key),
    affected: (key) => affected.push(key),
  });
});

async function write(resource: keyof StoredKinds, ...objects: ApiObject[]): Promise<void> {
  await store.transact((transaction) => {
    for (const object of objects) transaction.put(resource, object);
  });
}

/** What the next look costs: the Services concerned, and how many objects were looked at to find them. */
function digest(): { readonly affected: readonly string[]; readonly looks: number } {
  affected = [];
  const before = selection.looks;
  for (const change of reader.take()) selection.digest(change);
  return { affected, looks: selection.looks - before };
}

function service(
  name: string,
  selector: Readonly<Record<string, string>>,
): ApiObject & Pick<StoredKinds['services'], 'spec'> {
  return {
    kind: 'Service',
    apiVersion: 'v1',
    metadata: { namespace: 'default', name, uid: name },
    spec: { selector },
  };
}

function pod(name: string, labels: Readonly<Record<string, string>>, more: object = {}): ApiObject {
  const metadata = { namespace: 'default', name, uid: name, labels };
  return { kind: 'Pod', apiVersion: 'v1', metadata, ...{ spec: { nodeName: 'n1' }, ...more } };
}

const ready = (status: string) => ({ status: { conditions: [{ type: 'Ready', status }] } });

describe('a namespace of many Services and pods', () => {
  const labelsOf = (index: number) => ({ app: `app${index % SERVICES}`, team: 'all' });

  beforeEach(async () => {
    const names = Array.from({ length: SERVICES }, (_, index) => service(`s${index}`, labelsOf(index)));
    await write('services', ...names);
    const pods = Array.from({ length: SERVICES * PODS_EACH }, (_, index) =>
      pod(`p${index}`, labelsOf(index)),
    );
    await write('pods', ...pods);
    digest();
  });

  it('is not looked through when the readiness of a pod changes', async () => {
    await write('pods', pod('p7', labelsOf(7), ready('True')));
    const cost = digest();
    expect(cost.affected).toEqual(['default/s7']);
    expect(cost.looks).toBeLessThanOrEqual(4);
  });

  it('is not looked through when a pod comes or goes', async () => {
    await write('pods', pod('new', labelsOf(3)));
    expect(digest()).toMatchObject({ affected: ['default/s3'] });
    await store.transact((transaction) => transaction.delete('pods', 'default', 'new'));
    const cost = digest();
    expect(cost.affected).toEqual(['default/s3']);
    expect(cost.looks).toBeLessThanOrEqual(4);
    expect(selection.get('default/s3')?.pods.size).toBe(PODS_EACH);
  });

  it('is not looked through when a Service comes: only pods with its rarest label', async () => {
    await write('services', service('new', labelsOf(5)));
    expect(digest().looks).toBeLessThanOrEqual(PODS_EACH);
    expect(selection.get('default/new')?.pods.size).toBe(PODS_EACH);
  });

  it('needs no work when something of a pod changes that endpoints do not show', async () => {
    await write('pods', pod('p7', labelsOf(7), { status: { message: 'x' } }));
    expect(digest()).toEqual({ affected: [], looks: 0 });
  });
});

describe('labels with names that JavaScript has a meaning for', () => {
  it('select as others do', async () => {
    const labels: Readonly<Record<string, string>> = JSON.parse('{"__proto__":"x","constructor":"y"}');
    await write('services', service('s', labels), service('t', { toString: 'z' }));
    await write('pods', pod('p', labels), pod('q', {}));
    digest();
    expect([...(selection.get('default/s')?.pods.keys() ?? [])]).toEqual(['default/p']);
    expect(selection.get('default/t')?.pods.size).toBe(0);
  });
});

describe('a Node', () => {
  it('concerns the Services of its pods when its zone changes, and no others', async () => {
    await write('services', service('s', { app: 'a' }), service('t', { app: 'b' }));
    await write('pods', pod('p', { app: 'a' }), pod('q', { app: 'b' }, { spec: { nodeName: 'n2' } }));
    digest();
    const node = { kind: 'Node', apiVersion: 'v1', metadata: { name: 'n1', uid: 'n1' } };
    await write('nodes', node);
    expect(digest().affected).toEqual(['default/s']);
    await write('nodes', { ...node, metadata: { ...node.metadata, annotations: { a: 'b' } } });
    expect(digest().affected).toEqual([]);
  });
});
