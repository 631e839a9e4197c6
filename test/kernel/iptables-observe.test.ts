/** Laws of the iptables backend on the real kernel, with both variants of the tools: what was applied is observed. */
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { IP_FAMILIES } from '../../src/addresses/ip.ts';
import { IptablesBackend } from '../../src/backends/iptables/backend.ts';
import type { IptablesUnit } from '../../src/backends/iptables/unit.ts';
import { findIptables } from '../../src/kernel/iptables-tools.ts';
import { startToolRunner, type ToolRunner } from '../../src/kernel/tool-runner.ts';
import { silentLogger } from '../../src/log/logger.ts';
import type { NodeView } from '../../src/services/node-view.ts';
import type { ServicePort } from '../../src/services/service-port.ts';
import { aNodeView, anEndpoint, aServicePort, type ServicePortFields } from '../../src/services/testing.ts';

const VARIANTS = [
  { variant: 'legacy', binary: '/usr/sbin/xtables-legacy-multi' },
  { variant: 'nf_tables', binary: '/usr/sbin/xtables-nft-multi' },
] as const;
const TOOLS = ['iptables', 'ip6tables'].flatMap((name) => [name, `${name}-save`, `${name}-restore`]);

const ADDRESSES = {
  IPv4: {
    service: '172.30.0.',
    pod: '10.180.0.',
    outside: '203.0.113.',
    range: '203.0.113.0/25',
    pods: '10.0.0.0/8',
  },
  IPv6: {
    service: 'fd00:30::',
    pod: 'fd00:10::',
    outside: '2001:db8::',
    range: '2001:db8::/64',
    pods: 'fd00:10::/32',
  },
} as const;

describe.each(VARIANTS)('iptables $variant', ({ variant, binary }) => {
  const folder = mkdtempSync(join(tmpdir(), 'menwei-tools-'));
  const pathBefore = process.env.PATH;
  let runner: ToolRunner;

  beforeAll(() => {
    for (const tool of TOOLS) symlinkSync(binary, join(folder, tool));
    process.env.PATH = `${folder}:${pathBefore}`;
    runner = startToolRunner();
  });

  afterAll(() => {
    runner.close();
    process.env.PATH = pathBefore;
    rmSync(folder, { recursive: true });
  });

  describe.each(IP_FAMILIES)('%s', (family) => {
    const { service, pod, outside, range, pods } = ADDRESSES[family];
    const signal = new AbortController().signal;
    const node: NodeView = aNodeView({ family, ip: `${outside}9`, detectLocal: { by: 'cidr', cidr: pods } });
    let backend: IptablesBackend;

    beforeEach(async () => {
      backend = new IptablesBackend({
        family,
        tools: await findIptables(runner, family, signal),
        logger: silentLogger,
        watchPeriodMs: 1_000,
        masqueradeMark: 1 << 14,
        masqueradeAll: false,
        localhostNodePorts: family === 'IPv4',
        conntrackLiberal: false,
        accounting: false,
      });
      await backend.cleanup(signal);
    });

    const endpoints = [1, 2, 3].map((n) => anEndpoint({ ip: `${pod}${n}`, isLocal: n === 1 }));
    const port = (fields: ServicePortFields = {}) =>
      aServicePort({ clusterIP: `${service}1`, endpoints, ...fields });
    const everything: readonly ServicePort[] = [
      port({ name: 'plain' }),
      port({
        name: 'empty',
        clusterIP: `${service}2`,
        endpoints: [],
        nodePort: 30002,
        externalIPs: [`${outside}2`],
      }),
      port({ name: 'udp', clusterIP: `${service}3`, protocol: 'UDP', sessionAffinitySeconds: 10_800 }),
      port({ name: 'sctp', clusterIP: `${service}4`, protocol: 'SCTP' }),
      port({
        name: 'remote',
        clusterIP: `${service}5`,
        internalPolicyLocal: true,
        endpoints: endpoints.slice(1),
      }),
      port({
        name: 'full',
        clusterIP: `${service}6`,
        nodePort: 30006,
        externalIPs: [`${outside}6`],
        loadBalancerVIPs: [`${outside}7`],
        loadBalancerSourceRanges: [range, `${outside}77/${family === 'IPv4' ? 32 : 128}`],
        healthCheckNodePort: 30106,
        externalPolicyLocal: true,
        sessionAffinitySeconds: 60,
      }),
      port({
        name: 'wide',
        clusterIP: `${service}7`,
        endpoints: Array.from({ length: 120 }, (_, n) => anEndpoint({ ip: `${pod}${n + 10}` })).sort(
          (a, b) => (a.text < b.text ? -1 : 1),
        ),
      }),
    ];

    function unitsOf(ports: readonly ServicePort[], view = node): ReadonlyMap<string, IptablesUnit> {
      return new Map(ports.map((servicePort) => [servicePort.key, backend.compile(servicePort, view)]));
    }

    it('finds the variant', async () => {
      expect((await findIptables(runner, family, signal)).variant).toBe(variant);
    });

    it('observes what was applied: nothing is left to change', async () => {
      const plan = backend.plan();
      plan.update(node, unitsOf(everything));
      await backend.apply(backend.diff(await backend.observe(signal), plan.complete()), signal);
      expect(backend.format(backend.diff(await backend.observe(signal), plan.complete()))).toBe('');
    });

    it('reaches the same state by single changes as at once', async () => {
      const plan = backend.plan();
      const first = plan.update(node, unitsOf(everything.slice(0, 4)));
      await backend.apply(backend.diff(await backend.observe(signal), first.after), signal);
      for (const servicePort of everything.slice(4)) {
        const { before, after } = plan.update(node, unitsOf([servicePort]));
        await backend.apply(backend.diff(before, after), signal);
      }
      const [plain, empty] = everything;
      if (plain === undefined || empty === undefined) throw new Error('BUG: no service ports');
      const { before, after } = plan.update(
        node,
        new Map([[plain.key, undefined], ...unitsOf([{ ...empty, endpoints, nodePort: 30102 }])]),
      );
      await backend.apply(backend.diff(before, after), signal);
      expect(backend.format(backend.diff(await backend.observe(signal), plan.complete()))).toBe('');
    });

    it('does not rewrite the rules of a cluster that became large, which go without comments', async () => {
      const plan = backend.plan();
      plan.update(node, unitsOf(everything));
      await backend.apply(backend.diff(await backend.observe(signal), plan.complete()), signal);
      const large = backend.plan();
      large.update(node, unitsOf(everything, { ...node, largeCluster: true }));
      expect(backend.format(backend.diff(await backend.observe(signal), large.complete()))).toBe('');
    });

    it('leaves nothing behind after cleanup but what the kubelet shares', async () => {
      const plan = backend.plan();
      plan.update(node, unitsOf(everything));
      await backend.apply(backend.diff(await backend.observe(signal), plan.complete()), signal);
      await backend.cleanup(signal);
      const { own, fixed } = await backend.observe(signal);
      expect([...own]).toEqual([]);
      expect([...fixed.keys()].filter((id) => id.includes('KUBE-'))).toEqual(['filter KUBE-FIREWALL']);
    });
  });
});
