/**
 * Hears who answers for addresses on the segment, of both families, and asks for all of them all the time by broadcast, as a
 * newcomer who has no address, so that no host learns anything from that.
 */

import type { LabHost } from '@menwei/lab/host.ts';
import { claimedIn, probe } from '@menwei/neighbor/announcing.ts';
import { decode, encode } from '@menwei/neighbor/frame.ts';
import { openPacketSocket, type PacketSocket } from '@menwei/neighbor/packet-socket.ts';

interface HeardClaim {
  /** On the clock of `performance.now()`. */
  readonly atMs: number;
  readonly mac: string;
}

/** The longest time in which two said that an address is theirs, and how often the one that gave way still did. */
interface Overlap {
  readonly address: string;
  readonly stays: string;
  readonly leaves: string;
  readonly forMs: number;
  readonly packets: number;
  readonly atMs: number;
}

/** What came so long after a claim of another is a new claim, and not one of two at a time. */
const APART_MS = 1_500;

export class SegmentEar implements Disposable {
  readonly #sockets: readonly PacketSocket[];
  readonly #claims = new Map<string, HeardClaim[]>();
  readonly #timer: NodeJS.Timeout;

  /** @param index of the interface; @param askEveryMs each address */
  constructor(
    wire: LabHost,
    link: { readonly index: number; readonly mac: string },
    addresses: readonly string[],
    askEveryMs: number,
  ) {
    for (const address of addresses) this.#claims.set(address, []);
    const listener = {
      onFrame: (frame: Uint8Array) => this.#hear(frame),
      onError: (error: Error) => {
        throw error;
      },
    };
    const arp = wire.run(() => openPacketSocket('ARP', link.index, listener));
    const ndp = wire.run(() => openPacketSocket('NDP', link.index, listener));
    this.#sockets = [arp, ndp];
    const questions = addresses.map((address) => ({
      socket: address.includes('.') ? arp : ndp,
      frame: encode(probe(address, link.mac)),
    }));
    let next = 0;
    this.#timer = setInterval(() => {
      const question = questions[next++ % questions.length];
      question?.socket.send(question.frame);
    }, askEveryMs / addresses.length);
  }

  claimsOf(address: string): readonly HeardClaim[] {
    return this.#claims.get(address) ?? [];
  }

  /** All that have said since then that they have the address. */
  macsSince(address: string, sinceMs: number): ReadonlySet<string> {
    return new Set(
      this.claimsOf(address)
        .filter(({ atMs }) => atMs >= sinceMs)
        .map(({ mac }) => mac),
    );
  }

  /** Takes what was heard before this time as judged. */
  forgetBefore(timeMs: number): void {
    for (const [address, claims] of this.#claims)
      this.#claims.set(
        address,
        claims.filter(({ atMs }) => atMs >= timeMs),
      );
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket[Symbol.dispose]();
  }

  #hear(frame: Uint8Array): void {
    const message = decode(frame);
    const claimed = message === undefined ? undefined : claimedIn(message);
    if (claimed === undefined) return;
    this.#claims.get(claimed.ip)?.push({ atMs: performance.now(), mac: claimed.mac });
  }
}

/** Each time in which two had an address: from the first word of the one until the last of the other that was heard meanwhile. */
export function overlapsOf(address: string, claims: readonly HeardClaim[]): readonly Overlap[] {
  const found: Overlap[] = [];
  for (let index = 1; index < claims.length; index++) {
    const first = claims[index];
    if (first === undefined || claims[index - 1]?.mac === first.mac) continue;
    const last = lastTurn(claims, index);
    const stays = claims[last]?.mac ?? '';
    const during = claims.slice(index, last);
    const forMs = (during.at(-1)?.atMs ?? first.atMs) - first.atMs;
    const strays = during.filter(({ mac }) => mac !== stays);
    if (last > index)
      found.push({
        address,
        stays,
        leaves: strays.at(-1)?.mac ?? '',
        forMs,
        packets: strays.length,
        atMs: first.atMs,
      });
    index = last;
  }
  return found;
}

/** Where the last of the changes begins that come one soon after the other. */
function lastTurn(claims: readonly HeardClaim[], index: number): number {
  let last = index;
  for (let at = index + 1; at < claims.length; at++) {
    const [before, claim] = [claims[at - 1], claims[at]];
    if (claim === undefined || claim.atMs - (claims[last]?.atMs ?? 0) > APART_MS) break;
    if (claim.mac !== before?.mac) last = at;
  }
  return last;
}
