/** Addresses of load balancers on a segment: who answers for them, and who does when something happens. */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type AddressClaimWatch, strayClaims, watchClaims } from '@menwei/lab/address-claims.ts';
import { isFailure } from '@menwei/lab/outcome.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type LbLab, startLab } from './lb-lab.ts';

const NODES = ['node-1', 'node-2', 'node-3'] as const;
const LAB = `
nodes:
  - {name: node-1, ip: 192.168.49.2, ip6: fd00:49::2, podCIDR: 10.244.1.0/24, podCIDR6: fd00:10:244:1::/64}
  - {name: node-2, ip: 192.168.49.3, ip6: fd00:49::3, podCIDR: 10.244.2.0/24, podCIDR6: fd00:10:244:2::/64}
  - {name: node-3, ip: 192.168.49.4, ip6: fd00:49::4, podCIDR: 10.244.3.0/24, podCIDR6: fd00:10:244:3::/64}
pods: # this test answers in their name
  - {name: web-1, node: node-1, ip: 10.244.1.11, ip6: "fd00:10:244:1::11", ports: []}
  - {name: web-2, node: node-2, ip: 10.244.2.12, ip6: "fd00:10:244:2::12", ports: []}
  - {name: web-3, node: node-3, ip: 10.244.3.13, ip6: "fd00:10:244:3::13", ports: []}
client: {ip: 192.168.49.100, ip6: fd00:49::100}
loadBalancer: {pools: [192.168.49.200-192.168.49.220, fd00:49::c8-fd00:49::dc]}
`;

let lab: LbLab;
let nodeOf: ReadonlyMap<string, string>;

beforeAll(async () => {
  lab = await startLab('lb-segment', LAB);
  for (const node of NODES) {
    const pod = node.replace('node', 'web');
    await lab.session.host(pod).serve({ pod, node }, [80, 81]);
  }
  nodeOf = await lab.session.hostsByMac(NODES);
});
afterAll(() => lab?.session[Symbol.asyncDispose]());

const WEB = ['web-1', 'web-2', 'web-3'] as const;

/** A Service of all three pods that somebody answers for. */
async function offer(name: string, spec: object = {}, metadata: object = {}): Promise<string> {
  await lab.create(name, spec, metadata);
  await lab.putBehind(name, ...WEB);
  const ip = await lab.address(name);
  await expect.poll(() => reach(ip)).toMatch(/^web-/);
  return ip;
}

/** The pod that answers the client outside, or how it failed. */
async function reach(ip: string, port = 80): Promise<string> {
  const host = ip.includes(':') ? `[${ip}]` : ip;
  const outcome = await lab.session.host('client').http(`${host}:${port}`, { timeoutMs: 500 });
  return isFailure(outcome) ? outcome.error : outcome.pod;
}

function ownerIn(claims: AddressClaimWatch): string {
  return nodeOf.get(claims.claims.at(-1)?.mac ?? '') ?? 'nobody';
}

/** All that say that they have it, of the last claims, of those since then. */
function ownersSince(claims: AddressClaimWatch, from: number): readonly string[] {
  return [...new Set(claims.claims.slice(from).map(({ mac }) => nodeOf.get(mac) ?? mac))];
}

async function watch(ip: string): Promise<AddressClaimWatch> {
  const claims = await watchClaims(lab.session.host('wire'), ip);
  await expect.poll(() => claims.claims.length).toBeGreaterThan(0);
  return claims;
}

