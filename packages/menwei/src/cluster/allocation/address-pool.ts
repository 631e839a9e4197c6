/** The addresses of one network, and which of them are taken, as far as one knows. */
import { type Cidr, familyOf, ipFromNumber, ipToNumber } from '@menwei/addresses/ip.ts';
import { type BandRule, type Random, spans, staticOffset } from './bands.ts';
import { Bitmap } from './bitmap.ts';

const BANDS: BandRule = { step: 16, max: 256 };
/** Above this there is no bitmap (2 MiB): memory ends before such a pool is full. */
const MAX_BITMAP = 2 ** 24;
/** Of a network that is wider, only so many addresses are given without being asked for: random numbers end here. */
const MAX_SIZE = 2 ** 47;
/** IPv6 networks that are wider are of no use to the reference either. */
const MIN_IPV6_PREFIX = 64;

/**
 * What it takes for taken has been committed. What it takes for free may be taken by a write that is not committed yet, so the
 * caller looks again at what it offers.
 */
export class AddressPool {
  readonly #cidr: Cidr;
  /** As a number: of the first address that may be used. */
  readonly #first: bigint;
  /** How many may be used. */
  readonly #usable: bigint;
  /** How many of them are given without being asked for. */
  readonly #size: number;
  readonly #offset: number;
  readonly #taken: Bitmap | undefined;

  constructor(cidr: Cidr) {
    this.#cidr = cidr;
    this.#first = ipToNumber(cidr.address) + 1n;
    this.#usable = usableOf(cidr);
    this.#size = Math.min(Number(this.#usable), MAX_SIZE);
    this.#offset = staticOffset(2 ** bitsOf(cidr), BANDS);
    this.#taken = this.#size <= MAX_BITMAP ? new Bitmap(this.#size) : undefined;
  }

  /** Whether a client may have this address, canonical. */
  canHold(ip: string): boolean {
    if (familyOf(ip) !== this.#cidr.family) return false;
    const index = ipToNumber(ip) - this.#first;
    return index >= 0n && index < this.#usable;
  }

  /** Says what became of an address, whether it is of this network or not. */
  mark(ip: string, isTaken: boolean): void {
    if (this.#taken === undefined || !this.canHold(ip)) return;
    this.#taken.set(Number(ipToNumber(ip) - this.#first), isTaken);
  }

  /** Undefined: there is none. @param isTaken asked for each that seems free, until one is */
  findFree(random: Random, isTaken: (ip: string) => boolean): string | undefined {
    for (const [from, end] of spans(this.#size, this.#offset, random)) {
      let at = this.#nextFree(from, end);
      while (at !== undefined) {
        const ip = this.#at(at);
        if (!isTaken(ip)) return ip;
        at = this.#nextFree(at + 1, end);
      }
    }
    return undefined;
  }

  #nextFree(from: number, end: number): number | undefined {
    if (from >= end) return undefined;
    return this.#taken === undefined ? from : this.#taken.nextClear(from, end);
  }

  #at(index: number): string {
    return ipFromNumber(this.#first + BigInt(index), this.#cidr.family);
  }
}

function bitsOf({ family, prefixLength }: Cidr): number {
  return (family === 'IPv4' ? 32 : 128) - prefixLength;
}

/** Neither the network's own address, nor IPv4's broadcast address. */
function usableOf(cidr: Cidr): bigint {
  if (cidr.family === 'IPv6') {
    return cidr.prefixLength < MIN_IPV6_PREFIX ? 0n : 2n ** BigInt(bitsOf(cidr)) - 1n;
  }
  return bitsOf(cidr) < 2 ? 0n : 2n ** BigInt(bitsOf(cidr)) - 2n;
}
