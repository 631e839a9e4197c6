import { aNode, aService, aSlice } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import type { WatchedObject } from '../kubernetes/objects.ts';
import { ObjectTables } from './object-tables.ts';

const node: WatchedObject = aNode({ zone: 'a' });
const cidr: WatchedObject = { kind: 'ServiceCIDR', namespace: '', name: 'main', cidrs: ['172.30.0.0/16'] };

describe('the tables of objects', () => {
  it('hold each kind by itself, until it is deleted', () => {
    const objects = new ObjectTables('node-a');
    const all = [aService(), aSlice(), node, cidr];
    const counts = () =>
      [objects.services, objects.endpointSlices, objects.nodes, objects.serviceCIDRs].map(
        ({ rows }) => rows.size,
      );
    for (const object of all) objects.put(object);
    expect(counts()).toEqual([1, 1, 1, 1]);
    for (const object of all) objects.delete(object);
    expect(counts()).toEqual([0, 0, 0, 0]);
  });

  it('take an object that says the same again for no change', () => {
    const objects = new ObjectTables('node-a');
    const readers = [objects.services, objects.endpointSlices, objects.nodes].map((table) => table.reader());
    const put = () => {
      for (const object of [aService(), aSlice({ endpoints: ['10.0.0.1'] }), node]) {
        objects.put(structuredClone(object));
      }
      return readers.map((reader) => reader.take().length);
    };
    expect(put()).toEqual([1, 1, 1]);
    expect(put()).toEqual([0, 0, 0]);
    objects.put(aSlice({ endpoints: ['10.0.0.1'], lastChangeTriggerTimeMs: 7 }));
    expect(readers.map((reader) => reader.take().length)).toEqual([0, 0, 0]);
  });

  it('know which endpoints are on this node', () => {
    const objects = new ObjectTables('node-a');
    const endpoints = ['node-a', 'node-b', ''].map((nodeName, index) => ({
      ip: `10.0.0.${index}`,
      nodeName,
    }));
    objects.put(aSlice({ endpoints }));
    const stored = objects.endpointSlices.get('ns/web-1')?.endpointsByPort.get('/TCP');
    expect(stored?.map(({ isLocal }) => isLocal)).toEqual([true, false, false]);
  });

  it('know which nodes have endpoints, where they are asked to', () => {
    const endpoints = [
      { ip: '10.0.0.1', nodeName: 'a', ready: false, terminating: true },
      { ip: '10.0.0.2', nodeName: 'a' },
      { ip: '10.0.0.3', nodeName: 'b', ready: false, terminating: true },
      { ip: '10.0.0.4', nodeName: 'c', ready: false, serving: false },
      { ip: '10.0.0.5', nodeName: '' },
    ];
    const nodesOf = (objects: ObjectTables) => {
      objects.put(aSlice({ endpoints }));
      const nodes = objects.endpointSlices.get('ns/web-1')?.nodes;
      return nodes && [...nodes];
    };
    expect(nodesOf(new ObjectTables('a'))).toBeUndefined();
    expect(nodesOf(new ObjectTables('', { endpointNodes: true }))).toEqual([
      ['a', 'ready'],
      ['b', 'serving'],
      ['', 'ready'],
    ]);
  });

  it('tell of an endpoint that has moved between other nodes only where they are asked to', () => {
    const changes = (options: object) => {
      const objects = new ObjectTables('a', options);
      const reader = objects.endpointSlices.reader();
      const put = (nodeName: string) => objects.put(aSlice({ endpoints: [{ ip: '10.0.0.1', nodeName }] }));
      put('b');
      reader.take();
      put('c');
      return reader.take().length;
    };
    expect([changes({}), changes({ endpointNodes: true })]).toEqual([0, 1]);
  });

  it('tell since when an object can’t be used for its reason, as long as it exists', () => {
    const objects = new ObjectTables('node-a');
    const web = aService();
    const sinceMs = () => [...objects.stale.rows.values()].map((row) => row.sinceMs);
    objects.put(web);
    objects.putStale(web, 'no ports', 1);
    objects.putStale(web, 'no ports', 2);
    expect([sinceMs(), objects.services.get('ns/web')]).toEqual([[1], web]);
    objects.putStale(web, 'no address', 3);
    expect(sinceMs()).toEqual([3]);
    objects.delete(web);
    expect(sinceMs()).toEqual([]);
  });
});
