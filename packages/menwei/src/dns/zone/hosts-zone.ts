/** Names out of a hosts file, as a zone of ours (dns § 8). */
import { familyOf } from '@menwei/addresses/ip.ts';
import { type Answer, bareAnswer } from '../wire/answer.ts';
import { type Question, RCODE, TYPE } from '../wire/question.ts';
import { ASKED, encodeRecords, type ResourceRecord } from '../wire/records.ts';
import { isInAny } from './fallthrough.ts';
import { type HostsIndex, parseHosts } from './hosts-file.ts';
import { parseReverseName } from './reverse-name.ts';
import type { Zone } from './zone.ts';

export interface HostsZoneOptions {
  /** Zones that it answers for, as in `Question.name`; empty text: all names. */
  readonly zones: readonly string[];
  readonly ttlSeconds: number;
  /** Names of addresses are answered, too, whatever the zones are. */
  readonly reverse: boolean;
  /** Zones in which others are asked for names that are not in the file; empty text: all. */
  readonly fallthrough: readonly string[];
}

const FOUND: Answer = { ...bareAnswer(RCODE.NOERROR), authoritative: true };
/** Without a SOA, of which a hosts file has none, nobody keeps it (RFC 2308 § 5; DQ-7). */
const NO_SUCH_NAME: Answer = { ...FOUND, rcode: RCODE.NXDOMAIN };

export class HostsZone implements Zone {
  readonly #options: HostsZoneOptions;
  #index: HostsIndex = parseHosts('');

  constructor(options: HostsZoneOptions) {
    this.#options = options;
  }

  /** What the file says from now on. Returns what is wrong with it; the other lines count. */
  setText(text: string): readonly string[] {
    this.#index = parseHosts(text);
    return this.#index.problems;
  }

  lookup({ name, type }: Question): Answer | undefined {
    const { zones, fallthrough, reverse } = this.#options;
    if (type === TYPE.PTR && reverse) {
      const answer = this.#namesOf(name);
      if (answer !== undefined) return answer;
    }
    if (!isInAny(name, zones)) return undefined;
    const addresses = this.#index.addresses.get(name);
    // With one address the name exists, whatever type is asked for.
    if (addresses !== undefined) return this.#addresses(addresses, type);
    return isInAny(name, fallthrough) || parseReverseName(name) !== undefined ? undefined : NO_SUCH_NAME;
  }

  #addresses(addresses: readonly string[], type: number): Answer {
    const family = type === TYPE.A ? 'IPv4' : type === TYPE.AAAA ? 'IPv6' : undefined;
    const asked = addresses.filter((address) => familyOf(address) === family);
    return this.#answer(
      asked.map((address) => ({ type: family === 'IPv4' ? ('A' as const) : ('AAAA' as const), address })),
    );
  }

  #namesOf(reverseName: string): Answer | undefined {
    const ip = parseReverseName(reverseName)?.ip;
    const names = ip === undefined ? undefined : this.#index.names.get(ip);
    return names && this.#answer(names.map((target) => ({ type: 'PTR' as const, target })));
  }

  #answer(data: readonly ResourceRecord['data'][]): Answer {
    const { ttlSeconds } = this.#options;
    const records = data.map((each): ResourceRecord => ({ name: ASKED, ttlSeconds, data: each }));
    return { ...FOUND, answer: encodeRecords(records), rotates: data.length > 1 };
  }
}
