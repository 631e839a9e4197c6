/**
 * Who owns an address that several Services ask for. Without a rule the kernel would be told now one thing and then
 * the other, so the oldest Service gets it and the rest do without, whatever the order in which they were seen.
 */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { Problem, Protocol } from '../kubernetes/objects.ts';
import type { ObjectKey } from '../state/object-key.ts';
import type { ServicePort } from '../state/service-port.ts';
import type { WantedPort } from './wanted-port.ts';

/** `172.30.1.1:80/TCP`, or `node port 30080/TCP` for a port on the node's own addresses. */
type ClaimedAddress = string;

/** The Service behind a claim. */
export interface Claimant {
  readonly key: ObjectKey;
  readonly namespace: string;
  readonly name: string;
  /** 0 when unknown, which counts as the youngest: nothing shows that such a Service was there first. */
  readonly createdAtMs: number;
}

/** One address that a port of a Service, or the Service as a whole, asks for. */
interface Claim {
  readonly address: ClaimedAddress;
  /** The field of the Service that asks for it. */
  readonly field: string;
  readonly claimant: Claimant;
  /** Index in `spec.ports`, or {@link WHOLE_SERVICE}. Decides between ports of one Service. */
  readonly position: number;
}

const WHOLE_SERVICE = Number.POSITIVE_INFINITY;

/** All claims there are, by address. An event costs as much as the addresses that it concerns have claimants. */
export class ClaimIndex {
  /** Each list has its owner first. */
  readonly #claims = new Map<ClaimedAddress, readonly Claim[]>();

  /**
   * Puts new claims of a Service in place of its former ones, and returns the other Services that ask for one of
   * these addresses: theirs may have changed hands.
   */
  replace(former: readonly Claim[], claims: readonly Claim[]): ReadonlySet<ObjectKey> {
    for (const claim of former) this.#remove(claim);
    for (const claim of claims) this.#add(claim);
    const concerned = new Set<ObjectKey>();
    for (const { address, claimant } of [...former, ...claims]) {
      for (const rival of this.#claims.get(address) ?? []) {
        if (rival.claimant.key !== claimant.key) concerned.add(rival.claimant.key);
      }
    }
    return concerned;
  }

  owner(address: ClaimedAddress): Claim | undefined {
    return this.#claims.get(address)?.[0];
  }

  #add(claim: Claim): void {
    const rivals = this.#claims.get(claim.address);
    this.#claims.set(claim.address, rivals === undefined ? [claim] : [...rivals, claim].sort(bySeniority));
  }

  #remove(claim: Claim): void {
    const rest = this.#claims.get(claim.address)?.filter((other) => !isSameClaimant(other, claim)) ?? [];
    if (rest.length === 0) this.#claims.delete(claim.address);
    else this.#claims.set(claim.address, rest);
  }
}

/**
 * What a Service's ports ask for. A port that names one address in two fields (an external IP that is a
 * load-balancer IP as well) has one claim to it.
 */
export function readClaims(claimant: Claimant, ports: readonly WantedPort[]): readonly Claim[] {
  const claims: Claim[] = [];
  for (const port of ports) {
    for (const [address, field] of readPortClaims(port)) {
      claims.push({ address, field, claimant, position: port.index });
    }
  }
  const healthCheckNodePort = ports[0]?.healthCheckNodePort ?? 0;
  if (healthCheckNodePort !== 0) claims.push(readHealthCheckClaim(claimant, healthCheckNodePort));
  return claims;
}

/** The port with the addresses that it owns. */
export function grantPort(
  wanted: WantedPort,
  claimant: Claimant,
  claims: ClaimIndex,
  served: Pick<ServicePort, 'endpoints' | 'health'>,
): ServicePort {
  const { index, healthCheck, ...port } = wanted;
  const owns = (address: ClaimedAddress, position: number) => {
    const owner = claims.owner(address);
    return owner !== undefined && isSameClaimant(owner, { claimant, position });
  };
  const ownsIp = (ip: string) => owns(frontendAddress(ip, wanted), index);
  const owned = (ips: readonly string[]) => (ips.every(ownsIp) ? ips : ips.filter(ownsIp));
  const ownsNodePort = owns(nodeAddress(port.nodePort, port.protocol), index);
  const ownsHealthCheck = owns(nodeAddress(port.healthCheckNodePort, 'TCP'), WHOLE_SERVICE);
  return {
    ...port,
    clusterIP: ownsIp(port.clusterIP) ? port.clusterIP : undefined,
    nodePort: ownsNodePort ? port.nodePort : 0,
    externalIPs: owned(port.externalIPs),
    loadBalancerVIPs: owned(port.loadBalancerVIPs),
    healthCheckNodePort: ownsHealthCheck ? port.healthCheckNodePort : 0,
    ...served,
  };
}

