/** Which upstreams are asked for a name: those of the longest domain that it lies in. */
import { isWithin } from '../wire/name.ts';
import type { UpstreamAddress } from './upstream-address.ts';

/** Upstreams for all names in one domain. */
export interface StubUpstreams {
  /** In the form of `Question.name`. */
  readonly domain: string;
  readonly upstreams: readonly UpstreamAddress[];
}

interface StubDomain<Group> {
  /** In the form of `Question.name`: lower case, no final dot. */
  readonly domain: string;
  readonly group: Group;
}

export class StubDomains<Group> {
  readonly #byDomain: ReadonlyMap<string, Group>;

  constructor(stubs: readonly StubDomain<Group>[]) {
    this.#byDomain = new Map(stubs.map(({ domain, group }) => [domain, group]));
  }

  /** Undefined: the name is in none of them. */
  find(name: string): Group | undefined {
    if (this.#byDomain.size === 0) return undefined;
    for (let suffix = name; ; ) {
      const group = this.#byDomain.get(suffix);
      if (group !== undefined && isWithin(name, suffix)) return group;
      const dot = suffix.indexOf('.');
      if (dot < 0) return undefined;
      suffix = suffix.slice(dot + 1);
    }
  }
}
