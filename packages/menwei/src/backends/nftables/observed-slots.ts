/** Which endpoint the kernel has in each slot of a unit. */
import type { Bytes, TableContent } from '@menwei/netlink/nftables';
import type { Slots } from './compile.ts';
import { endpointMap } from './names.ts';
import { FIRST_LOCAL_SLOT } from './pick-chains.ts';
import { assignSlots } from './slots.ts';
import type { Frontend, NftablesUnit } from './unit.ts';
import { slotValue } from './values.ts';

/** The frontends of a unit share their slots, so any of them tells for all; some may be new. */
export class ObservedSlots {
  readonly #unit: NftablesUnit;
  readonly #elements: TableContent['elements'];
  /** Of an endpoint's value. */
  readonly #size: number;
  readonly #usingAll: readonly Frontend[];
  readonly #usingLocal: readonly Frontend[];

  constructor(unit: NftablesUnit, { elements }: TableContent, size: number) {
    this.#unit = unit;
    this.#elements = elements;
    this.#size = size;
    this.#usingAll = unit.frontends.filter(({ usesAll }) => usesAll);
    this.#usingLocal = unit.frontends.filter(({ usesLocal }) => usesLocal);
  }

  /** The unit with its endpoints where they are, each in as many slots as it says. The very same if nobody moves. */
  takeSlots(): NftablesUnit {
    const { all, local } = this.#unit;
    const takenOf = (wanted: Bytes, frontends: readonly Frontend[], first: number) => {
      const occupants = Array.from({ length: wanted.length / this.#size }, (_, slot) =>
        this.#occupant(frontends, first + slot),
      );
      return assignSlots(wanted, this.#join(occupants), this.#size);
    };
    const slots = {
      all: takenOf(all, this.#usingAll, 0),
      local: takenOf(local, this.#usingLocal, FIRST_LOCAL_SLOT),
    };
    return slots.all === all && slots.local === local ? this.#unit : { ...this.#unit, ...slots };
  }

  /** All slots that there are, whatever the unit wants. */
  readAll(): Slots {
    const { all, local } = this.#unit;
    const readOf = (wanted: Bytes, frontends: readonly Frontend[], first: number) => {
      const occupants: (Bytes | undefined)[] = [];
      // Behind a gap that somebody made there are more.
      for (let slot = 0; ; slot++) {
        const occupant = this.#occupant(frontends, first + slot);
        if (occupant === undefined && slot * this.#size >= wanted.length) break;
        occupants.push(occupant);
      }
      return this.#join(occupants);
    };
    return {
      all: readOf(all, this.#usingAll, 0),
      local: readOf(local, this.#usingLocal, FIRST_LOCAL_SLOT),
      whole: this.#unit.whole,
    };
  }

  #occupant(frontends: readonly Frontend[], slot: number): Bytes | undefined {
    for (const { kind, part, key } of frontends) {
      const value = this.#elements.get(endpointMap(kind, part))?.get(key + slotValue(slot))?.data;
      if (value?.length === this.#size) return value;
    }
    return undefined;
  }

  #join(occupants: readonly (Bytes | undefined)[]): Bytes {
    const nobody = '\0'.repeat(this.#size);
    return occupants.map((value) => value ?? nobody).join('');
  }
}
