/** The modes there are: the one place where a mode is chosen by its name. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import type { KernelError } from '@menwei/netlink';
import type { ProxyMode, Settings } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import type { Relays } from '../relay/contract.ts';
import type { AnyBackend, AnyRules } from './backend.ts';
import { LAYOUT as IPTABLES_LAYOUT } from './iptables/base.ts';
import { IptablesRules } from './iptables/rules.ts';
import { iptablesOptions, startIptables } from './iptables/start.ts';
import { LAYOUT as IPVS_LAYOUT } from './ipvs/base.ts';
import { IpvsRules } from './ipvs/rules.ts';
import { ipvsOptions, missingForIpvs, startIpvs } from './ipvs/start.ts';
import { NftablesRules } from './nftables/rules.ts';
import { nftablesOptions, startNftables } from './nftables/start.ts';
import { LAYOUT as USERSPACE_LAYOUT } from './userspace/base.ts';
import { UserspaceRules } from './userspace/rules.ts';
import { startUserspace, userspaceOptions } from './userspace/start.ts';
import type { Layout } from './xtables/layout.ts';

/** What a mode finds on the machine it starts on. */
export interface Surroundings {
  readonly runner: ToolRunner;
  readonly logger: Logger;
  /** See NodeView; none in a mode that does not use them. */
  readonly localAddresses: (family: IpFamily) => readonly string[];
  /** For a mode that forwards by itself; none where nothing is going to be forwarded. */
  readonly relays?: Relays | undefined;
}

export interface Mode {
  /** It drops what goes to unallocated cluster IPs, for which it must know their ranges. */
  readonly usesServiceCIDRs: boolean;
  /** It programs the node's addresses one by one. */
  readonly usesLocalAddresses: boolean;
  /** It listens by itself, and so must know an address that really is the node's. */
  readonly usesOwnAddress: boolean;
  /** Its iptables chains; undefined in a mode that has none. */
  readonly layout: Layout | undefined;
  /** What of the kernel it needs and can't have, in words. Modules that can be loaded are loaded. */
  missing(
    surroundings: Pick<Surroundings, 'runner' | 'logger'>,
    signal: AbortSignal,
  ): Promise<readonly string[]>;
  rules(settings: Settings, family: IpFamily): AnyRules;
  /** A KernelError says why the family can't be served on this machine. */
  start(
    settings: Settings,
    family: IpFamily,
    surroundings: Surroundings,
    signal: AbortSignal,
  ): Promise<AnyBackend | KernelError>;
}

const MODES: Readonly<Record<ProxyMode, Mode>> = {
  iptables: {
    usesServiceCIDRs: false,
    usesLocalAddresses: false,
    usesOwnAddress: false,
    layout: IPTABLES_LAYOUT,
    missing: async () => [],
    rules: (settings, family) => new IptablesRules(iptablesOptions(settings, family)),
    start: (settings, family, { runner, logger }, signal) =>
      startIptables(settings, family, runner, logger, signal),
  },
  nftables: {
    usesServiceCIDRs: true,
    usesLocalAddresses: false,
    usesOwnAddress: false,
    layout: undefined,
    missing: async () => [],
    rules: (settings, family) => new NftablesRules(nftablesOptions(settings, family)),
    start: async (settings, family) => startNftables(settings, family),
  },
  ipvs: {
    usesServiceCIDRs: false,
    usesLocalAddresses: true,
    usesOwnAddress: false,
    layout: IPVS_LAYOUT,
    missing: missingForIpvs,
    rules: (settings, family) => new IpvsRules(ipvsOptions(settings, family)),
    start: startIpvs,
  },
  userspace: {
    usesServiceCIDRs: false,
    usesLocalAddresses: false,
    usesOwnAddress: true,
    layout: USERSPACE_LAYOUT,
    missing: async () => [],
    rules: (settings, family) => new UserspaceRules(userspaceOptions(settings, family)),
    start: startUserspace,
  },
};

export function findMode(name: ProxyMode): Mode {
  return MODES[name];
}
