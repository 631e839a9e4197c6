/** Which Services an address belongs to: nearly always one, so that one costs no set of its own. */
import { addressBytes, familyOf } from '@menwei/addresses/ip.ts';
import type { ObjectKey } from '../../state/object-key.ts';

/** Instead of a text with a quarter of a million others like it: an IPv4 address is a number, an IPv6 address 16 characters. */
type CompactAddress = number | string;

export class KeysByAddress {
  readonly #keys = new Map<CompactAddress, ObjectKey | readonly ObjectKey[]>();

  /** Sorted. */
  of(address: string): readonly ObjectKey[] {
    return listOf(this.#keys.get(compact(address)));
  }

  add(address: string, key: ObjectKey): void {
    const at = compact(address);
    const known = this.#keys.get(at);
    if (known === undefined) this.#keys.set(at, key);
    else if (!listOf(known).includes(key)) this.#keys.set(at, [...listOf(known), key].sort());
  }

  remove(address: string, key: ObjectKey): void {
    const at = compact(address);
    const others = listOf(this.#keys.get(at)).filter((each) => each !== key);
    const [only] = others;
    if (only === undefined) this.#keys.delete(at);
    else this.#keys.set(at, others.length === 1 ? only : others);
  }
}

function listOf(keys: ObjectKey | readonly ObjectKey[] | undefined): readonly ObjectKey[] {
  if (keys === undefined) return [];
  return typeof keys === 'string' ? [keys] : keys;
}

/** Each change of a slice asks for all its addresses, so nothing is allocated for IPv4. */
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
