/** Which Services an address belongs to: nearly always one, so that one costs no set of its own. */
import type { ObjectKey } from '../../state/object-key.ts';

export class KeysByAddress {
  readonly #keys = new Map<string, ObjectKey | readonly ObjectKey[]>();

  /** Sorted. */
  of(address: string): readonly ObjectKey[] {
    const keys = this.#keys.get(address);
    if (keys === undefined) return [];
    return typeof keys === 'string' ? [keys] : keys;
  }

  add(address: string, key: ObjectKey): void {
    const known = this.#keys.get(address);
    if (known === undefined) this.#keys.set(address, key);
    if (known === undefined || known === key) return;
    const keys = this.of(address);
    if (!keys.includes(key)) this.#put(address, [...keys, key].sort());
  }

  remove(address: string, key: ObjectKey): void {
    const keys = this.of(address);
    const others = keys.filter((each) => each !== key);
    if (others.length < keys.length) this.#put(address, others);
  }

  #put(address: string, keys: readonly ObjectKey[]): void {
    const [only] = keys;
    if (only === undefined) this.#keys.delete(address);
    else this.#keys.set(address, keys.length === 1 ? only : keys);
  }
}
