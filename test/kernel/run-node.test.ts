/** What `menwei run` takes the node for: its addresses, and podCIDRs where pods are told by them (spec §§ 1.1, 10.6). */
import { execFileSync } from 'node:child_process';
import { FakeApiServer } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { NODE, NODES, putEndpoints, putService, testFolder, WEB } from './run-cluster.ts';
import { RunProcess, rulesOf } from './run-process.ts';

const folder = testFolder();
const manifest = folder.write('web.yaml', WEB);
const ip = (...args: readonly string[]) => execFileSync('ip', args);
const addressLines = (run: RunProcess) => run.log('I').filter((line) => line.startsWith('node addresses '));
const PATIENCE = { timeout: 20_000 };

describe('the addresses of the node', () => {
  beforeEach(() => {
    ip('address', 'add', '192.0.2.9/32', 'dev', 'lo');
    ip('route', 'add', 'default', 'dev', 'lo', 'src', '192.0.2.9');
    ip('address', 'add', 'fd00:2::9/128', 'dev', 'lo');
  });
  afterEach(() => {
    ip('route', 'del', 'default', 'dev', 'lo');
    ip('address', 'del', '192.0.2.9/32', 'dev', 'lo');
    ip('address', 'del', 'fd00:2::9/128', 'dev', 'lo');
  });

  it.each([
    [[], 'IPv4="192.0.2.9 (default route)" IPv6="fd00:2::9 (interface address)" primaryFamily=IPv4'],
    [
      ['--bind-address', '::'],
      'IPv4="192.0.2.9 (default route)" IPv6="fd00:2::9 (interface address)" primaryFamily=IPv6',
    ],
    [['--node-ip', 'fd00:2::9'], 'IPv6="fd00:2::9 (--node-ip)" primaryFamily=IPv6'],
    [
      ['--bind-address', '192.0.2.9', '--node-ip', 'fd00:2::9'],
      'IPv4="192.0.2.9 (bindAddress)" IPv6="fd00:2::9 (--node-ip)" primaryFamily=IPv6',
    ],
  ])('are found without a Node object: %j', async (args, expected) => {
    await using run = RunProcess.start(['--manifests', manifest, '--proxy-mode', 'nftables', ...args]);
    await run.synced();
    expect(addressLines(run)).toEqual([`node addresses ${expected} podCIDRs=none`]);
  });

  it('are where NodePorts answer in nftables mode, whoever says them', async () => {
    const web = WEB.replace(/spec: \{/, 'spec: {type: NodePort, ');
    const args = ['--manifests', folder.write('port.yaml', web), '--proxy-mode', 'nftables'];
    await using run = RunProcess.start(args);
    await run.synced();
    const set = execFileSync('nft', ['list', 'set', 'ip', 'menwei', 'nodeport-ips'], { encoding: 'utf8' });
    expect(set).toContain('192.0.2.9');
  });
});

describe('the podCIDRs of the node', () => {
  let server: FakeApiServer;
  const putNode = (...podCIDRs: readonly string[]) =>
    server.put(NODES, {
      metadata: { name: NODE },
      spec: { podCIDRs },
      status: { addresses: [{ type: 'InternalIP', address: '192.168.49.2' }] },
    });
  beforeEach(async () => {
    server = await FakeApiServer.start();
    putService(server, 'web', 1);
    putEndpoints(server, 'web', ['10.0.0.1']);
    putNode();
  });
  afterEach(() => server[Symbol.asyncDispose]());

  it('are waited for where pods are told by them, and end the process when they change', async () => {
    const args = ['--kubeconfig', folder.kubeconfig(server), '--hostname-override', NODE];
    await using run = RunProcess.start([...args, '--detect-local-mode', 'NodeCIDR']);
    await expect.poll(() => addressLines(run), PATIENCE).toHaveLength(1);
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(await rulesOf('default/web')).toEqual([]);
    putNode('10.0.0.0/24', 'fd00:10::/64');
    await run.synced();
    const rules = await rulesOf('default/web');
    expect(rules.filter((rule) => rule.includes('! -s 10.0.0.0/24'))).toHaveLength(1);
    putNode('10.0.0.0/24', 'fd00:10::/64');
    putNode('10.0.9.0/24', 'fd00:10::/64');
    const { status, stderr } = await run.ended();
    expect(status).toBe(1);
    expect(stderr.at(-1)).toBe(
      `menwei: podCIDRs of node ${NODE} changed from 10.0.0.0/24, fd00:10::/64 to 10.0.9.0/24, fd00:10::/64; detectLocalMode NodeCIDR takes them at a start only`,
    );
    expect(await rulesOf('default/web')).not.toEqual([]);
  });
});
