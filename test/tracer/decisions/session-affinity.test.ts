/** Session affinity: where a client goes that was here before. */

import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Memory } from '@menwei/netfilter/trace/packet.ts';
import { describe, expect, it } from 'vitest';
import { MODES_AND_FAMILIES, memoryAfter } from '../modes.ts';
import {
  aTestbed,
  type PortOfFields,
  portOf,
  programOf,
  type Scene,
  type Sender,
  shorten,
  type Testbed,
} from '../testbed.ts';

const THREE = ['here', 'elsewhere', 'elsewhere'] as const;
const STICKY: PortOfFields = { everywhere: true, endpoints: THREE, sessionAffinitySeconds: 600 };

function sceneOf(family: IpFamily, fields: PortOfFields = {}): Scene {
  return { ports: [portOf(family, { ...STICKY, ...fields })] };
}

/** What is remembered of a client that has met the endpoint with this number. */
function memoryOf(testbed: Testbed, from: Sender, to: string, number: number): Memory {
  const way = testbed.ways(from, to).find(({ endpoint = '' }) => shorten(endpoint) === String(number));
  if (way === undefined) throw new Error(`${from} does not get to endpoint ${number} of ${to}`);
  return way.memory;
}

describe.each(MODES_AND_FAMILIES)('session affinity, %s, %s', (mode, family) => {
  it.each<[Sender, string, string, string]>([
    ['pod', 'clusterIP:80', '1 2 3', '2'],
    ['client', 'clusterIP:80', '1* 2* 3*', '2*'],
    ['node', 'clusterIP:80', '1* 2* 3*', '2*'],
    ['client', 'vip:80', '1* 2* 3*', '2*'],
    ['client', 'externalIP:80', '1* 2* 3*', '2*'],
    ['client', 'node:30080', '1* 2* 3*', '2*'],
    ['node', 'node:30080', '1* 2* 3*', '2*'],
    ['pod', 'node2:30080', '1* 2* 3*', '2*'],
    [1, 'clusterIP:80', '1* 2 3', '2'],
  ])('leads %s to %s first to one of %s, then there again: %s', (from, to, first, then) => {
    const testbed = aTestbed(mode, family, sceneOf(family));
    expect(testbed.send(from, to)).toBe(first);
    expect(testbed.send(from, to, { memory: memoryOf(testbed, from, to, 2) })).toBe(then);
  });

  it.each<[Sender, Sender, string, string]>([
    ['client', 'client2', 'vip:80', '1* 2* 3*'],
    ['pod', 'podElsewhere', 'clusterIP:80', '1* 2* 3*'],
    ['node', 'localhost', 'clusterIP:80', '1* 2* 3*'],
  ])('of %s says nothing about %s to %s: %s', (known, from, to, expected) => {
    const testbed = aTestbed(mode, family, sceneOf(family));
    expect(testbed.send(from, to, { memory: memoryOf(testbed, known, to, 2) })).toBe(expected);
  });

  it.each<[string, string]>([
    ['clusterIP:80', 'vip:80'],
    ['vip:80', 'clusterIP:80'],
    ['node:30080', 'externalIP:80'],
    ['node:30080', 'node2:30080'],
  ])('by %s counts for %s too', (to, then) => {
    const testbed = aTestbed(mode, family, sceneOf(family));
    expect(testbed.send('client', then, { memory: memoryOf(testbed, 'client', to, 2) })).toBe('2*');
  });

  it.each<[Sender, string, number, string, string]>([
    ['client', 'clusterIP:80', 2, 'vip:80', '1'],
    ['client', 'clusterIP:80', 1, 'vip:80', '1'],
    ['client', 'vip:80', 1, 'clusterIP:80', '1*'],
  ])('does not lead past a Local policy: %s by %s to %i, then to %s', (from, to, number, then, expected) => {
    const testbed = aTestbed(mode, family, sceneOf(family, { externalPolicyLocal: true }));
    expect(testbed.send(from, then, { memory: memoryOf(testbed, from, to, number) })).toBe(expected);
  });

  it('is for one service port, even if another has the same endpoints', () => {
    const dns = portOf(family, { ...STICKY, portName: 'dns', protocol: 'UDP', nodePort: 30081 });
    const testbed = aTestbed(mode, family, { ports: [...sceneOf(family).ports, dns] });
    const memory = memoryOf(testbed, 'pod', 'clusterIP:80/UDP', 3);
    expect(testbed.send('pod', 'clusterIP:80/UDP', { memory })).toBe('3');
    expect(testbed.send('pod', 'clusterIP:80', { memory })).toBe('1 2 3');
  });

  it('lasts as long as each Service says', () => {
    const other = { ...STICKY, name: 'short', port: 81, nodePort: 30081, sessionAffinitySeconds: 10 };
    const testbed = aTestbed(mode, family, { ports: [...sceneOf(family).ports, portOf(family, other)] });
    const sendAfter = (atSeconds: number, to: string) =>
      testbed.send('client', to, { memory: memoryOf(testbed, 'client', to, 2), atSeconds });
    expect(sendAfter(599, 'vip:80')).toBe('2*');
    expect(sendAfter(601, 'vip:80')).toBe('1* 2* 3*');
    expect([sendAfter(9, 'vip:81'), sendAfter(11, 'vip:81')]).toEqual(['2*', '1* 2* 3*']);
    expect([sendAfter(11, 'node:30080'), sendAfter(11, 'node:30081')]).toEqual(['2*', '1* 2* 3*']);
  });

  it('counts from the last connection', () => {
    const testbed = aTestbed(mode, family, sceneOf(family));
    const first = memoryOf(testbed, 'client', 'vip:80', 2);
    const memories = testbed
      .ways('client', 'vip:80', { memory: first, atSeconds: 500 })
      .map((way) => way.memory);
    expect(memories.map((memory) => testbed.send('client', 'vip:80', { memory, atSeconds: 1000 }))).toEqual([
      '2*',
    ]);
  });

  it.each<[string, PortOfFields, Sender, string]>([
    ['is not asked for', { sessionAffinitySeconds: 0 }, 'client', 'vip:80'],
    ['has no endpoint to remember', { endpoints: [] }, 'client', 'vip:80'],
    ['has none here', { externalPolicyLocal: true, endpoints: ['elsewhere'] }, 'client', 'node:30080'],
    ['is of others', {}, 'client', 'node:22'],
  ])('remembers nobody where it %s', (_name, fields, from, to) => {
    const ways = aTestbed(mode, family, sceneOf(family, fields)).ways(from, to);
    expect(new Set(ways.map(({ memory }) => memory.size))).toEqual(new Set([0]));
  });

  it.each<[Sender, string, string, number, string]>([
    ['client', 'vip:80', '1 3', 3, '3'],
    ['client', 'node:30080', '1 3', 3, '3'],
    ['pod', 'vip:80', '1 2 3', 2, '2'],
    ['pod', 'node:30080', '1 2 3', 3, '3'],
    ['node', 'externalIP:80', '1* 2* 3*', 2, '2*'],
  ])('under a Local policy: %s to %s, one of %s; after %i: %s', (from, to, first, number, then) => {
    const endpoints = ['here', 'elsewhere', 'here'] as const;
    const testbed = aTestbed(mode, family, sceneOf(family, { externalPolicyLocal: true, endpoints }));
    expect(testbed.send(from, to)).toBe(first);
    expect(testbed.send(from, to, { memory: memoryOf(testbed, from, to, number) })).toBe(then);
  });

  it.each<[string, PortOfFields, PortOfFields, Sender, string, string]>([
    ['nothing that matters', {}, { sessionAffinitySeconds: 700 }, 'client', 'vip:80', '2*'],
    [
      'that another endpoint is gone',
      {},
      { endpoints: ['unreadyHere', 'elsewhere'] },
      'client',
      'vip:80',
      '2*',
    ],
    ['that another one came', {}, { endpoints: [...THREE, 'here'] }, 'pod', 'clusterIP:80', '2'],
    [
      'that the endpoint is gone',
      {},
      { endpoints: ['here', 'unready', 'elsewhere'] },
      'client',
      'vip:80',
      '1* 3*',
    ],
    [
      'that it is gone from NodePorts',
      {},
      { endpoints: ['here', 'unready', 'elsewhere'] },
      'client',
      'node:30080',
      '1* 3*',
    ],
    [
      'that it terminates',
      {},
      { endpoints: ['here', 'terminating', 'elsewhere'] },
      'pod',
      'clusterIP:80',
      '1 3',
    ],
    ['that all terminate', {}, { endpoints: ['terminatingHere', 'terminating'] }, 'pod', 'clusterIP:80', '2'],
    ['that there is no affinity any more', {}, { sessionAffinitySeconds: 0 }, 'client', 'vip:80', '1* 2* 3*'],
    ['that internal traffic stays here', {}, { internalPolicyLocal: true }, 'pod', 'clusterIP:80', '1'],
    ['that external traffic stays here', {}, { externalPolicyLocal: true }, 'client', 'vip:80', '1'],
    ['the same of NodePorts', {}, { externalPolicyLocal: true }, 'client', 'node:30080', '1'],
  ])('after a change: %s', (_name, before, after, from, to, expected) => {
    const scenes = [sceneOf(family, before), sceneOf(family, after)] as const;
    const [earlier, later] = scenes.map((scene) => programOf(family, scene));
    if (earlier === undefined || later === undefined) throw new Error('BUG: two scenes');
    const memory = memoryOf(aTestbed(mode, family, scenes[0]), from, to, 2);
    const kept = memoryAfter(mode, earlier, later, memory);
    expect(aTestbed(mode, family, scenes[1]).send(from, to, { memory: kept })).toBe(expected);
  });
});
