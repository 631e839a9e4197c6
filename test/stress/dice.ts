/** Random choices, the same in every round with the same seed. */
import { seededRandom } from '@menwei/testing/kernel/faults.ts';

export class Dice {
  readonly #random: () => number;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
    // Neighbouring seeds begin alike.
    for (let skipped = 0; skipped < 3; skipped++) this.#random();
  }

  chance(probability: number): boolean {
    return this.#random() < probability;
  }

  /** From 0 to one less than this. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<T>(list: readonly T[]): T {
    const [picked] = list.slice(this.below(list.length));
    if (picked === undefined) throw new Error('BUG: nothing to pick from');
    return picked;
  }

  /** At least so many of them, in their order. */
  some<T>(list: readonly T[], atLeast = 1): readonly T[] {
    const left = [...list];
    const size = atLeast + this.below(list.length - atLeast + 1);
    while (left.length > size) left.splice(this.below(left.length), 1);
    return left;
  }
}
