import type { IpFamily } from '@menwei/addresses/ip.ts';
import { aSlice, aSliceEndpoint, type SliceFields } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { EndpointSlice, EndpointWeights } from '../kubernetes/objects.ts';
import { ObjectTables } from '../state/object-tables.ts';
import type { Reader } from '../state/reader.ts';
import type { StoredSlice } from '../state/stored-slice.ts';
import { SliceIndex } from './slice-index.ts';

/** Slices in the state, and who reads them for a family. */
class Slices {
  readonly #objects: ObjectTables;
  readonly #reader: Reader<StoredSlice>;
  readonly #index: SliceIndex;

  constructor(family: IpFamily, nodeName: string) {
    this.#objects = new ObjectTables(nodeName);
    this.#reader = this.#objects.endpointSlices.reader();
    this.#index = new SliceIndex(family);
  }

  /** Returns the Services whose endpoints may have changed. */
  upsert(slice: EndpointSlice): readonly string[] {
    this.#objects.put(slice);
    return this.#reader.take().flatMap((change) => this.#index.note(change));
  }

  remove(namespace: string, name: string): readonly string[] {
    this.#objects.delete({ kind: 'EndpointSlice', namespace, name });
    return this.#reader.take().flatMap((change) => this.#index.note(change));
  }

  endpointsOf(...args: Parameters<SliceIndex['endpointsOf']>) {
    return this.#index.endpointsOf(...args);
  }
}

function cacheOf(...slices: SliceFields[]): Slices {
  const cache = new Slices('IPv4', 'node-a');
  for (const slice of slices) cache.upsert(aSlice(slice));
  return cache;
}

function texts(cache: Slices, service = 'ns/web', portName = ''): string[] {
  return cache.endpointsOf(service, portName, 'TCP').map((endpoint) => endpoint.text);
}

const terminating = { ip: '10.0.0.1', ready: false, serving: true, terminating: true };
const unready = { ip: '10.0.0.1', ready: false, serving: false };
const serving = { ip: '10.0.0.1', ready: false, serving: true };

describe('endpoints of a service port', () => {
  it.each<[string, SliceFields[], string[]]>([
    ['no slice', [], []],
    ['no endpoints', [{}], []],
    ['no ports', [{ ports: [], endpoints: ['10.0.0.1'] }], []],
    [
      'sorted as text',
      [{ endpoints: ['10.0.1.2', '10.0.1.10', '10.0.1.1'] }],
      ['10.0.1.10:8080', '10.0.1.1:8080', '10.0.1.2:8080'],
    ],
    [
      'several slices',
      [
        { name: 'b', endpoints: ['10.0.0.1', '10.0.0.4'] },
        { name: 'a', endpoints: ['10.0.0.3'] },
      ],
      ['10.0.0.1:8080', '10.0.0.3:8080', '10.0.0.4:8080'],
    ],
    [
      'overlapping slices',
      [
        { name: 'a', endpoints: ['10.0.0.1', '10.0.0.2'] },
        { name: 'b', endpoints: ['10.0.0.2', '10.0.0.3'] },
      ],
      ['10.0.0.1:8080', '10.0.0.2:8080', '10.0.0.3:8080'],
    ],
    ['a duplicate in one slice', [{ endpoints: ['10.0.0.1', '10.0.0.1'] }], ['10.0.0.1:8080']],
    [
      'unready endpoints are there too',
      [{ endpoints: [unready, '10.0.0.2'] }],
      ['10.0.0.1:8080', '10.0.0.2:8080'],
    ],
    [
      'one address on different ports of two slices',
      [
        { name: 'a', endpoints: ['10.0.0.1'] },
        { name: 'b', ports: [{ port: 80 }], endpoints: ['10.0.0.1'] },
      ],
      ['10.0.0.1:8080', '10.0.0.1:80'],
    ],
    [
      'one address on two ports of one name',
      [{ ports: [{ port: 81 }, { port: 80 }], endpoints: ['10.0.0.1'] }],
      ['10.0.0.1:80', '10.0.0.1:81'],
    ],
    ['a port of another name', [{ ports: [{ name: 'http' }], endpoints: ['10.0.0.1'] }], []],
    ['a port of another protocol', [{ ports: [{ protocol: 'UDP' }], endpoints: ['10.0.0.1'] }], []],
    ['a slice of another family', [{ addressType: 'IPv6', endpoints: ['10.0.0.1'] }], []],
    ['a slice of another Service', [{ serviceName: 'db', endpoints: ['10.0.0.1'] }], []],
    ['a slice of another namespace', [{ namespace: 'other', endpoints: ['10.0.0.1'] }], []],
  ])('%s', (_, slices, expected) => {
    expect(texts(cacheOf(...slices))).toEqual(expected.toSorted());
  });

  it('brackets IPv6 addresses', () => {
    const cache = new Slices('IPv6', '');
    cache.upsert(aSlice({ addressType: 'IPv6', endpoints: ['fd00:10::1'] }));
    expect(texts(cache)).toEqual(['[fd00:10::1]:8080']);
  });

  it.each<[string, string, boolean]>([
    ['node-a', 'node-a', true],
    ['node-a', 'node-b', false],
    ['node-a', '', false],
    ['', '', false],
  ])('on node "%s" an endpoint of node "%s" is local: %s', (own, nodeName, isLocal) => {
    const cache = new Slices('IPv4', own);
    cache.upsert(aSlice({ endpoints: [{ nodeName }] }));
    expect(cache.endpointsOf('ns/web', '', 'TCP')).toMatchObject([{ isLocal }]);
  });
});

