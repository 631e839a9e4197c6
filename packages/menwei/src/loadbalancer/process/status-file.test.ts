import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aLoadBalancer, aService } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Service } from '../../kubernetes/objects.ts';
import { silentLogger } from '../../log/logger.ts';
import type { StatusChange } from '../wanted-status.ts';
import { StatusFileTables } from './status-file.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'menwei-lb-'));
  path = join(folder, 'status.json');
});
afterEach(() => rm(folder, { recursive: true }));

const open = () => StatusFileTables.open(path, silentLogger);
const service = (name: string, uid = ''): Service =>
  aService({
    name,
    uid,
    type: 'LoadBalancer',
    loadBalancer: aLoadBalancer({ loadBalancerClass: 'menwei.dev/l2' }),
  });
const INGRESS = [
  { ip: '192.0.2.10', hostname: '', ipMode: 'VIP', ports: [{ port: 80, protocol: 'TCP', error: 'a/B' }] },
] as const;
const CHANGE: StatusChange = {
  addFinalizer: 'menwei.dev/load-balancer',
  ingress: INGRESS,
  conditions: new Map([
    [
      'T',
      { type: 'T', status: 'True', reason: 'R', message: 'm', lastTransitionTime: '2026-01-02T03:04:05Z' },
    ],
  ]),
  annotations: new Map([['menwei.dev/ip-allocated-from-pool', 'p']]),
};

describe('the status file', () => {
  it('gives a Service what was written of it, also after a restart, and a change of it', async () => {
    const before = await open();
    before.put(service('a'));
    expect(await before.write(service('a'), CHANGE)).toBe('written');
    for (const tables of [before, await open()]) {
      tables.put({ ...service('a'), externalTrafficPolicy: 'Local' });
      expect(tables.services.get('ns/a')?.loadBalancer).toMatchObject({
        finalizers: ['menwei.dev/load-balancer'],
        ingress: INGRESS,
        conditions: [{ type: 'T', status: 'True' }],
        annotations: new Map([['menwei.dev/ip-allocated-from-pool', 'p']]),
      });
    }
  });

  it('takes away what is to go, and forgets Services that are gone', async () => {
    const tables = await open();
    tables.put(service('a'));
    tables.put(service('b'));
    await tables.write(service('a'), CHANGE);
    await tables.write(service('b'), CHANGE);
    await tables.write(service('b'), {
      removeFinalizers: ['menwei.dev/load-balancer'],
      ingress: [],
      conditions: new Map([['T', undefined]]),
      annotations: new Map([['menwei.dev/ip-allocated-from-pool', undefined]]),
    });
    expect(tables.services.get('ns/b')).toEqual(service('b'));
    const later = await open();
    later.put(service('b'));
    await later.write(service('b'), CHANGE);
    expect(
      JSON.parse(await readFile(path, 'utf8')).items.map(({ metadata }: { metadata: object }) => metadata),
    ).toMatchObject([{ name: 'b' }]);
  });

  it('is no status of another Service that has the name now, or of one that is gone', async () => {
    const tables = await open();
    tables.put(service('a', 'u1'));
    await tables.write(service('a', 'u1'), CHANGE);
    tables.put(service('a', 'u2'));
    expect(tables.services.get('ns/a')).toEqual(service('a', 'u2'));
    tables.delete({ kind: 'Service', namespace: 'ns', name: 'a' });
    expect(await tables.write(service('a', 'u2'), CHANGE)).toBe('gone');
  });

  it('changes nothing when it can’t be written', async () => {
    const tables = await open();
    tables.put(service('a'));
    await rm(folder, { recursive: true });
    await expect(tables.write(service('a'), CHANGE)).rejects.toThrow(/ENOENT/);
    expect(tables.services.get('ns/a')).toEqual(service('a'));
    folder = await mkdtemp(join(tmpdir(), 'menwei-lb-'));
  });

  it.each(['{', '[]', '{"kind": "List"}', '{"kind": "List", "items": [{"metadata": {"name": "a"}}]}'])(
    'is not taken for empty when it is %s',
    async (text) => {
      await writeFile(path, text);
      await expect(open()).rejects.toThrow(path);
    },
  );
});
