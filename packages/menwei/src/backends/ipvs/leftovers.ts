/** Finds what the ipvs mode, kube-proxy's or ours, has left: all but its iptables rules. */
import { EMPTY_RULESET } from '@menwei/netfilter/iptables/ruleset.ts';
import { formatEdit } from '@menwei/netfilter/ipvsadm/format.ts';
import type { IpSetClient, SetEdit } from '@menwei/netlink/ipset';
import type { IpvsClient } from '@menwei/netlink/ipvs';
import type { Leftovers, ProxyProgram } from '../leftovers.ts';
import { DrainingDestinations } from './draining-destinations.ts';
import { isWithoutAddresses } from './kernel-cleanup.ts';
import { Observation, type ObservationOptions } from './kernel-observation.ts';
import { type ConntrackDeletion, removeServers } from './leftover-servers.ts';
import { DEVICE } from './names.ts';
import type { RulesAccess } from './rules-access.ts';
import { setShapes } from './sets.ts';

/** The iptables rules are another one's affair. */
const NO_RULES: RulesAccess = {
  observe: async () => EMPTY_RULESET,
  restore: async () => undefined,
  watch: async () => undefined,
  cleanup: async () => undefined,
};

type LeftoverIpvs = Pick<IpvsClient, 'observeServers' | 'observePresent' | 'observeDestinations' | 'apply'>;

interface LeftoverServersOptions extends Omit<ObservationOptions, 'ipvs' | 'sets' | 'rules'> {
  /** Undefined: the kernel has none. */
  readonly sets: IpSetClient | undefined;
  /** Undefined: the kernel has no IPVS. Asked only where something shows that the mode has been here. */
  readonly openIpvs: () => LeftoverIpvs | undefined;
  readonly conntrack: ConntrackDeletion;
  /** What has connections may stay. */
  readonly mayDrain: boolean;
}

/** Virtual servers and the interface with their addresses. Throws KernelError. */
export async function findLeftoverServers(
  { openIpvs, sets = NO_SETS, conntrack, mayDrain, ...options }: LeftoverServersOptions,
  signal: AbortSignal,
): Promise<Leftovers | undefined> {
  const { family, links } = options;
  // Whose a virtual server is shows by these alone (docs/decisions/0014).
  const isTouched = links.hasLink(DEVICE) || (await namesOf(sets, family, signal)).length > 0;
  if (!isTouched) return undefined;
  const clients = { ...options, sets, conntrack, ipvs: openIpvs() ?? NO_IPVS, rules: NO_RULES };
  const { state } = await new Observation(clients, undefined, new DrainingDestinations(0), 0, signal).run();
  const servers = Array.from(state.servers.values(), ({ server }) => server.frontend);
  const { addresses } = state;
  const isOrphan = state.device && (await isWithoutAddresses(links, signal));
  if (servers.length === 0 && addresses.size === 0 && !isOrphan) return undefined;
  return {
    what: `${servers.length} virtual servers of IPVS and ${addresses.size} addresses of ${DEVICE}`,
    commands: [
      ...(servers.length > 0 ? ['# ipvsadm\n'] : []),
      ...servers.map((frontend) => `${formatEdit({ change: 'remove-server', frontend })}\n`),
      ...(state.device ? [`# ip\nlink delete ${DEVICE}\n`] : []),
    ].join(''),
    remove: (signal) => removeServers(clients, state, mayDrain, signal),
  };
}

/**
 * A set can't go while a rule asks for it: to be looked for after the rules are gone.
 *
 * @param used whose sets are in use, if anybody's are; kube-proxy knows but some of ours. Throws KernelError.
 */
export async function findLeftoverSets(
  sets: IpSetClient,
  family: ObservationOptions['family'],
  used: ProxyProgram | undefined,
  signal: AbortSignal,
): Promise<Leftovers | undefined> {
  if (used === 'menwei') return undefined;
  const all = await namesOf(sets, family, signal);
  const names = used === undefined ? all : all.filter((name) => !name.startsWith('KUBE-'));
  if (names.length === 0) return undefined;
  const what = `${names.length} IP sets`;
  return {
    what,
    commands: `# ipset\n${names.map((name) => `destroy ${name}\n`).join('')}`,
    remove: async (signal) => {
      const edits = names.map((name): SetEdit => ({ change: 'destroy', name }));
      const [refused] = await sets.apply(edits, signal);
      if (refused !== undefined) throw refused.error;
      return { removed: what, draining: undefined };
    },
  };
}

async function namesOf(
  sets: IpSetClient,
  family: ObservationOptions['family'],
  signal: AbortSignal,
): Promise<readonly string[]> {
  const held = await sets.observeSizes(signal);
  return Array.from(setShapes(family).values(), ({ name }) => name).filter((name) => held.has(name));
}

const NO_IPVS: LeftoverIpvs = {
  observeServers: async () => [],
  observePresent: async () => new Set(),
  observeDestinations: async () => [],
  apply: async () => [],
};

const NO_SETS: IpSetClient = {
  apply: async () => [],
  observe: async () => new Map(),
  observeSizes: async () => new Map(),
};