describe('of two slices with the same endpoint', () => {
  it.each<[string, SliceFields, SliceFields, object]>([
    ['ready beats terminating', { endpoints: ['10.0.0.1'] }, { endpoints: [terminating] }, { ready: true }],
    ['ready beats unready', { endpoints: ['10.0.0.1'] }, { endpoints: [unready] }, { ready: true }],
    ['unready beats terminating', { endpoints: [unready] }, { endpoints: [terminating] }, unready],
    ['serving beats not serving', { endpoints: [serving] }, { endpoints: [unready] }, serving],
    [
      'both terminating, one ready',
      { endpoints: [{ ...terminating, ready: true }] },
      { endpoints: [terminating] },
      { ready: true },
    ],
    [
      'equal: the slice with the smaller name',
      { name: 'a', endpoints: [{ zoneHints: ['a'] }] },
      { name: 'b', endpoints: [{ zoneHints: ['b'] }] },
      { zoneHints: ['a'] },
    ],
  ])('%s', (_, winner, loser, expected) => {
    for (const [first, second] of [
      ['a', 'b'],
      ['b', 'a'],
    ] as const) {
      const slices = [
        { name: first, ...winner },
        { name: second, ...loser },
      ];
      for (const order of [slices, slices.toReversed()]) {
        expect(cacheOf(...order).endpointsOf('ns/web', '', 'TCP')).toMatchObject([expected]);
      }
    }
  });
});

