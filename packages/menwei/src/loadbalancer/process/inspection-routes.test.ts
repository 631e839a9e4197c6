import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { addressPool } from '@menwei/testing/loadbalancer/pools.ts';
import { aLoadBalancer, aService } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { ObjectTables } from '../../state/object-tables.ts';
import { type KnownCluster, readKnownCluster } from '../explain/known-cluster.ts';
import { answerExplain, answerPools, standbyNote } from './inspection-routes.ts';

let known: KnownCluster | undefined;
let note: string;
let server: Server;
beforeEach(async () => {
  const tables = new ObjectTables('', { endpointNodes: true });
  tables.put(addressPool('p', ['192.0.2.10']));
  const loadBalancer = aLoadBalancer({ loadBalancerClass: 'menwei.dev/l2' });
  tables.put(aService({ name: 'a', type: 'LoadBalancer', loadBalancer }));
  const claims = {
    classes: new Set(['menwei.dev/l2']),
    classlessAs: undefined,
    providerClasses: new Set<string>(),
  };
  const options = { claims, ignoresExcludeLabel: false, namespace: 'menwei', seesLeases: false };
  known = readKnownCluster(tables, { ...options, releaseOnPoolChange: false }, 0);
  note = '';
  server = createServer((request, response) => {
    const route = request.url?.startsWith('/pools') ? answerPools : answerExplain;
    route(request, response, known, note);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(() => void server.close());

async function get(path: string) {
  const { port } = server.address() as AddressInfo;
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

it('tells of one Service in words, and as JSON', async () => {
  const { status, type, text } = await get('/explain?service=ns/a');
  expect([status, type]).toEqual([200, 'text/plain; charset=utf-8']);
  expect(text).toContain('  address:   192.0.2.10; pool p\n');
  const json = await get('/explain?service=ns%2Fa&output=json');
  expect(json.type).toBe('application/json');
  expect(JSON.parse(json.text)).toMatchObject([{ service: 'ns/a', addresses: [{ address: '192.0.2.10' }] }]);
});

it('says that there is no such Service, in one line', async () => {
  const answer = await get('/explain?service=ns/a%0Aforged%1B[2J');
  expect(answer).toMatchObject({ status: 404, text: 'there is no Service ns/a\\nforged\\u001b[2J\n' });
});

it('tells how full the pools are', async () => {
  expect(JSON.parse((await get('/pools?output=json')).text)).toMatchObject([
    { name: 'p', families: [{ size: '1', inUse: 1, free: '0' }] },
  ]);
  expect((await get('/pools')).text).toMatch(/^POOL .*\np +IPv4 +1 +1 +0 +0 /);
});

it('of a controller that stands by says so to people', async () => {
  note = standbyNote({ isLeading: false, leader: 'other' });
  expect((await get('/pools')).text).toMatch(/says what it would decide now: other leads\.\)\n$/);
  expect(JSON.parse((await get('/explain?output=json')).text)).toHaveLength(1);
  expect(standbyNote({ isLeading: true, leader: 'me' })).toBe('');
});

it('tells nothing before everything has been read', async () => {
  known = undefined;
  for (const path of ['/pools', '/explain', '/explain?service=ns/a']) {
    expect(await get(path)).toMatchObject({ status: 503, text: 'not everything has been read yet\n' });
  }
});
