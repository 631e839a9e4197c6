/** What the watch of iptables rules hears where the kernel tells, and what it does not take for damage. */
import { execFileSync } from 'node:child_process';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import { openBackend } from '@menwei/testing/backends/iptables/laws.ts';
import { install, updatePlan } from '@menwei/testing/backends/laws.ts';
import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import type { InTurn } from 'menwei/backends/backend.ts';
import { Turns } from 'menwei/scheduling/turns.ts';
import { expect, it, vi } from 'vitest';
import { describeVariants } from './iptables-variants.ts';

const signal = new AbortController().signal;
const PATIENCE = { timeout: 20_000, interval: 10 };

function worldOf(family: IpFamily, services: number) {
  const node = aNodeView({ family });
  const ports = Array.from({ length: services }, (_, index) => {
    const number = `${index >> 8}.${index & 255}`;
    const endpoints = [1, 2, 3].map((pod) => anEndpoint({ ip: `10.${pod}.${number}` }));
    return aServicePort({ name: `web-${index}`, clusterIP: `172.30.${number}`, endpoints });
  });
  return { node, ports: new Map(ports.map((port) => [port.key, port])) };
}

describeVariants((_variant, openKernel) => {
  /** A backend that is watched, with a few Services. */
  async function open(tools: IptablesTools) {
    const family = 'IPv4';
    const backend = openBackend(tools, family);
    let world = worldOf(family, 2);
    const plan = backend.plan();
    updatePlan(backend, plan, undefined, world);
    await install(backend, plan);
    const turns = new Turns();
    const drifts: string[] = [];
    const stop = new AbortController();
    let looks = 0;
    const inTurn: InTurn = (work) => turns.take(() => work().finally(() => looks++));
    const drifted = (what = '') => drifts.push(what);
    const ended = backend.watch({ drifted, inTurn, left: () => plan }, stop.signal);
    // The canaries are made, and what came before was looked into.
    await expect.poll(() => looks, PATIENCE).toBeGreaterThanOrEqual(2);
    return {
      drifts,
      async change(services: number) {
        const next = worldOf(family, services);
        const { before, after } = updatePlan(backend, plan, world, next);
        world = next;
        await turns.take(() => backend.apply(backend.diff(before, after), signal));
      },
      async [Symbol.asyncDispose]() {
        stop.abort();
        await ended;
        backend.close();
      },
    };
  }

  const iptables = (...args: readonly string[]) => execFileSync('iptables', ['-w', '5', ...args]);

  it('reads nothing for what is our own', async () => {
    const tools = await openKernel('IPv4');
    await using watched = await open(tools);
    const [saves, lists] = [vi.spyOn(tools, 'save'), vi.spyOn(tools, 'list')];
    for (const services of [100, 3]) await watched.change(services);
    iptables('-t', 'nat', '-F', 'KUBE-MARK-MASQ');
    const told = /^iptables \(process \d+\) changed iptables rules in nat KUBE-MARK-MASQ$/;
    await expect.poll(() => watched.drifts, PATIENCE).toEqual([expect.stringMatching(told)]);
    expect(saves.mock.calls).toEqual([]);
    expect(lists.mock.calls.map(([table, chain]) => `${table} ${chain}`)).toEqual(['nat KUBE-MARK-MASQ']);
  });

  it('looks at the jumps of a built-in chain, and at nothing that belongs to others', async () => {
    const tools = await openKernel('IPv4');
    await using watched = await open(tools);
    const lists = vi.spyOn(tools, 'list');
    iptables('-t', 'nat', '-N', 'THEIRS');
    iptables('-t', 'nat', '-A', 'THEIRS', '-j', 'RETURN');
    iptables('-t', 'nat', '-I', 'PREROUTING', '-j', 'THEIRS');
    await expect.poll(() => lists.mock.calls.map(([, chain]) => chain), PATIENCE).toEqual(['PREROUTING']);
    iptables('-t', 'nat', '-D', 'PREROUTING', '2');
    await expect.poll(() => watched.drifts, PATIENCE).toEqual([expect.stringMatching(/nat PREROUTING$/)]);
  });

  it('misses nothing that was done before it began', async () => {
    const tools = await openKernel('IPv4');
    const list = tools.createChain.bind(tools);
    vi.spyOn(tools, 'createChain').mockImplementationOnce((...args) => {
      iptables('-t', 'nat', '-F', 'KUBE-SERVICES');
      return list(...args);
    });
    await using watched = await open(tools);
    await expect.poll(() => watched.drifts, PATIENCE).toEqual([expect.stringMatching(/nat KUBE-SERVICES$/)]);
  });

  it('hears of a table that is deleted, and of a canary', async () => {
    const tools = await openKernel('IPv4');
    await using watched = await open(tools);
    iptables('-t', 'mangle', '-X', 'KUBE-PROXY-CANARY');
    await expect
      .poll(() => watched.drifts, PATIENCE)
      .toEqual([expect.stringMatching(/mangle KUBE-PROXY-CANARY$/)]);
    execFileSync('nft', ['delete', 'table', 'ip', 'nat']);
    await expect.poll(() => watched.drifts[1], PATIENCE).toMatch(/^nft \(process \d+\) changed/);
  });
}, 'nf_tables');
