import { openBackend } from '@menwei/testing/backends/iptables/laws.ts';
import { fillPlan, install, updatePlan } from '@menwei/testing/backends/laws.ts';
import { FakeIptables } from '@menwei/testing/kernel/iptables.ts';
import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

const signal = new AbortController().signal;

async function openWatched() {
  const tools = new FakeIptables();
  const backend = openBackend(tools, 'IPv4', { watchPeriodMs: 5 });
  const web = aServicePort({ endpoints: [anEndpoint()] });
  const world = { node: aNodeView(), ports: new Map([[web.key, web]]) };
  const plan = fillPlan(backend, world);
  await install(backend, plan);
  const stop = new AbortController();
  const drifts: string[] = [];
  const checks = { count: 0 };
  const ended = backend.watch(
    {
      drifted: (what = '') => drifts.push(what),
      inTurn: (work) => {
        checks.count++;
        return work();
      },
      left: () => plan,
    },
    stop.signal,
  );
  const afterChecks = async (count: number) => {
    const until = checks.count + count;
    while (checks.count < until) await vi.advanceTimersByTimeAsync(5);
  };
  return {
    tools,
    drifts,
    afterChecks,
    saves: () => tools.operations.filter(({ verb }) => verb === 'save').length,
    async change() {
      const next = { ...web, endpoints: [anEndpoint({ ip: '10.0.0.9' })] };
      const ports = new Map([[web.key, next]]);
      const { before, after } = updatePlan(backend, plan, world, { ...world, ports });
      await backend.apply(backend.diff(before, after), signal);
    },
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

// How long a check takes decides when the next one is.
beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

describe('a watch of iptables rules', () => {
  it('takes what we change ourselves for no damage', async () => {
    await using kernel = await openWatched();
    await kernel.afterChecks(1);
    await kernel.change();
    await kernel.afterChecks(1);
    expect(kernel.drifts).toEqual([]);
  });

  it('takes what others change in their own chains for no damage', async () => {
    await using kernel = await openWatched();
    await kernel.afterChecks(1);
    kernel.tools.meddle('*nat\n:THEIRS - [0:0]\n-A THEIRS -j RETURN\n-I PREROUTING -j THEIRS\nCOMMIT\n');
    await kernel.afterChecks(1);
    expect(kernel.drifts).toEqual([]);
  });

  it('tells the chains that somebody changed', async () => {
    await using kernel = await openWatched();
    await kernel.afterChecks(1);
    kernel.tools.meddle('*nat\n-F KUBE-SERVICES\n-F PREROUTING\nCOMMIT\n*filter\n-F KUBE-FORWARD\nCOMMIT\n');
    await kernel.afterChecks(1);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(kernel.drifts[0]).toBe(
      'another program changed iptables rules in filter KUBE-FORWARD, nat KUBE-SERVICES, nat PREROUTING',
    );
  });
});
