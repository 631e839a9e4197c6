/** What becomes of guards when the kernel refuses a change; the order of all others is held by test/tracer/guards.test.ts. */

import { KernelError } from '@menwei/netlink';
import type { IpvsEdit } from '@menwei/netlink/ipvs';
import { openBackend } from '@menwei/testing/backends/ipvs/laws.ts';
import { fillPlan, install, updatePlan } from '@menwei/testing/backends/laws.ts';
import { FakeIpSets } from '@menwei/testing/kernel/ip-set.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { FakeIpvs } from '@menwei/testing/kernel/ipvs.ts';
import { FakeLinks } from '@menwei/testing/kernel/links.ts';
import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { describe, expect, it, vi } from 'vitest';

const signal = new AbortController().signal;
const NODE = aNodeView();
const VIP = '203.0.113.7';
const SHOP = aServicePort({
  loadBalancerVIPs: [VIP],
  loadBalancerSourceRanges: ['192.0.2.0/24'],
  endpoints: [anEndpoint()],
});
const WORLD = { node: NODE, ports: new Map([[SHOP.key, SHOP]]) };
const REFUSED = new KernelError({ operation: 'change', object: 'something', detail: 'no memory', errno: 12 });

function open() {
  const tools = new FakeIptables({ hasSet: () => true });
  const kernel = { tools, sets: new FakeIpSets(), ipvs: new FakeIpvs(), links: new FakeLinks() };
  return { ...kernel, backend: openBackend(kernel, 'IPv4') };
}

describe('guards', () => {
  it.each<IpvsEdit['change']>(['remove-destination', 'remove-server'])(
    'stay for a virtual server of which the kernel refuses %s, until it is gone',
    async (refused) => {
      const { backend, ipvs, sets, tools } = open();
      const plan = fillPlan(backend, WORLD);
      await install(backend, plan);
      const { before, after } = updatePlan(backend, plan, WORLD, { node: NODE, ports: new Map() });
      const apply = ipvs.apply.bind(ipvs);
      const refusing = vi.spyOn(ipvs, 'apply').mockImplementation(async (edits, aborted) => {
        const rest = await apply(
          edits.filter(({ change }) => change !== refused),
          aborted,
        );
        const left = edits.filter(({ change }) => change === refused);
        return [...rest, ...left.map((edit) => ({ edit, error: REFUSED }))];
      });
      expect(await backend.apply(backend.diff(before, after), signal)).toMatchObject({
        refused: expect.arrayContaining([{ servicePort: SHOP.key, error: REFUSED }]),
      });
      const isGuarded = () => ({
        member: sets.dump().get('KUBE-LOAD-BALANCER-FW')?.entries.has(`${VIP},tcp:80`),
        rule: tools.dump().includes('-j KUBE-SOURCE-RANGES-FIREWALL'),
      });
      // Where only the empty virtual server is left, nobody gets anywhere.
      if (refused === 'remove-destination') expect(isGuarded()).toEqual({ member: true, rule: true });
      refusing.mockRestore();
      await install(backend, plan);
      expect(isGuarded()).toEqual({ member: false, rule: false });
      expect([...ipvs.dump()]).toEqual([]);
    },
  );

  it('that can’t be set up leave a virtual server without destinations', async () => {
    const { backend, ipvs, sets } = open();
    const apply = sets.apply.bind(sets);
    vi.spyOn(sets, 'apply').mockImplementation(async (edits, aborted) => {
      const isRefused = (edit: (typeof edits)[number]) =>
        edit.change === 'add' && edit.shape.name === 'KUBE-LOAD-BALANCER-FW';
      const rest = await apply(
        edits.filter((edit) => !isRefused(edit)),
        aborted,
      );
      return [...rest, ...edits.filter(isRefused).map((edit) => ({ edit, error: REFUSED }))];
    });
    const plan = fillPlan(backend, WORLD);
    const changes = backend.diff(await backend.observe(signal), plan.complete());
    expect(await backend.apply(changes, signal)).toMatchObject({ refused: [{ servicePort: SHOP.key }] });
    expect(ipvs.dump().get(`TCP ${VIP}:80`)?.destinations.size).toBe(0);
    expect(ipvs.dump().get('TCP 172.30.0.1:80')?.destinations.size).toBe(1);
  });
});
