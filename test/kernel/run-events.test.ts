/** `menwei run` as an operator watches it: Kubernetes Events at the API server, and the pages of the metrics server. */
import { createServer, type Server } from 'node:net';
import { FakeApiServer } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { flagsFor, NODE, putEndpoints, putNode, putService, TestFolder } from './run-cluster.ts';
import { RunProcess } from './run-process.ts';

const folder = new TestFolder();
let server: FakeApiServer;
let flags: readonly string[];
const occupied: Server[] = [];

beforeEach(async () => {
  server = await FakeApiServer.start();
  putNode(server);
  const local = { type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: 31_100 };
  putService(server, 'web', 1, local);
  putEndpoints(server, 'web', ['10.0.0.1']);
  flags = [
    ...flagsFor(folder.kubeconfig(server)),
    '--proxy-mode',
    'nftables',
    '--nodeport-addresses',
    '0.0.0.0/0',
  ];
});
afterEach(async () => {
  for (const each of occupied.splice(0)) await new Promise((resolve) => each.close(resolve));
  await server[Symbol.asyncDispose]();
  expect((await RunProcess.toItsEnd(['--cleanup', ...flags])).status).toBe(0);
});
afterAll(() => folder[Symbol.dispose]());

async function occupy(port: number): Promise<void> {
  const other = createServer();
  await new Promise<void>((resolve) => other.listen(port, '0.0.0.0', resolve));
  occupied.push(other);
}

const told = () => server.events.all().map(({ type, reason, regarding }) => ({ type, reason, regarding }));
const node = { kind: 'Node', name: NODE, uid: NODE };

describe('menwei run', () => {
  it('tells of its start at the Node, and of a port that is taken at the Service', async () => {
    await occupy(31_100);
    await using run = RunProcess.start(flags);
    await run.synced();
    await expect.poll(told).toMatchObject([
      { type: 'Normal', reason: 'Starting', regarding: node },
      {
        type: 'Warning',
        reason: 'FailedToStartServiceHealthcheck',
        regarding: { kind: 'Service', namespace: 'default', name: 'web' },
      },
    ]);
    expect((await run.end('SIGTERM')).status).toBe(0);
  });

  it.each([
    ['FailedToStartProxierHealthcheck', 10_256],
    ['FailedToStartMetricServer', 10_249],
  ])('ends with the event %s when it must not go on without port %d', async (reason, port) => {
    await occupy(port);
    const { status, stderr } = await RunProcess.toItsEnd([...flags, '--bind-address-hard-fail']);
    expect(status).toBe(1);
    expect(stderr.at(-1)).toMatch(/^menwei: .* server can't listen on .*EADDRINUSE/);
    expect(told()).toMatchObject([{ reason: 'Starting' }, { type: 'Warning', reason, regarding: node }]);
  });

  it('answers for a healthCheckNodePort without a health server, and has pages about itself', async () => {
    await using run = RunProcess.start([
      ...flags,
      '--healthz-bind-address=',
      '--feature-gates=ComponentFlagz=false',
    ]);
    await run.synced();
    const ask = async (url: string) => {
      const response = await fetch(`http://127.0.0.1:${url}`);
      return [response.status, await response.text()] as const;
    };
    await expect
      .poll(() => ask('31100/').catch(() => []))
      .toEqual([200, expect.stringContaining('"localEndpoints": 1')]);
    await expect(ask('10256/healthz')).rejects.toThrow();
    const [, configuration] = await ask('10249/configz');
    expect(JSON.parse(configuration)).toMatchObject({
      'kubeproxy.config.k8s.io': {
        kind: 'KubeProxyConfiguration',
        mode: 'nftables',
        clusterCIDR: '10.0.0.0/8',
      },
    });
    expect((await ask('10249/statusz'))[1]).toContain('Binary version: 1.36.2+menwei.');
    expect((await ask('10249/flagz'))[0]).toBe(404);
  });
});