describe('one owner', () => {
  it('answers for an address, whatever happens to others', async () => {
    const ip = await offer('steady');
    const claims = await watch(ip);
    const owner = ownerIn(claims);
    const [other = ''] = NODES.filter((node) => node !== owner);
    for (const name of ['passing-1', 'passing-2', 'passing-3']) await lab.create(name);
    await lab.session.menwei('restart', other);
    for (const name of ['passing-1', 'passing-2', 'passing-3']) await lab.remove(name);
    await lab.putBehind('steady', 'web-1', 'web-2');
    await lab.putBehind('steady', ...WEB);
    expect(ownersSince(claims, 0)).toEqual([owner]);
    await claims.stop();
    await lab.remove('steady');
  });

  it('stays the owner while its Node is not Ready', async () => {
    const ip = await offer('unready');
    const claims = await watch(ip);
    const owner = ownerIn(claims);
    const setReady = (status: string) =>
      lab.api.patch(`/api/v1/nodes/${owner}/status`, { status: { conditions: [{ type: 'Ready', status }] } });
    const before = claims.claims.length;
    await setReady('False');
    await sleep(1_500);
    expect(ownersSince(claims, before)).toEqual([owner]);
    await setReady('True');
    await claims.stop();
    await lab.remove('unready');
  });

  it('follows the pods of a Local Service, once', async () => {
    const ip = await offer('local', { externalTrafficPolicy: 'Local' });
    const claims = await watch(ip);
    const owner = ownerIn(claims);
    const pod = owner.replace('node', 'web');
    const others = WEB.filter((name) => name !== pod);
    const before = claims.claims.length;
    await lab.putBehind('local', ...others);
    await expect.poll(() => ownerIn(claims)).not.toBe(owner);
    const next = ownerIn(claims);
    await lab.putBehind('local', ...WEB);
    await sleep(1_000);
    // The former owner may have been asked no more before it was not the owner any more.
    expect(ownersSince(claims, before).filter((node) => node !== owner)).toEqual([next]);
    expect(ownerIn(claims)).toBe(next);
    expect(strayClaims(claims.claims.slice(before)).forMs).toBeLessThanOrEqual(1_000);
    expect(await reach(ip)).toBe(next.replace('node', 'web'));
    await claims.stop();
    await lab.remove('local');
  });

  it('goes where no label excludes it, and the Service says so when all are excluded', async () => {
    const ip = await offer('labelled');
    const claims = await watch(ip);
    const owner = ownerIn(claims);
    const label = (node: string, value: string | null) =>
      lab.api.patch(`/api/v1/nodes/${node}`, {
        metadata: { labels: { 'node.kubernetes.io/exclude-from-external-load-balancers': value } },
      });
    await label(owner, '');
    await expect.poll(() => ownerIn(claims)).not.toBe(owner);
    for (const node of NODES) await label(node, '');
    await expect
      .poll(() => lab.condition('labelled'))
      .toMatchObject({ status: 'False', reason: 'NoEligibleNode' });
    expect((await lab.condition('labelled')).message).toContain('exclude-from-external-load-balancers');
    for (const node of NODES) await label(node, null);
    await expect.poll(() => lab.condition('labelled')).toMatchObject({ status: 'True' });
    await claims.stop();
    await lab.remove('labelled');
  });

  it('has both addresses of a dual-stack Service', async () => {
    await lab.create('dual', { ipFamilyPolicy: 'RequireDualStack' });
    await lab.putBehind('dual', ...WEB);
    const [ip4 = '', ip6 = ''] = await lab.addresses('dual', 2);
    expect([ip4.includes('.'), ip6.includes(':')]).toEqual([true, true]);
    for (const ip of [ip4, ip6]) await expect.poll(() => reach(ip)).toMatch(/^web-/);
    const both = await Promise.all([watch(ip4), watch(ip6)]);
    const [owner = ''] = both.map(ownerIn);
    expect(both.map(ownerIn)).toEqual([owner, owner]);
    await lab.session.order('drain', { node: owner, isDraining: true });
    await expect.poll(() => both.map(ownerIn)).not.toContain(owner);
    expect(new Set(both.map(ownerIn)).size).toBe(1);
    for (const ip of [ip4, ip6]) expect(await reach(ip)).toMatch(/^web-/);
    await lab.session.order('drain', { node: owner, isDraining: false });
    await Promise.all(both.map((claims) => claims.stop()));
    await lab.remove('dual');
  });

  it('has an address that two Services share', async () => {
    const metadata = { annotations: { 'metallb.io/allow-shared-ip': 'one' } };
    const ip = await offer('shared-a', {}, metadata);
    await lab.create('shared-b', { ports: [{ port: 81, targetPort: 81 }] }, metadata);
    await lab.putBehind('shared-b', ...WEB);
    expect(await lab.address('shared-b')).toBe(ip);
    await expect.poll(() => reach(ip, 81)).toMatch(/^web-/);
    const claims = await watch(ip);
    await sleep(500);
    expect(ownersSince(claims, 0)).toHaveLength(1);
    await claims.stop();
    await lab.remove('shared-a');
    await lab.remove('shared-b');
  });
});

