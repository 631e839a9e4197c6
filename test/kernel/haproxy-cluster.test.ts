/** `menwei lb` with an HAProxy outside of a cluster whose nodes have real proxies: through NodePorts, and to pods. */
import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostProcess } from '@menwei/lab/host-process.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Backing, leaving, POD_PORT } from './behaviour/offer.ts';
import type { PublishedService } from './behaviour/published-service.ts';
import { eventually } from './behaviour/suite.ts';
import { LAUNCHER } from './run-process.ts';
import { modeNamed, useCluster } from './userspace-cluster.ts';

const HAPROXY_CLASS = 'menwei.dev/haproxy';
const POOL = {
  apiVersion: 'metallb.io/v1beta1',
  kind: 'IPAddressPool',
  metadata: { name: 'outside', namespace: 'metallb-system' },
  spec: { addresses: ['198.18.0.0/24'] },
};
/** How long a pod goes on serving after it has left its slice, as a preStop hook makes it. */
const GRACE_MS = 300;

describe('menwei lb with HAProxy', () => {
  const cluster = useCluster(modeNamed('nftables'));
  let folder: string;
  let controller: HostProcess;
  let newPods = 0;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'menwei-lb-'));
    const { client, nodes } = cluster.lab;
    for (const node of nodes) client.route(node.spec.podCIDR, node);
    expect(await client.exec('ip', ['route', 'add', 'local', '198.18.0.0/24', 'dev', 'lo'])).toMatchObject({
      status: 0,
    });
    const pools = join(folder, 'pools.json');
    writeFileSync(pools, JSON.stringify(POOL));
    const flags = [
      `--manifests=${cluster.manifests}`,
      `--lb-config=${pools}`,
      `--status-file=${join(folder, 'status.json')}`,
      '--haproxy-binary=haproxy',
      `--haproxy-folder=${join(folder, 'haproxy')}`,
    ];
    controller = client.spawn(LAUNCHER, ['lb', ...flags]);
  });
  afterAll(async () => {
    await controller.stop();
    rmSync(folder, { recursive: true });
  });

  /** Where clients connect, once HAProxy has it. */
  async function addressOf({ identity }: PublishedService): Promise<string> {
    const read = () => {
      const { items } = JSON.parse(readFileSync(join(folder, 'status.json'), 'utf8'));
      const item = items.find(
        ({ metadata }: { metadata: { name: string } }) => metadata.name === identity.name,
      );
      return item?.status.loadBalancer.ingress?.[0]?.ip ?? '';
    };
    await eventually(() => `${safely(read)} ${controller.output()}`).toMatch(/^198\.18\.0\.\d+ /);
    return `${read()}:80`;
  }

  /** Replaces the pods one by one, as a Deployment does, as long as the requests take. */
  async function askWhileRolling(web: PublishedService, count: number, prefix: string) {
    const target = await addressOf(web);
    let isOver = false;
    const asking = web.askOften(count, 'client', target, { concurrency: 4 }).finally(() => {
      isOver = true;
    });
    let updates = 0;
    let pods: readonly string[] = ['a1', 'b1'];
    const update = async (backings: readonly (string | Backing)[]) => {
      await web.update({ pods: backings });
      updates++;
    };
    while (!isOver) {
      const name = `${prefix}-${newPods++}`;
      const [node, subnet] = newPods % 2 === 0 ? ['one', '10.244.0'] : ['two', '10.244.1'];
      await cluster.lab.addPod({ name, node, ip: `${subnet}.${100 + newPods}`, ports: [POD_PORT] });
      await update([...pods, name]);
      const [oldest = '', ...others] = pods;
      await update([leaving(oldest), ...others, name]);
      pods = [...others, name];
      await update(pods);
      await sleep(GRACE_MS);
      if (oldest.startsWith(prefix)) await cluster.lab.removePod(oldest);
    }
    return { tally: await asking, updates };
  }

  it.each([
    ['NodePorts', {}],
    ['pods', { 'menwei.dev/backends': 'pods' }],
  ])('fails no request of 1,000 through %s while endpoints roll', async (what, annotations) => {
    const web = await cluster.publish({
      family: 'IPv4',
      protocol: 'TCP',
      nodePort: true,
      pods: ['a1', 'b1'],
      annotations,
      spec: { type: 'LoadBalancer', loadBalancerClass: HAPROXY_CLASS },
    });
    const { tally, updates } = await askWhileRolling(web, 1_000, what.toLowerCase());
    expect(tally).toMatchObject({ total: 1_000, failed: 0 });
    expect(updates).toBeGreaterThan(2);
    await web.withdraw();
  });

  it('sends nothing to a node without a pod where the policy is Local, and pods see the HAProxy host', async () => {
    const web = await cluster.publish({
      family: 'IPv4',
      protocol: 'TCP',
      nodePort: true,
      healthCheck: true,
      pods: ['b1'],
      spec: { type: 'LoadBalancer', loadBalancerClass: HAPROXY_CLASS, externalTrafficPolicy: 'Local' },
    });
    const target = await addressOf(web);
    const host = cluster.addressOf('client', 'IPv4');
    await eventually(() => nodesThatAreUp(folder)).toBe(1);
    for (let request = 0; request < 10; request++) {
      expect(await web.ask('client', target)).toMatchObject({ pod: 'b1', client: host });
    }
    await web.update({ pods: ['a1'] });
    await eventually(async () => await web.ask('client', target)).toMatchObject({ pod: 'a1', client: host });
    await web.withdraw();
  });

  it('leaves nothing of Services that are gone', async () => {
    await eventually(() => readFileSync(join(folder, 'haproxy', 'services.cfg'), 'utf8')).not.toMatch(
      /^listen/m,
    );
    await controller.stop();
    const listening = await cluster.lab.client.exec('ss', ['-Hltn']);
    expect(listening.stdout).not.toContain('198.18.0.');
    expect(execFileSync('ps', ['axww'], { encoding: 'utf8' })).not.toContain(folder);
  });
});

function safely(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}

/** By HAProxy's own word. */
function nodesThatAreUp(folder: string): number {
  const admin = join(folder, 'haproxy', 'admin.sock');
  const ask = `require('node:net').connect(${JSON.stringify(admin)}).end('show stat\\n').pipe(process.stdout)`;
  const stat = execFileSync(process.execPath, ['-e', ask], { encoding: 'utf8' });
  return stat.split('\n').filter((line) => /_\d+,/.test(line) && line.includes(',UP,')).length;
}