/** What is said about a claim that lost. */
interface LostClaim {
  /** See Claim. */
  readonly position: number;
  readonly problem: Problem;
}

/** What a port does without, in words; undefined: nothing. */
export function formatLost(lost: readonly LostClaim[], { index }: WantedPort): string | undefined {
  const own = lost.filter(({ position }) => position === index || position === WHOLE_SERVICE);
  if (own.length === 0) return undefined;
  return own.map(({ problem: { field, message } }) => `${field}: ${message}`).join('; ');
}

export function findLostClaims(claimed: readonly Claim[], claims: ClaimIndex): readonly LostClaim[] {
  return claimed.flatMap((claim) => {
    const owner = claims.owner(claim.address);
    if (owner === undefined || isSameClaimant(owner, claim)) return [];
    return [{ position: claim.position, problem: describeLostClaim(claim, owner) }];
  });
}

function describeLostClaim(claim: Claim, owner: Claim): Problem {
  const { namespace, name } = claim.claimant;
  const isRival = owner.claimant.key !== claim.claimant.key;
  const ownerName = isRival
    ? `Service ${owner.claimant.key}`
    : `spec.ports[${owner.position}] of the same Service`;
  return {
    object: { kind: 'Service', namespace, name },
    field: claim.field,
    message: `${claim.address} already belongs to ${ownerName}`,
  };
}

/** Address → field. */
function readPortClaims(port: WantedPort): ReadonlyMap<ClaimedAddress, string> {
  const claims = new Map([[frontendAddress(port.clusterIP, port), 'spec.clusterIP']]);
  const add = (address: ClaimedAddress, field: string) => {
    if (!claims.has(address)) claims.set(address, field);
  };
  for (const ip of port.externalIPs) add(frontendAddress(ip, port), 'spec.externalIPs');
  for (const ip of port.loadBalancerVIPs) add(frontendAddress(ip, port), 'status.loadBalancer.ingress');
  if (port.nodePort !== 0) {
    add(nodeAddress(port.nodePort, port.protocol), `spec.ports[${port.index}].nodePort`);
  }
  return claims;
}

/** The health check listens on the node, where it would get in the way of a TCP node port of the same number. */
function readHealthCheckClaim(claimant: Claimant, port: number): Claim {
  const address = nodeAddress(port, 'TCP');
  return { address, field: 'spec.healthCheckNodePort', claimant, position: WHOLE_SERVICE };
}

function frontendAddress(ip: string, port: WantedPort): ClaimedAddress {
  return `${formatHostPort(ip, port.port)}/${port.protocol}`;
}

function nodeAddress(port: number, protocol: Protocol): ClaimedAddress {
  return `node port ${port}/${protocol}`;
}

function isSameClaimant(a: Pick<Claim, 'claimant' | 'position'>, b: typeof a): boolean {
  return a.claimant.key === b.claimant.key && a.position === b.position;
}

/** The oldest first; Services of one age by namespace and name, ports of one Service in their order. */
function bySeniority(a: Claim, b: Claim): number {
  return (
    compare(ageRank(a.claimant), ageRank(b.claimant)) ||
    compare(a.claimant.namespace, b.claimant.namespace) ||
    compare(a.claimant.name, b.claimant.name) ||
    compare(a.position, b.position)
  );
}

function ageRank({ createdAtMs }: Claimant): number {
  return createdAtMs === 0 ? Number.POSITIVE_INFINITY : createdAtMs;
}

function compare<T extends number | string>(a: T, b: T): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