describe('a write to a slice', () => {
  const before: SliceFields = { endpoints: ['10.0.0.1', '10.0.0.2'] };

  it.each<[string, SliceFields, string[]]>([
    ['the same again', before, []],
    ['metadata only', { ...before, lastChangeTriggerTimeMs: 5 }, []],
    ['endpoints in another order', { endpoints: ['10.0.0.2', '10.0.0.1'] }, []],
    ['a condition', { endpoints: ['10.0.0.1', { ip: '10.0.0.2', ready: false }] }, ['ns/web']],
    ['a hint', { endpoints: ['10.0.0.1', { ip: '10.0.0.2', zoneHints: ['a'] }] }, ['ns/web']],
    ['a node', { endpoints: ['10.0.0.1', { ip: '10.0.0.2', nodeName: 'node-a' }] }, ['ns/web']],
    [
      'from one other node to another',
      { endpoints: ['10.0.0.1', { ip: '10.0.0.2', nodeName: 'node-b' }] },
      [],
    ],
    ['a weight', { endpoints: ['10.0.0.1', { ip: '10.0.0.2', weight: 2 }] }, ['ns/web']],
    ['a name', { ...before, endpointNames: new Map([['10.0.0.1', ['web-0']]]) }, ['ns/web']],
    ['one endpoint more', { endpoints: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] }, ['ns/web']],
    ['one endpoint less', { endpoints: ['10.0.0.1'] }, ['ns/web']],
    ['another port number', { ...before, ports: [{ port: 81 }] }, ['ns/web']],
    ['another port name', { ...before, ports: [{ name: 'http' }] }, ['ns/web']],
    ['another Service', { ...before, serviceName: 'db' }, ['ns/web', 'ns/db']],
    ['another family', { ...before, addressType: 'IPv6' }, ['ns/web']],
  ])('%s', (_, after, touched) => {
    expect(cacheOf(before).upsert(aSlice(after))).toEqual(touched);
  });

  it('keeps the objects of endpoints that stay as they are', () => {
    const cache = cacheOf({ endpoints: [{ zoneHints: ['a'] }, '10.0.0.2'] });
    const [kept] = cache.endpointsOf('ns/web', '', 'TCP');
    cache.upsert(aSlice({ endpoints: ['10.0.0.3', aSliceEndpoint({ zoneHints: ['a'] })] }));
    expect(cache.endpointsOf('ns/web', '', 'TCP')[0]).toBe(kept);
  });

  it('that moves it to another Service takes its endpoints along', () => {
    const cache = cacheOf(before, { ...before, serviceName: 'db' });
    expect([texts(cache), texts(cache, 'ns/db').length]).toEqual([[], 2]);
  });
});

describe('weights of a Service', () => {
  it.each<[string, SliceFields, EndpointWeights | undefined, number[]]>([
    ['nobody says anything', {}, undefined, [1, 1]],
    ['the Service gives one to all', {}, { named: new Map(), others: 5 }, [5, 5]],
    ['the Service names an address', {}, { named: new Map([['10.0.0.2', 0]]), others: undefined }, [1, 0]],
    ['the Service names a Pod', {}, { named: new Map([['web-0', 3]]), others: 2 }, [3, 2]],
    [
      'the slice tells as well',
      { endpoints: [{ ip: '10.0.0.1', weight: 1 }, '10.0.0.2'] },
      { named: new Map(), others: 5 },
      [1, 5],
    ],
  ])('%s', (_, fields, weights, expected) => {
    const endpointNames = new Map([['10.0.0.1', ['web-0']]]);
    const cache = cacheOf({ endpoints: ['10.0.0.1', '10.0.0.2'], endpointNames, ...fields });
    const endpoints = cache.endpointsOf('ns/web', '', 'TCP', weights);
    expect(endpoints.map(({ weight }) => weight)).toEqual(expected);
  });
});

describe('removing a slice', () => {
  it.each<[string, SliceFields[], string[]]>([
    ['that is unknown', [], []],
    ['without endpoints', [{}], []],
    ['with endpoints', [{ endpoints: ['10.0.0.1'] }], ['ns/web']],
  ])('%s', (_, slices, touched) => {
    const cache = cacheOf(...slices);
    expect(cache.remove('ns', 'web-1')).toEqual(touched);
    expect(texts(cache)).toEqual([]);
  });

  it('leaves the other slices of the Service', () => {
    const cache = cacheOf(
      { endpoints: ['10.0.0.1'] },
      { name: 'web-2', endpoints: ['10.0.0.1', '10.0.0.2'] },
    );
    cache.remove('ns', 'web-2');
    expect(texts(cache)).toEqual(['10.0.0.1:8080']);
  });
});
