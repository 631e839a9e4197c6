/** Where the API server is found, and what Services get. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import {
  type Cidr,
  cidrContains,
  familyOf,
  formatHostPort,
  type HostPort,
  type IpFamily,
  isLoopback,
  isWildcard,
  LINK_LOCAL,
  parseCidr,
  parseIp,
} from '@menwei/addresses/ip.ts';
import { formatErrorChain } from '../log/error-text.ts';
import { UserError } from '../setup/failure.ts';

/** Of Services: one or two, one a family, that of the primary family first. */
export type ServiceRanges = readonly [Cidr, ...Cidr[]];

/** In ipvs mode it has the addresses of all Services. */
const SERVICE_INTERFACE = 'kube-ipvs0';

/** Room for a few Services, and no more than can be kept track of. */
const PREFIX_LENGTHS: Readonly<Record<IpFamily, readonly [shortest: number, longest: number]>> = {
  IPv4: [8, 29],
  IPv6: [64, 125],
};

/** Undefined: they are none. */
export function parseServiceRanges(text: string): ServiceRanges | undefined {
  const cidrs = text.split(',').map((part) => parseCidr(part.trim()));
  const usable = cidrs.filter((cidr) => cidr !== undefined && isUsable(cidr));
  const [first, second, ...more] = usable;
  if (first === undefined || usable.length < cidrs.length || more.length > 0) return undefined;
  if (second === undefined) return [first];
  return first.family === second.family ? undefined : [first, second];
}

function isUsable({ family, prefixLength }: Cidr): boolean {
  const [shortest, longest] = PREFIX_LENGTHS[family];
  return prefixLength >= shortest && prefixLength <= longest;
}

/** `https://127.0.0.1:6443`: how this machine reaches what listens there. */
export function serverUrl({ ip, port }: HostPort, hasTls: boolean): string {
  const reached = ip === '0.0.0.0' ? '127.0.0.1' : ip === '::' ? '::1' : ip;
  return `${hasTls ? 'https' : 'http'}://${formatHostPort(reached, port)}`;
}

/**
 * Port 0 is any that is free: objects say which one before anything listens on it.
 *
 * @throws UserError if there is no listening on the address
 */
export async function withPort({ ip, port }: HostPort): Promise<HostPort> {
  if (port !== 0) return { ip, port };
  const server = createServer().listen(0, ip);
  try {
    await once(server, 'listening');
    const address = server.address();
    return { ip, port: typeof address === 'object' && address !== null ? address.port : 0 };
  } catch (error) {
    throw new UserError(`API server can't listen on ${formatHostPort(ip, port)}: ${formatErrorChain(error)}`);
  } finally {
    server.close();
  }
}

/** Undefined: others can't reach it. */
export function parseAdvertised(text: string): string | undefined {
  const ip = parseIp(text);
  return ip === undefined || isWildcard(ip) || isLoopback(ip) || isLinkLocal(ip) ? undefined : ip;
}

/** What is listened on, or one of the machine's addresses; undefined for loopback: nobody else reaches it. */
export function advertisedFor(ip: string, primary: IpFamily): string | undefined {
  if (!isWildcard(ip)) return parseAdvertised(ip);
  const usable = machineAddresses();
  return usable.find((each) => familyOf(each) === primary) ?? usable[0];
}

/** Those by which others reach this machine, now. */
export function machineAddresses(): readonly string[] {
  const all = Object.entries(networkInterfaces()).filter(([name]) => name !== SERVICE_INTERFACE);
  return all.flatMap(([, addresses = []]) =>
    addresses.flatMap(({ address }) => parseAdvertised(address) ?? []),
  );
}

function isLinkLocal(ip: string): boolean {
  return cidrContains(LINK_LOCAL[familyOf(ip)], ip);
}
