/** The virtual servers of a fake kernel: what it takes, and what it refuses as ip_vs_ctl.c does. */
import { constants } from 'node:os';
import { familyOf, formatHostPort } from '@menwei/addresses/ip.ts';
import {
  type Destination,
  type Frontend,
  type FrontendKey,
  formatFrontend,
  type IpvsEdit,
  SERVER_PERSISTENT,
  type VirtualServer,
} from '@menwei/netlink/ipvs';
import { Refused } from './refused.ts';

const { EEXIST, EINVAL, ENOENT, ERANGE, ESRCH } = constants.errno;
/** IP_VS_SCHEDNAME_MAXLEN, with a zero byte at its end. */
const MAX_SCHEDULER_NAME = 15;
const SCHEDULERS: ReadonlySet<string> = new Set([
  ...['none', 'rr', 'wrr', 'lc', 'wlc', 'lblc', 'lblcr', 'dh', 'sh', 'sed', 'nq', 'fo', 'ovf', 'mh', 'twos'],
]);
/** Broadcast and multicast. */
const NOWHERE_IPV4 = /^(0|22[4-9]|23\d)\.|^255\.255\.255\.255$/;
/** The address of nobody, multicast, and addresses that need an interface. */
const NOWHERE_IPV6 = /^(::$|ff|fe[89ab])/;

export interface HeldServer {
  readonly server: VirtualServer;
  /** By `10.0.0.1:80`. */
  readonly destinations: ReadonlyMap<string, Destination>;
}

export class IpvsTable {
  readonly #servers = new Map<
    FrontendKey,
    { server: VirtualServer; destinations: Map<string, Destination> }
  >();

  get servers(): ReadonlyMap<FrontendKey, HeldServer> {
    return this.#servers;
  }

  /** Throws Refused. */
  run(edit: IpvsEdit): void {
    switch (edit.change) {
      case 'add-server':
      case 'set-server':
        this.#putServer(edit.change, edit.server);
        return;
      case 'remove-server':
        this.#find(edit.frontend);
        this.#servers.delete(formatFrontend(edit.frontend));
        return;
      case 'add-destination':
      case 'set-destination':
        this.#putDestination(edit.change, edit.frontend, edit.destination);
        return;
      case 'remove-destination': {
        const { destinations } = this.#find(edit.frontend);
        if (!destinations.delete(keyOf(edit.frontend, edit.destination))) throw new Refused(ENOENT, '');
      }
    }
  }

  #putServer(change: 'add-server' | 'set-server', server: VirtualServer): void {
    const key = formatFrontend(server.frontend);
    if (server.scheduler.length > MAX_SCHEDULER_NAME) throw new Refused(EINVAL, '');
    if (change === 'add-server' && this.#servers.has(key)) throw new Refused(EEXIST, '');
    const destinations = change === 'add-server' ? new Map() : this.#find(server.frontend).destinations;
    if (!SCHEDULERS.has(server.scheduler)) throw new Refused(ENOENT, '');
    const isPersistent = (server.flags & SERVER_PERSISTENT) !== 0;
    const held = { ...server, timeoutSeconds: isPersistent ? server.timeoutSeconds : 0 };
    this.#servers.set(key, { server: held, destinations });
  }

  #putDestination(
    change: 'add-destination' | 'set-destination',
    frontend: Frontend,
    { ip, port, weight, forwarding }: Destination,
  ): void {
    const { destinations } = this.#find(frontend);
    const key = keyOf(frontend, { ip, port });
    if (weight < 0 || weight > 0x7fffffff) throw new Refused(ERANGE, '');
    const isThere = destinations.has(key);
    if (isThere !== (change === 'set-destination')) throw new Refused(isThere ? EEXIST : ENOENT, '');
    const isNowhere = frontend.family === 'IPv4' ? NOWHERE_IPV4.test(ip) : NOWHERE_IPV6.test(ip);
    if (!isThere && isNowhere) throw new Refused(EINVAL, '');
    destinations.set(key, { ip, port, weight, forwarding });
  }

  #find(frontend: Frontend): { readonly destinations: Map<string, Destination> } {
    const found = this.#servers.get(formatFrontend(frontend));
    if (found === undefined) throw new Refused(ESRCH, '');
    return found;
  }
}

function keyOf({ family }: Frontend, { ip, port }: Pick<Destination, 'ip' | 'port'>): string {
  if (familyOf(ip) !== family) throw new Error(`BUG: ${ip} is no ${family} address`);
  return formatHostPort(ip, port);
}
