import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { describeFaultLaws, describePureLaws, fillPlan, updatePlan } from '@menwei/testing/backends/laws.ts';
import { FakeRelays } from '@menwei/testing/backends/userspace/fake-relays.ts';
import { describeUserspaceLaws, openBackend } from '@menwei/testing/backends/userspace/laws.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { histories, worlds } from '@menwei/testing/services/arbitraries.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { atOnce } from '../../scheduling/steps.ts';

const signal = new AbortController().signal;

describeUserspaceLaws('the fake', {
  openTools: async (family) => new FakeIptables({ family }),
  runs: { numRuns: 60 },
});

function pureBackend(family: IpFamily) {
  return openBackend({ tools: new FakeIptables({ family }), relays: new FakeRelays() }, family);
}

describePureLaws('the userspace mode', pureBackend);

describeFaultLaws('the userspace mode', (family, seed) => {
  const tools = new FakeIptables({ family, faults: { seed, rate: 0.4 } });
  const relays = new FakeRelays({ faults: { seed, rate: 0.1 } });
  const stopFaults = () => {
    tools.faults.stop();
    relays.faults.stop();
  };
  return { backend: openBackend({ tools, relays }, family), stopFaults };
});

describe.each(IP_FAMILIES)('the ports of a plan, %s', (family) => {
  it('are the same on every node and after a restart', () => {
    fc.assert(
      fc.property(worlds(family), (world) => {
        const relaysOf = (ports: typeof world.ports) =>
          new Map(fillPlan(pureBackend(family), { ...world, ports }).complete().relays);
        expect(relaysOf(new Map([...world.ports].reverse()))).toEqual(relaysOf(world.ports));
      }),
    );
  });

  it('never lead to the relay of another service port, however few there are', async () => {
    const small = { portRange: { first: 40_000, last: 40_004 } };
    await fc.assert(
      fc.asyncProperty(histories(family), fc.nat(), async (history, seed) => {
        const tools = new FakeIptables({ family, faults: { seed, rate: 0.2 } });
        const relays = new FakeRelays({ taken: new Set(['TCP 40001', 'UDP 40002']) });
        const backend = openBackend({ tools, relays }, family, small);
        const plan = backend.plan();
        for (const [index, world] of history.entries()) {
          updatePlan(backend, plan, history[index - 1], world);
          await sync(backend, plan).catch(() => undefined);
        }
        tools.faults.stop();
        const outcome = await sync(backend, plan);
        const { relays: wanted, portless } = plan.complete();
        expect(new Map(relays.observe())).toEqual(new Map(wanted));
        const refused = typeof outcome === 'object' ? outcome.refused : [];
        expect(refused.map(({ servicePort }) => servicePort)).toEqual([...portless]);
      }),
    );
  });
});

type Backend = ReturnType<typeof openBackend>;

/** As the proxy does it: looks again for as long as something was in the way. */
async function sync(backend: Backend, plan: ReturnType<Backend['plan']>) {
  for (;;) {
    const observed = await backend.observe(signal);
    atOnce(plan.settle(observed));
    const changes = backend.diff(observed, plan.complete());
    const outcome = backend.isEmpty(changes) ? 'applied' : await backend.apply(changes, signal);
    if (outcome !== 'outdated') return outcome;
  }
}
