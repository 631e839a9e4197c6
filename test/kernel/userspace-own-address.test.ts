/** Userspace mode leads packets to an address of its machine, whether or not a Node object tells one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { eventually } from './behaviour/suite.ts';
import { FAMILIES } from './behaviour/topology.ts';
import { TestFolder } from './run-cluster.ts';
import { LAUNCHER } from './run-process.ts';
import { modeNamed, useCluster } from './userspace-cluster.ts';

const STRANGER = 'stranger';
const PROTOCOLS = ['TCP', 'UDP'] as const;

describe('a proxy whose Node is not there', () => {
  const cluster = useCluster(modeNamed('userspace'), { flags: [`--hostname-override=${STRANGER}`] });

  async function expectAnswers(): Promise<void> {
    for (const family of FAMILIES) {
      for (const protocol of PROTOCOLS) {
        const web = await cluster.publish({ family, protocol, nodePort: true, pods: ['a1'] });
        for (const from of ['visitor-a', 'visitor-b', 'one', 'two']) {
          const outcome = await web.ask(from, web.clusterIP);
          expect({ family, protocol, from, ...outcome }).toMatchObject({ family, protocol, from, pod: 'a1' });
        }
        expect(await web.ask('client', web.nodePortOf('two'))).toMatchObject({ pod: 'a1' });
      }
    }
  }

  it('finds an address on the machine', async () => {
    await expectAnswers();
  });

  it('keeps to it when a Node comes whose address is not on the machine, and says so', async () => {
    const addresses = ['192.168.49.77', 'fd00:49::77'].map((address) => ({ type: 'InternalIP', address }));
    await cluster.apply('stranger', [
      { apiVersion: 'v1', kind: 'Node', metadata: { name: STRANGER }, status: { addresses } },
    ]);
    await eventually(() => cluster.proxy('one').output).toMatch(
      /W no interface has the node's address 192\.168\.49\.77; taking 192\.168\.49\.2 instead family=IPv4/,
    );
    await expectAnswers();
  });

  it('goes where the Node says once an interface has that address', async () => {
    await cluster.run('one', [['ip', 'address', 'add', '192.168.49.77/24', 'dev', 'eth0']]);
    await eventually(() => cluster.proxy('one').output).toMatch(
      /an interface has the node's address again family=IPv4/,
    );
    await eventually(async () =>
      (await cluster.dump('one')).match(/--to-destination 192\.168\.49\.2:/),
    ).toBeNull();
    expect(await cluster.dump('one')).toContain('--to-destination 192.168.49.77:');
    await expectAnswers();
  });
});

describe('menwei render --mode userspace without a Node', () => {
  const manifest = (folder: TestFolder) =>
    folder.write(
      'web.yaml',
      `apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {clusterIP: 172.30.0.1, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [10.0.0.1]}]
`,
    );

  it('takes an address of this machine', () => {
    using folder = new TestFolder();
    execFileSync('ip', ['link', 'add', 'eth0', 'type', 'veth']);
    execFileSync('ip', ['address', 'add', '192.0.2.7/24', 'dev', 'eth0']);
    const args = ['render', '-f', manifest(folder), '--mode', 'userspace'];
    const { stdout, status } = spawnSync(LAUNCHER, args, { encoding: 'utf8' });
    expect({ stdout, status }).toMatchObject({
      status: 0,
      stdout: expect.stringContaining('--to-destination 192.0.2.7:'),
    });
    expect(stdout).not.toContain('127.0.0.1');
  });

  it('refuses to guess that of another one', () => {
    using folder = new TestFolder();
    const args = ['render', '-f', manifest(folder), '--mode', 'userspace', '--node', 'elsewhere'];
    expect(spawnSync(LAUNCHER, args, { encoding: 'utf8' })).toMatchObject({
      status: 1,
      stdout: '',
      stderr:
        'menwei: the IPv4 address of node elsewhere is not known; give --node-ip, or a Node object in the files\n',
    });
  });
});
