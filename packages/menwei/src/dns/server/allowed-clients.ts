/** Who is answered: a server that answers everybody is used to flood others with its answers. */
import { type Cidr, cidrContains, parseKnownCidr } from '@menwei/addresses/ip.ts';

/** Loopback, private and link-local networks (RFC 1918, 3927, 4193, 4291, 6598): where pods, nodes and Services are. */
export const PRIVATE_NETWORKS: readonly string[] = [
  '127.0.0.0/8',
  '10.0.0.0/8',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '100.64.0.0/10',
  '169.254.0.0/16',
  '::1/128',
  'fc00::/7',
  'fe80::/10',
];

/** Clients come back; somebody who invents addresses is not remembered for long. */
const MOST_REMEMBERED = 20_000;

export class AllowedClients {
  readonly #networks: readonly Cidr[];
  readonly #known = new Map<string, boolean>();

  /** @param networks canonical CIDRs */
  constructor(networks: readonly string[]) {
    this.#networks = networks.map(parseKnownCidr);
  }

  /** @param address as the kernel tells it: maybe with a zone, or an IPv4 address mapped into IPv6 */
  has(address: string): boolean {
    const known = this.#known.get(address);
    if (known !== undefined) return known;
    const ip = plainAddress(address);
    const isAllowed = this.#networks.some((network) => cidrContains(network, ip));
    if (this.#known.size >= MOST_REMEMBERED) this.#known.clear();
    this.#known.set(address, isAllowed);
    return isAllowed;
  }
}

/** `fe80::1%eth0` → `fe80::1`, `::ffff:10.0.0.1` → `10.0.0.1` */
function plainAddress(address: string): string {
  const [ip = ''] = address.split('%');
  return ip.startsWith('::ffff:') && ip.includes('.') ? ip.slice('::ffff:'.length) : ip;
}
