/** Tells the log where wanted addresses are not answered for: once, however many they are, and again when that has changed. */
import { familyOf } from '@menwei/addresses/ip.ts';
import type { Logger } from '../../log/logger.ts';

interface Told {
  readonly interface: string;
  readonly family: string;
  readonly reason: string;
  count: number;
}

export class Silences {
  readonly #log: Logger;
  #told: ReadonlyMap<string, Told> = new Map();

  constructor(log: Logger) {
    this.#log = log;
  }

  /** `reason`: why an address is not answered for; undefined: it is. */
  tell(
    wanted: Iterable<{
      readonly address: string;
      readonly interface: string;
      readonly reason: string | undefined;
    }>,
  ): void {
    const now = new Map<string, Told>();
    const seen = new Set<string>();
    for (const { address, interface: name, reason } of wanted) {
      const family = familyOf(address);
      const key = `${name} ${family}`;
      seen.add(key);
      if (reason === undefined) continue;
      const told = now.get(key) ?? { interface: name, family, reason, count: 0 };
      told.count++;
      now.set(key, told);
    }
    for (const [key, { count, reason, ...where }] of now) {
      if (this.#told.get(key)?.reason === reason) continue;
      this.#log.warn(
        { ...where, addresses: count, err: reason },
        'load-balancer addresses are not announced',
      );
    }
    for (const [key, { interface: name, family }] of this.#told) {
      if (now.has(key) || !seen.has(key)) continue;
      this.#log.info({ interface: name, family }, 'load-balancer addresses are announced again');
    }
    this.#told = now;
  }
}
