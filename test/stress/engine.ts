/** What a proxy of each mode is made of: the real backends on the real kernel, all of its interfaces behind one gate. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { findIptables } from '@menwei/kernel/iptables-tools.ts';
import { NETLINK_NETFILTER, NetlinkConnection, openNetlinkTransport } from '@menwei/netlink';
import { openIpSetClient } from '@menwei/netlink/ipset';
import { openIpvsClient } from '@menwei/netlink/ipvs';
import { NfTables } from '@menwei/netlink/nftables';
import { openLinkClient } from '@menwei/netlink/route';
import { UNREACHED_LIMITS } from '@menwei/testing/relay/testing.ts';
import type { AnyBackend } from 'menwei/backends/backend.ts';
import { IptablesBackend } from 'menwei/backends/iptables/backend.ts';
import { IpvsBackend } from 'menwei/backends/ipvs/backend.ts';
import { LAYOUT } from 'menwei/backends/ipvs/base.ts';
import { NftablesBackend } from 'menwei/backends/nftables/backend.ts';
import { UserspaceBackend } from 'menwei/backends/userspace/backend.ts';
import { KernelRules } from 'menwei/backends/xtables/kernel.ts';
import type { ProxyMode } from 'menwei/config/settings.ts';
import type { Logger } from 'menwei/log/logger.ts';
import type { Relays } from 'menwei/relay/contract.ts';
import { RelayPool } from 'menwei/relay/pool.ts';
import type { Gate } from './gate.ts';
import { gated } from './gated.ts';
import { NODE_IPS } from './site.ts';
import { GatedToolRunner } from './tools.ts';

export const MODES: readonly ProxyMode[] = ['iptables', 'nftables', 'userspace', 'ipvs'];
const MASQUERADE_MARK = 1 << 14;
/** Narrow, so that a proxy meets the ports of others. */
const PORT_RANGE = { first: 40_000, last: 40_063 };

const signal = new AbortController().signal;

interface EngineOptions {
  readonly mode: ProxyMode;
  readonly gate: Gate;
  readonly logger: Logger;
  /** What a watch has to notice, it notices within this time. */
  readonly watchMs: number;
  /** Those of a proxy that runs, for one who only looks; undefined: own ones, where the mode has any. */
  readonly relays?: Relays | undefined;
}

/** The backends of both families, and what they hold open. */
export interface Engine extends AsyncDisposable {
  readonly backends: readonly AnyBackend[];
  readonly relays: Relays | undefined;
}

export async function openEngine(options: EngineOptions): Promise<Engine> {
  const { mode, gate, logger } = options;
  const runner = new GatedToolRunner(gate);
  const stack = new DisposableStack();
  stack.defer(() => runner.close());
  const own = mode === 'userspace' && options.relays === undefined ? openPool(logger) : undefined;
  const relays = options.relays ?? own;
  const open = openBackend({ ...options, relays }, runner, stack);
  const backends = [await open('IPv4'), await open('IPv6')];
  return {
    backends,
    relays,
    [Symbol.asyncDispose]: async () => {
      stack.dispose();
      await own?.close(0);
    },
  };
}

function openPool(logger: Logger): RelayPool {
  return new RelayPool({ threads: 2, descriptors: 1_000, limits: UNREACHED_LIMITS, logger });
}

type Open = (family: IpFamily) => Promise<AnyBackend>;

function openBackend(
  { mode, gate, logger, watchMs, relays }: EngineOptions,
  runner: GatedToolRunner,
  stack: DisposableStack,
): Open {
  const toolsOf = (family: IpFamily) => findIptables(runner, family, signal);
  const answered = { answeredVIPs: 'all' } as const;
  const masquerade = { masqueradeMark: MASQUERADE_MARK, masqueradeAll: false, ...answered };
  const watch = { logger, watchPeriodMs: watchMs };
  switch (mode) {
    case 'nftables':
      return async (family) => {
        const connection = new NetlinkConnection(openNetlinkTransport(NETLINK_NETFILTER));
        const client = gated(stack.use(new NfTables(connection)), gate);
        return new NftablesBackend({ family, client, ...masquerade });
      };
    case 'iptables':
      return async (family) =>
        new IptablesBackend({
          ...{ family, tools: await toolsOf(family), ...masquerade, ...watch },
          localhostNodePorts: family === 'IPv4',
          conntrackLiberal: false,
          accounting: [],
        });
    case 'userspace':
      return async (family) =>
        new UserspaceBackend({
          ...{ family, tools: await toolsOf(family), relays, ...answered, ...watch },
          localhostNodePorts: family === 'IPv4',
          portRange: PORT_RANGE,
          listenIP: undefined,
        });
    case 'ipvs':
      return async (family) =>
        new IpvsBackend({
          ...{ family, ...masquerade, ...watch, scheduler: 'rr' },
          ipvs: gated(stack.use(openIpvsClient()), gate, 0),
          sets: gated(stack.use(openIpSetClient()), gate, 0),
          links: gated(stack.use(openLinkClient()), gate, 1),
          rules: new KernelRules({ tools: await toolsOf(family), layout: LAYOUT, family, ...watch }),
          drainTimeoutMs: UNREACHED_LIMITS.drainMs,
          answerMs: 0,
          excludeCIDRs: [],
          localAddresses: () => [NODE_IPS[family]],
        });
  }
}
