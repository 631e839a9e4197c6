/** The modes with iptables rules, and nftables, as the laws of a proxy that runs are tried on them, be the kernel real or not. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { IptablesTools } from '@menwei/kernel/iptables-tools.ts';
import type { NfTablesClient } from '@menwei/netlink/nftables';
import { openBackend as openIptables } from '@menwei/testing/backends/iptables/laws.ts';
import { openBackend as openNftables } from '@menwei/testing/backends/nftables/laws.ts';
import { FakeRelays } from '@menwei/testing/backends/userspace/fake-relays.ts';
import { openBackend as openUserspace } from '@menwei/testing/backends/userspace/laws.ts';
import { Faults } from '@menwei/testing/kernel/faults.ts';
import { faulty } from '@menwei/testing/kernel/faulty.ts';
import type { LoopBench } from '@menwei/testing/proxy/laws.ts';

const signal = new AbortController().signal;

function openFaults(seed: number) {
  return { faults: new Faults({ seed, rate: 0.1 }), mistakes: new Faults({ seed, rate: 0.06 }) };
}

function faultyTools(tools: IptablesTools, faults: Faults): IptablesTools {
  return faulty(tools, faults, ['save', 'restore', 'list', 'createChain']);
}

/** Somebody empties a chain of ours, or a table. */
async function meddleWith(tools: IptablesTools, random: number): Promise<void> {
  const chain = random < 0.5 ? 'KUBE-FORWARD' : 'FORWARD';
  const there = await tools.list('filter', chain, signal);
  if (there !== undefined) await tools.restore([`*filter\n-F ${chain}\nCOMMIT\n`], signal);
}

export function openIptablesBench(
  tools: IptablesTools,
  family: IpFamily,
  seed: number,
  watchPeriodMs: number,
): LoopBench<unknown, unknown, unknown> {
  const { faults, mistakes } = openFaults(seed);
  return {
    backend: openIptables(faultyTools(tools, faults), family, { watchPeriodMs }),
    observer: openIptables(tools, family),
    faults,
    mistakes,
    hasWatch: true,
    meddle: (random) => meddleWith(tools, random),
  };
}

/** Of the tools, and those of the relays that end with them. */
class UserspaceFaults extends Faults {
  #others: Faults | undefined;

  with(others: Faults): this {
    this.#others = others;
    return this;
  }

  override stop(): void {
    super.stop();
    this.#others?.stop();
  }
}

/** Ports are few, and some of them have been taken. */
export function openUserspaceBench(
  tools: IptablesTools,
  family: IpFamily,
  seed: number,
  watchPeriodMs: number,
): LoopBench<unknown, unknown, unknown> {
  const { mistakes } = openFaults(seed);
  const faults = new UserspaceFaults({ seed, rate: 0.1 });
  const taken = new Set(['TCP 40001', 'UDP 40003']);
  const relays = new FakeRelays({ faults: { seed, rate: 0.1 }, taken });
  const options = { watchPeriodMs, portRange: { first: 40_000, last: 40_019 } };
  return {
    backend: openUserspace({ tools: faultyTools(tools, faults), relays }, family, options),
    observer: openUserspace({ tools, relays }, family, options),
    faults: faults.with(relays.faults),
    mistakes,
    hasWatch: true,
    meddle: (random) => meddleWith(tools, random),
  };
}

/** @param hasWatch a fake is heard by nobody */
export function openNftablesBench(
  client: NfTablesClient,
  observer: NfTablesClient,
  family: IpFamily,
  seed: number,
  hasWatch: boolean,
): LoopBench<unknown, unknown, unknown> {
  const unsafe = ['apply', 'observe', 'observeDynamicElements'] as const;
  const { faults, mistakes } = openFaults(seed);
  return {
    backend: openNftables(faulty(client, faults, unsafe), family),
    observer: openNftables(observer, family),
    faults,
    mistakes,
    hasWatch,
  };
}
