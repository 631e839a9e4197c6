/**
 * Taking the virtual servers away that a former ipvs mode has left. Connections of IPVS live in its own table, and die with
 * the virtual server. New ones go by the new rules, which translate them before IPVS sees them. So what has connections
 * stays without weight until they have ended, with its address, which makes their packets come here
 * (docs/decisions/0024).
 */
import { constants } from 'node:os';
import { formatHostPort, type IpFamily } from '@menwei/addresses/ip.ts';
import type { ConntrackTable } from '@menwei/netlink/conntrack';
import type { IpSetClient } from '@menwei/netlink/ipset';
import {
  type Frontend,
  type IpvsClient,
  type IpvsEdit,
  isGone,
  type ObservedDestination,
} from '@menwei/netlink/ipvs';
import type { LinkClient } from '@menwei/netlink/route';
import type { Removal } from '../leftovers.ts';
import { isWithoutAddresses } from './kernel-cleanup.ts';
import { Ledger } from './ledger.ts';
import { DEVICE } from './names.ts';
import { ledgerShape } from './sets.ts';
import { formatDestination, type IpvsState } from './state.ts';

const { EADDRNOTAVAIL } = constants.errno;

export type ConntrackDeletion = Pick<ConntrackTable, 'applyDeletion'>;

interface Clients {
  readonly family: IpFamily;
  readonly ipvs: Pick<IpvsClient, 'observeDestinations' | 'apply'>;
  readonly links: LinkClient;
  readonly sets: IpSetClient;
  readonly conntrack: ConntrackDeletion;
}

interface HeldServer {
  readonly frontend: Frontend;
  readonly destinations: readonly ObservedDestination[];
}

/** @param mayDrain what has connections stays. Throws KernelError. */
export async function removeServers(
  clients: Clients,
  state: IpvsState,
  mayDrain: boolean,
  signal: AbortSignal,
): Promise<Removal> {
  if (mayDrain) await stopNewConnections(clients, state, signal);
  const held: HeldServer[] = [];
  for (const { server } of state.servers.values()) {
    signal.throwIfAborted();
    const { frontend } = server;
    held.push({ frontend, destinations: await clients.ipvs.observeDestinations(frontend, signal) });
  }
  const isBusy = (server: HeldServer) => mayDrain && connectionsOf(server) > 0;
  const { busy = [], idle = [] } = Object.groupBy(held, (server) => (isBusy(server) ? 'busy' : 'idle'));
  await removeIdle(clients, state, idle, signal);
  const addresses = await removeAddresses(clients, state, busy, signal);
  const connections = busy.reduce((sum, server) => sum + connectionsOf(server), 0);
  return {
    removed:
      idle.length + addresses === 0
        ? undefined
        : `${idle.length} virtual servers of IPVS and ${addresses} addresses of ${DEVICE}`,
    draining:
      busy.length === 0
        ? undefined
        : `${busy.length} virtual servers of IPVS with ${connections} connections`,
  };
}

function connectionsOf({ destinations }: HeldServer): number {
  return destinations.reduce((sum, each) => sum + each.activeConnections + each.inactiveConnections, 0);
}

/** The new rules see to it already where they translate; of a Service that is gone, this does. */
async function stopNewConnections(clients: Clients, state: IpvsState, signal: AbortSignal): Promise<void> {
  const edits = [...state.servers.values()].flatMap(({ server: { frontend }, destinations }) =>
    Array.from(
      destinations.values(),
      (destination): IpvsEdit => ({
        change: 'set-destination',
        frontend,
        destination: { ...destination, weight: 0 },
      }),
    ),
  );
  await apply(clients, edits, signal);
}

async function removeIdle(
  clients: Clients,
  state: IpvsState,
  idle: readonly HeldServer[],
  signal: AbortSignal,
): Promise<void> {
  await forgetDatagrams(clients, idle, signal);
  const frontends = idle.map(({ frontend }) => frontend);
  const edits = frontends.map((frontend): IpvsEdit => ({ change: 'remove-server', frontend }));
  await apply(clients, edits, signal);
  if (state.sets.has(ledgerShape(clients.family).name))
    await new Ledger(clients.sets, signal).strike(frontends);
}

/**
 * Conntrack leads a flow of datagrams to the virtual server for as long as it goes on, past the new rules. Without its entry the
 * next datagram is a new connection.
 */
async function forgetDatagrams(
  { conntrack }: Clients,
  servers: readonly HeldServer[],
  signal: AbortSignal,
): Promise<void> {
  const endpoints = new Map(
    servers.flatMap(({ frontend, destinations }) => {
      if ('mark' in frontend || frontend.protocol !== 'UDP') return [];
      const key = formatHostPort(frontend.ip, frontend.port);
      return [[key, new Set(destinations.map(formatDestination))] as const];
    }),
  );
  if (endpoints.size === 0) return;
  await conntrack.applyDeletion(
    { protocol: 'UDP' },
    ({ destination, replySource }) =>
      endpoints
        .get(formatHostPort(destination.ip, destination.port))
        ?.has(formatHostPort(replySource.ip, replySource.port)) ?? false,
    signal,
  );
}

/** All but those that virtual servers still need; with the last one, the interface. Returns how many. */
async function removeAddresses(
  { links }: Clients,
  { device, addresses }: IpvsState,
  busy: readonly HeldServer[],
  signal: AbortSignal,
): Promise<number> {
  if (!device) return 0;
  const needed = new Set(busy.map(({ frontend }) => ('mark' in frontend ? '' : frontend.ip)));
  const unneeded = [...addresses].filter((ip) => !needed.has(ip));
  const edits = unneeded.map((ip) => ({ change: 'remove', ip }) as const);
  const refused = await links.applyAddresses(DEVICE, edits, signal);
  const failed = refused.find(({ error }) => error.errno !== EADDRNOTAVAIL);
  if (failed !== undefined) throw failed.error;
  if (busy.length === 0 && (await isWithoutAddresses(links, signal))) links.removeLink(DEVICE);
  return unneeded.length;
}

/** Throws the first KernelError, unless it says that the thing is gone. */
async function apply({ ipvs }: Clients, edits: readonly IpvsEdit[], signal: AbortSignal): Promise<void> {
  const refused = await ipvs.apply(edits, signal);
  const failed = refused.find(({ error }) => !isGone(error));
  if (failed !== undefined) throw failed.error;
}
