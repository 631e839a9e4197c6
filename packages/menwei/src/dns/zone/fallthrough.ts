/** Which names of a zone others are asked for when it does not have them, as a Corefile says it. */
import { type Alias, type Answer, bareAnswer } from '../wire/answer.ts';
import { isWithin } from '../wire/name.ts';
import { type Question, RCODE } from '../wire/question.ts';
import type { Zone } from './zone.ts';

/** Domains as in `Question.name`; empty text: all. */
export interface Fallthrough {
  /** Names within them that the zone does not have are asked for elsewhere. */
  readonly to: readonly string[];
  /** Domains that are the zone's as a whole, though it says nothing of names in them that it does not have. */
  readonly claimed: readonly string[];
}

/** Without a SOA nobody keeps it (RFC 2308 § 5). */
const NO_SUCH_NAME: Answer = { ...bareAnswer(RCODE.NXDOMAIN), authoritative: true };

export class FallthroughZone implements Zone {
  readonly #zone: Zone;
  readonly #fallthrough: Fallthrough;

  constructor(zone: Zone, fallthrough: Fallthrough) {
    this.#zone = zone;
    this.#fallthrough = fallthrough;
  }

  lookup(question: Question): Answer | Alias | undefined {
    const { to, claimed } = this.#fallthrough;
    const found = this.#zone.lookup(question);
    const isMissing = found === undefined ? isInAny(question.name, claimed) : isNoSuchName(found);
    if (!isMissing) return found;
    return isInAny(question.name, to) ? undefined : (found ?? NO_SUCH_NAME);
  }
}

function isNoSuchName(found: Answer | Alias): boolean {
  return 'rcode' in found && found.rcode === RCODE.NXDOMAIN;
}

/** Whether a name lies in one of these domains. */
export function isInAny(name: string, domains: readonly string[]): boolean {
  return domains.some((domain) => isWithin(name, domain));
}
