/** The ipvs mode as the laws of a proxy that runs are tried on it, be its kernel real or not. Only tests import this file. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import {
  type Frontend,
  formatFrontend,
  type IpvsClient,
  type IpvsEdit,
  type VirtualServer,
} from '@menwei/netlink/ipvs';
import { type IpvsKernel, openBackend } from '@menwei/testing/backends/ipvs/laws.ts';
import { Faults } from '@menwei/testing/kernel/faults.ts';
import { faulty, refuseSome } from '@menwei/testing/kernel/faulty.ts';
import { overriding } from '@menwei/testing/kernel/intercepted.ts';
import type { LoopBench } from '@menwei/testing/proxy/laws.ts';
import { ADDRESSES } from '@menwei/testing/services/arbitraries.ts';
import type { IpvsChanges } from 'menwei/backends/ipvs/changes.ts';
import { DEVICE } from 'menwei/backends/ipvs/names.ts';
import type { IpvsState } from 'menwei/backends/ipvs/state.ts';
import type { IpvsUnit } from 'menwei/backends/ipvs/unit.ts';

const signal = new AbortController().signal;

/** Somebody else's: one that Services may want, and one beside it, on another port of their address. */
function foreignServers(family: IpFamily): readonly VirtualServer[] {
  const ip = `${ADDRESSES[family].outside}1`;
  return [80, 9_999].map((port) => {
    const frontend: Frontend = { family, protocol: 'TCP', ip, port };
    return { frontend, scheduler: 'wlc', flags: 0, timeoutSeconds: 0 };
  });
}

export async function openIpvsBench(
  kernel: IpvsKernel,
  family: IpFamily,
  seed: number,
  watchPeriodMs: number,
  between?: (random: number) => Promise<void>,
): Promise<LoopBench<IpvsUnit, IpvsState, IpvsChanges>> {
  const faults = new Faults({ seed, rate: 0.1 });
  const foreign = foreignServers(family);
  for (const server of foreign) await addForeign(kernel.ipvs, server, family);
  const wanted = new Set(foreign.map(({ frontend }) => formatFrontend(frontend)));
  const unsafe: IpvsKernel = {
    ipvs: refusingIpvs(
      faulty(kernel.ipvs, faults, ['apply', 'observeServers', 'observeDestinations', 'observePresent']),
      new Faults({ seed: seed + 1, rate: 0.05 }),
      faults,
    ),
    sets: faulty(kernel.sets, faults, ['apply', 'observe', 'observeSizes']),
    links: faulty(kernel.links, faults, ['applyAddresses', 'observeAddresses']),
    tools: faulty(kernel.tools, faults, ['save', 'restore', 'list', 'createChain']),
  };
  return {
    backend: openBackend(unsafe, family, { watchPeriodMs, drainPeriodMs: watchPeriodMs }),
    observer: openBackend(kernel, family),
    faults,
    mistakes: new Faults({ seed, rate: 0.06 }),
    hasWatch: true,
    ...(between !== undefined && { between }),
    meddle: async (random) => {
      if (random < 0.5) kernel.links.removeLink(DEVICE);
      else await removeOne(kernel.ipvs, family, wanted);
    },
    foreign: async () => {
      const texts = foreign.map(async ({ frontend }) => {
        const held = await kernel.ipvs.observeDestinations(frontend, signal);
        return `${formatFrontend(frontend)}: ${held.map(({ ip, weight }) => `${ip} ${weight}`).join()}`;
      });
      return (await Promise.all(texts)).join('\n');
    },
    isRefusedForGood: ({ servers }) =>
      servers.some(({ server }) => wanted.has(formatFrontend(server.frontend))),
  };
}

/** Some edits are refused by themselves, while the kernel has its faults. */
function refusingIpvs(ipvs: IpvsClient, refusals: Faults, faults: Faults): IpvsClient {
  const apply: IpvsClient['apply'] = async (edits, until) => {
    const { made, refused } = faults.isAtWork
      ? refuseSome(edits, refusals, isWish)
      : { made: edits, refused: [] };
    return [...refused, ...(await ipvs.apply(made, until))];
  };
  return overriding(ipvs, { apply });
}

/** What a Service may ask for and not get; whatever is there can be taken away. */
function isWish(edit: IpvsEdit): boolean {
  if (edit.change === 'add-server' || edit.change === 'set-server') return true;
  return 'destination' in edit && edit.change !== 'remove-destination' && edit.destination.weight > 0;
}

async function addForeign(ipvs: IpvsClient, server: VirtualServer, family: IpFamily): Promise<void> {
  const { frontend } = server;
  const destination = {
    ip: `${ADDRESSES[family].pod}99`,
    port: 99,
    weight: 9,
    forwarding: 'masquerade',
  } as const;
  await ipvs.apply([{ change: 'add-server', server }], signal);
  await ipvs.apply([{ change: 'add-destination', frontend, destination }], signal);
}

async function removeOne(ipvs: IpvsClient, family: IpFamily, spared: ReadonlySet<string>): Promise<void> {
  const servers = await ipvs.observeServers(family, signal);
  const victim = servers.find(({ frontend }) => !spared.has(formatFrontend(frontend)));
  if (victim !== undefined) {
    await ipvs.apply([{ change: 'remove-server', frontend: victim.frontend }], signal);
  }
}
