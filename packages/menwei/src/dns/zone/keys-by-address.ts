/**
 * Which Services an address belongs to, and how often: an endpoint may stand in several slices of its Service. Nearly always it is
 * once, so that one costs no list of its own.
 */
import { addressBytes, familyOf } from '@menwei/addresses/ip.ts';
import type { ObjectKey } from '../../state/object-key.ts';

/** Instead of a text with a quarter of a million others like it: an IPv4 address is a number, an IPv6 address 16 characters. */
type CompactAddress = number | string;

type KeysOf = Map<CompactAddress, ObjectKey | readonly ObjectKey[]>;

export class KeysByAddress {
  /** By the last byte of the address: a map copies itself from time to time, and a large one takes 10 ms for that. */
  readonly #parts: readonly KeysOf[] = Array.from({ length: 256 }, () => new Map());

  /** Sorted, each once. */
  of(address: string): readonly ObjectKey[] {
    const at = compact(address);
    return [...new Set(listOf(this.#partOf(at).get(at)))].sort();
  }

  /** Once more: it is to be removed as often as it was added. */
  add(address: string, key: ObjectKey): void {
    const at = compact(address);
    const part = this.#partOf(at);
    const known = part.get(at);
    part.set(at, known === undefined ? key : [...listOf(known), key]);
  }

  /** What is not there is no mistake. */
  remove(address: string, key: ObjectKey): void {
    const at = compact(address);
    const part = this.#partOf(at);
    const keys = listOf(part.get(at));
    const index = keys.indexOf(key);
    if (index < 0) return;
    const others = keys.toSpliced(index, 1);
    const [only] = others;
    if (only === undefined) part.delete(at);
    else part.set(at, others.length === 1 ? only : others);
  }

  #partOf(at: CompactAddress): KeysOf {
    const last = typeof at === 'number' ? at : at.charCodeAt(at.length - 1);
    const part = this.#parts[last & 0xff];
    if (part === undefined) throw new Error(`BUG: no part for the byte ${last & 0xff}`);
    return part;
  }
}

function listOf(keys: ObjectKey | readonly ObjectKey[] | undefined): readonly ObjectKey[] {
  if (keys === undefined) return [];
  return typeof keys === 'string' ? [keys] : keys;
}

/** Each change of a slice asks for addresses, so nothing is allocated for IPv4. */
function compact(address: string): CompactAddress {
  if (familyOf(address) === 'IPv6') return String.fromCharCode(...addressBytes(address));
  let number = 0;
  let octet = 0;
  for (let at = 0; at < address.length; at += 1) {
    const code = address.charCodeAt(at);
    if (code === DOT) {
      number = (number << 8) | octet;
      octet = 0;
    } else octet = octet * 10 + code - ZERO;
  }
  return (number << 8) | octet;
}

const DOT = '.'.charCodeAt(0);
const ZERO = '0'.charCodeAt(0);
