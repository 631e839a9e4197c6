/** How long an address of a load balancer is without answers when its owner leaves, measured at a client outside. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  type AddressClaim,
  type AddressClaimWatch,
  type StrayClaims,
  strayClaims,
} from './address-claims.ts';
import { type Availability, availabilityOf } from './availability.ts';
import type { LabHost } from './host.ts';

export interface Failover extends Availability {
  /**
   * The longest time in which nobody answered ARP, or neighbour solicitations. Who knows the owner of before may be served by its
   * kernel meanwhile; who does not, waits so long.
   */
  readonly longestUnclaimedMs: number;
  /** MAC addresses of the owners before and after. */
  readonly from: string;
  readonly to: string;
  /** Packets in which the former owner said that it has the address after the new one had said so. */
  readonly strays: StrayClaims;
}

interface FailoverOptions {
  readonly client: LabHost;
  /** `192.0.2.200:80`, asked by new connections every few milliseconds. */
  readonly target: string;
  readonly claims: AddressClaimWatch;
  /** What makes the owner leave. */
  readonly action: () => Promise<unknown>;
  /** How long the move may take. */
  readonly withinMs: number;
}

const BEFORE_MS = 300;
/** An owner that comes back would be seen. */
const AFTER_MS = 700;
const LOOK_EVERY_MS = 20;

/** Resolves with what was seen, also when nobody has taken the address over: then both owners are the same. */
export async function measureFailover(options: FailoverOptions): Promise<Failover> {
  const { client, target, claims, action, withinMs } = options;
  const stop = await client.watchAvailability(target);
  await sleep(BEFORE_MS);
  const from = claims.claims.at(-1)?.mac ?? '';
  const seen = claims.claims.length;
  await action();
  const since = (): readonly AddressClaim[] => claims.claims.slice(seen);
  const deadline = performance.now() + withinMs;
  while ((since().at(-1)?.mac ?? from) === from && performance.now() < deadline) await sleep(LOOK_EVERY_MS);
  await sleep(AFTER_MS);
  const availability = availabilityOf(await stop());
  const to = since().at(-1)?.mac ?? from;
  const around = claims.claims.slice(Math.max(0, seen - 1));
  return {
    ...availability,
    longestUnclaimedMs: longestGapMs(around),
    from,
    to,
    strays: strayClaims(since()),
  };
}

function longestGapMs(claims: readonly AddressClaim[]): number {
  return Math.max(0, ...claims.slice(1).map(({ atMs }, index) => atMs - (claims[index]?.atMs ?? atMs)));
}