describe('an address', () => {
  it('that a foreign host has is left to it, and the Service gets another', async () => {
    const [taken, free] = ['192.168.49.230', '192.168.49.231'];
    await lab.api.create('/apis/menwei.dev/v1alpha1/namespaces/kube-system/ipaddresspools', {
      apiVersion: 'menwei.dev/v1alpha1',
      kind: 'IPAddressPool',
      metadata: { name: 'small', namespace: 'kube-system' },
      spec: { addresses: [`${taken}-${free}`], autoAssign: false },
    });
    await lab.api.patch('/apis/menwei.dev/v1alpha1/namespaces/kube-system/l2advertisements/lab', {
      spec: { ipAddressPools: ['lab', 'small'] },
    });
    const wire = lab.session.host('wire');
    await wire.exec('ip', ['addr', 'add', `${taken}/32`, 'dev', 'wire']);
    const { stdout } = await wire.exec('ip', ['-o', 'link', 'show', 'wire']);
    const [, mac = ''] = /link\/ether (\S+)/.exec(stdout) ?? [];
    await lab.create('foreign', {}, { annotations: { 'menwei.dev/address-pool': 'small' } });
    await lab.putBehind('foreign', ...WEB);
    await expect.poll(() => lab.addresses('foreign')).toEqual([free]);
    await expect.poll(() => reach(free)).toMatch(/^web-/);
    const events = (await lab.events('foreign')).filter((event) => event.startsWith('AddressInUse'));
    expect(events.join('\n')).toContain(mac);
    await wire.exec('ip', ['addr', 'del', `${taken}/32`, 'dev', 'wire']);
    await lab.remove('foreign');
  });

  it.each([
    { loadBalancerClass: 'menwei.dev/l2', has: 'an address of the pool', expected: /^192\.168\.49\.2\d\d$/ },
    { loadBalancerClass: 'menwei.dev/node', has: 'those of nodes', expected: /^192\.168\.49\.[234]$/ },
  ])('of the class $loadBalancerClass is $has', async ({ loadBalancerClass, expected }) => {
    await lab.create('classed', { loadBalancerClass, ports: [{ port: 8080, targetPort: 80 }] });
    await lab.putBehind('classed', ...WEB);
    await expect.poll(() => lab.condition('classed')).toMatchObject({ status: 'True' });
    const { status } = await lab.get('classed');
    for (const { ip } of status.loadBalancer.ingress) {
      expect(ip).toMatch(expected);
      await expect.poll(() => reach(ip, 8080)).toMatch(/^web-/);
    }
    await lab.remove('classed');
  });

  it("of somebody else's class is not ours to give", async () => {
    await lab.create('elsewhere', { loadBalancerClass: 'example.com/other' });
    await sleep(500);
    const { metadata, status } = await lab.get('elsewhere');
    expect([metadata.finalizers, status]).toEqual([undefined, { loadBalancer: {} }]);
    await lab.remove('elsewhere');
  });
});

describe('a segment that was split', () => {
  it('has one owner again within a second after its parts are joined', async () => {
    const ip = await offer('split');
    const claims = await watch(ip);
    const owner = ownerIn(claims);
    await lab.session.order('link', { node: owner, state: 'isolated' });
    await expect.poll(() => ownerIn(claims)).not.toBe(owner);
    await lab.session.order('link', { node: owner, state: 'up' });
    await sleep(1_000);
    const joined = claims.claims.length;
    await sleep(1_500);
    expect(ownersSince(claims, joined)).toHaveLength(1);
    expect(await reach(ip)).toMatch(/^web-/);
    await claims.stop();
    await lab.remove('split');
  });
});

describe('without the API server', () => {
  /** Of the proxy on a node; it belongs to the process that holds the lab. */
  async function proxyPid(node: string): Promise<number> {
    const { pid } = await lab.session.status();
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    const found = children.find((child) =>
      readFileSync(`/proc/${child}/cmdline`, 'utf8').includes(`\0${node}\0`),
    );
    if (found === undefined) throw new Error(`no proxy of ${node} among ${children.join()}`);
    return Number(found);
  }

  it('an owner that dies has a successor', async () => {
    const ip = await offer('paused');
    const claims = await watch(ip);
    const owner = ownerIn(claims);
    const { pid } = await lab.session.status();
    const proxy = await proxyPid(owner);
    process.kill(pid, 'SIGSTOP');
    try {
      process.kill(proxy, 'SIGKILL');
      await expect.poll(() => ownerIn(claims), { timeout: 45_000 }).not.toBe(owner);
      await expect.poll(() => reach(ip)).toMatch(/^web-/);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await lab.session.menwei('restart', owner);
    await claims.stop();
    await lab.remove('paused');
  });
});
