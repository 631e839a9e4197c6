/** What says from when a zone is, and how long nothing may be known to be there (RFC 1035 § 3.3.13, RFC 2308). */
import { type Answer, bareAnswer, type RecordList } from '../wire/answer.ts';
import { RCODE, type Rcode } from '../wire/question.ts';
import { encodeRecords, offsetOfSuffix, type RecordName } from '../wire/records.ts';
import type { ClusterZoneOptions } from './zone-options.ts';

const REFRESH_SECONDS = 7_200;
const RETRY_SECONDS = 1_800;
const EXPIRE_SECONDS = 86_400;
/** What a negative answer may be kept for, whatever its zone says. */
const MOST_NEGATIVE_SECONDS = 300;

export class Soa {
  readonly #options: ClusterZoneOptions;
  /** Negative answers of the present serial, by rcode and where the zone's name begins in the question. */
  readonly #negative = new Map<number, Answer>();
  #serial = 0;

  constructor(options: ClusterZoneOptions) {
    this.#options = options;
  }

  /** @param serial seconds since the epoch of the last change */
  set serial(serial: number) {
    if (serial === this.#serial) return;
    this.#serial = serial;
    this.#negative.clear();
  }

  /** The record itself, for who asks for it. */
  records(name: RecordName): RecordList {
    return this.#encode(name, this.#options.ttlSeconds);
  }

  /** Nothing of the type is there, or no such name, or nobody knows yet. */
  negative(rcode: Rcode, name: string, zoneStart: number): Answer {
    const at = offsetOfSuffix(name, zoneStart);
    const key = at * 16 + rcode;
    const known = this.#negative.get(key);
    if (known !== undefined) return known;
    const ttlSeconds = Math.min(this.#options.negativeTtlSeconds, MOST_NEGATIVE_SECONDS);
    const answer = {
      ...bareAnswer(rcode),
      authoritative: rcode !== RCODE.SERVFAIL,
      authority: this.#encode({ at }, ttlSeconds),
    };
    this.#negative.set(key, answer);
    return answer;
  }

  #encode(name: RecordName, ttlSeconds: number): RecordList {
    const { domain, negativeTtlSeconds } = this.#options;
    const data = {
      type: 'SOA',
      mname: `ns.dns.${domain}`,
      rname: `hostmaster.${domain}`,
      serial: this.#serial,
      refresh: REFRESH_SECONDS,
      retry: RETRY_SECONDS,
      expire: EXPIRE_SECONDS,
      minimum: negativeTtlSeconds,
    } as const;
    return encodeRecords([{ name, ttlSeconds, data }]);
  }
}
