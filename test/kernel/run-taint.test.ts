/** `menwei run --taint-until-ready` against an API server: the taint goes when Services work, and no earlier. */
import { execFileSync } from 'node:child_process';
import { FakeApiServer } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NODE, NODES, putEndpoints, putService, testFolder } from './run-cluster.ts';
import { RunProcess } from './run-process.ts';

const folder = testFolder();
const savedNow = () => execFileSync('iptables-save', ['-t', 'nat'], { encoding: 'utf8' });
const TAINT = { key: 'menwei.dev/not-ready', effect: 'NoSchedule' };
const OTHER = { key: 'example.com/gpu', effect: 'NoExecute' };
let server: FakeApiServer;
beforeEach(async () => {
  server = await FakeApiServer.start();
  const status = { addresses: [{ type: 'InternalIP', address: '192.168.49.2' }] };
  server.put(NODES, { metadata: { name: NODE }, spec: { taints: [TAINT, OTHER] }, status });
});
afterEach(() => server[Symbol.asyncDispose]());

describe('the taint of a new node', () => {
  it('is removed after the first sync', async () => {
    putService(server, 'web', 1);
    putEndpoints(server, 'web', ['10.0.0.1']);
    const patches: string[] = [];
    server.intercept(({ method, path }) => {
      // What the kernel holds at that moment.
      if (method === 'PATCH' && path.startsWith(NODES)) patches.push(savedNow());
      return false;
    });
    const args = ['--kubeconfig', folder.kubeconfig(server), '--hostname-override', NODE];
    await using run = RunProcess.start([...args, '--taint-until-ready', 'menwei.dev/not-ready']);
    await run.synced();
    const removed = () => run.log('I').filter((line) => line.startsWith('Services work; removed the taint'));
    await expect.poll(removed).toHaveLength(1);
    expect(patches).toEqual([expect.stringContaining('--to-destination 10.0.0.1:8080')]);
    expect(server.find(NODES, '', NODE)).toMatchObject({ spec: { taints: [OTHER] } });
    expect((await run.end('SIGTERM')).status).toBe(0);
  });
});
