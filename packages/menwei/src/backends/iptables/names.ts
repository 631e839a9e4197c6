/** Chains of the iptables mode and how their names are made (spec § 4.3). The names are API: tools grep for them. */
import { hash } from 'node:crypto';

import { type ChainId, chainId } from '@menwei/netfilter/iptables/chain-id.ts';
import {
  FILTER_EXTERNAL_SERVICES,
  FILTER_NODE_PORTS,
  FILTER_PROXY_FIREWALL,
  FILTER_SERVICES,
} from '../xtables/filter-chains.ts';

export const MARK_MASQ = 'KUBE-MARK-MASQ';

export const NAT_SERVICES = chainId('nat', 'KUBE-SERVICES');
export const NAT_NODE_PORTS = chainId('nat', 'KUBE-NODEPORTS');
export const NAT_POSTROUTING = chainId('nat', 'KUBE-POSTROUTING');
export const NAT_MARK_MASQ = chainId('nat', MARK_MASQ);
export const FILTER_FORWARD = chainId('filter', 'KUBE-FORWARD');
/** Shared with the kubelet. */
export const FILTER_FIREWALL = chainId('filter', 'KUBE-FIREWALL');

/** The fixed chains, in the order upstream declares them. */
export const FIXED_CHAINS: readonly ChainId[] = [
  FILTER_SERVICES,
  FILTER_EXTERNAL_SERVICES,
  FILTER_FORWARD,
  FILTER_NODE_PORTS,
  FILTER_PROXY_FIREWALL,
  NAT_SERVICES,
  NAT_NODE_PORTS,
  NAT_POSTROUTING,
  NAT_MARK_MASQ,
];

/** The chains of one service port share one hash. */
export interface ServiceChains {
  readonly cluster: string;
  readonly local: string;
  readonly external: string;
  readonly firewall: string;
}

export function serviceChains(displayName: string, protocol: string): ServiceChains {
  const suffix = base32Hash(displayName + protocol);
  return {
    cluster: `KUBE-SVC-${suffix}`,
    local: `KUBE-SVL-${suffix}`,
    external: `KUBE-EXT-${suffix}`,
    firewall: `KUBE-FW-${suffix}`,
  };
}

/** The chain that sends traffic of one service port to one endpoint (`10.0.0.1:80`). */
export function endpointChain(displayName: string, protocol: string, endpoint: string): string {
  return `KUBE-SEP-${base32Hash(displayName + protocol + endpoint)}`;
}

const PER_SERVICE_CHAIN = /^KUBE-(SVC|SVL|SEP|FW|EXT)-/;

/** Whether a nat chain belongs to a service port, so that it may be deleted when no service port needs it. */
export function isPerServiceChain(chain: string): boolean {
  return PER_SERVICE_CHAIN.test(chain);
}

const BASE32 = Array.from('ABCDEFGHIJKLMNOPQRSTUVWXYZ234567', (letter) => letter.charCodeAt(0));

/** First 16 characters of the RFC 4648 base32 of SHA-256: ten bytes, five bits a character. */
function base32Hash(text: string): string {
  // One byte a character: three times faster than a Buffer, and there may be 250,000 endpoints.
  const digest = hash('sha256', text, 'binary');
  const letters: number[] = [];
  let bits = 0;
  let bitCount = 0;
  for (let index = 0; index < 10; index++) {
    bits = ((bits << 8) | digest.charCodeAt(index)) & 0xfff;
    bitCount += 8;
    while (bitCount >= 5) {
      bitCount -= 5;
      letters.push(BASE32[(bits >>> bitCount) & 31] ?? 0);
    }
  }
  return String.fromCharCode(...letters);
}
