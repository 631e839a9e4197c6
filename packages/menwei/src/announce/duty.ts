/** What this node does about one address that is its own, becomes so, or was. */
import type { Claim } from './speaker.ts';

/** Who else has an address. */
export interface Holder {
  readonly mac: string;
  readonly interface: string;
  /** Undefined: no node of this cluster has that MAC address, as far as is known. */
  readonly node: string | undefined;
}

export type Duty =
  /** It is the owner, and its proxy has not programmed the Service yet. */
  | { readonly phase: 'waiting'; readonly sinceMs: number }
  /** It would be the owner, and leaves that to others: its proxy has not programmed the Service. */
  | { readonly phase: 'declining' }
  /** It is the owner, and asks whether somebody has the address. */
  | {
      readonly phase: 'probing';
      readonly cause: Cause;
      readonly interfaces: readonly string[];
      readonly stop: AbortController;
    }
  /** It is the owner, and somebody else has the address, or that can't be found out. */
  | { readonly phase: 'standing by'; readonly holder: Holder | undefined; readonly reason: string }
  | Answering
  /** It is no longer the owner, and answers until the new one does. */
  | (Omit<Answering, 'phase'> & { readonly phase: 'yielding'; readonly to: string });

export interface Answering {
  readonly phase: 'answering';
  readonly cause: Cause;
  readonly interfaces: readonly string[];
  /** Milliseconds since the epoch. */
  readonly ownedSinceMs: number;
}

/**
 * How a node came to own an address. `new`: nobody had it before; `restart`: it had it itself; the others say what became of the
 * former owner.
 */
export type Cause =
  | 'new'
  | 'restart'
  | 'handover'
  | 'drain'
  | 'interface'
  | 'endpoint'
  | 'proxy'
  | 'released'
  | 'lease-expired'
  | 'heartbeat'
  | 'unreachable';

/** Whether the former owner may still answer: then the address is asked for before it is taken. */
export function needsProbe(cause: Cause): boolean {
  return ['new', 'restart', 'lease-expired', 'heartbeat', 'unreachable'].includes(cause);
}

/** Another node had the address before. */
export function isFailover(cause: Cause): boolean {
  return cause !== 'new' && cause !== 'restart';
}

export function isAnswering(
  duty: Duty | undefined,
): duty is Extract<Duty, { readonly ownedSinceMs: number }> {
  return duty?.phase === 'answering' || duty?.phase === 'yielding';
}

export function describeHolder({ mac, interface: name, node }: Holder): string {
  return node === undefined ? `${mac} on ${name}` : `${node} (${mac} on ${name})`;
}

/** @param node undefined: see {@link Holder} */
export function holderOf({ mac, interface: name }: Claim, node: string | undefined): Holder {
  return { mac, interface: name, node };
}
