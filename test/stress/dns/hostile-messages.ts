/** Messages for a DNS server that no client means: questions with bytes changed, cut, doubled, and bytes without any sense. */
import { encodeQuery } from 'menwei/dns/wire/query.ts';
import { TYPE } from 'menwei/dns/wire/question.ts';

const NAMES: readonly string[] = [
  '',
  'web.default.svc.cluster.local',
  'headless.default.svc.cluster.local',
  '_http._tcp.web.default.svc.cluster.local',
  'pod-1.headless.default.svc.cluster.local',
  'alias.default.svc.cluster.local',
  '10-0-0-1.default.pod.cluster.local',
  '1.0.96.10.in-addr.arpa',
  `${'0.'.repeat(32)}ip6.arpa`,
  `${'a.'.repeat(120)}cluster.local`,
  `${'x'.repeat(63)}.default.svc.cluster.local`,
  'no.such.name.svc.cluster.local',
  'cluster.local',
  'example.org',
];
const TYPES: readonly number[] = [...Object.values(TYPE), 0, 15, 64, 65, 250, 65_535];
const LONGEST = 1500;

export class HostileMessages {
  readonly #random: () => number;

  constructor(random: () => number) {
    this.#random = random;
  }

  /** The id stands in the first two bytes, if there are so many. */
  next(id: number): Buffer {
    const message = this.#below(8) === 0 ? this.#noise() : this.#spoilt(this.#question());
    if (message.length >= 2) message.writeUInt16BE(id);
    return message;
  }

  #question(): Buffer {
    const edns =
      this.#below(2) === 0 ? undefined : { udpSize: this.#below(65_536), dnssec: this.#below(2) === 0 };
    const question = { name: this.#pick(NAMES, ''), type: this.#pick(TYPES, TYPE.A), class: 1 };
    return Buffer.from(encodeQuery(question, { id: 0, recursionDesired: true, edns }) ?? []);
  }

  #spoilt(message: Buffer): Buffer {
    const bytes = Buffer.from(message);
    for (let changes = this.#below(5); changes > 0; changes -= 1) {
      bytes[2 + this.#below(bytes.length - 2)] = this.#pick([0, 0xc0, 0xff, 0x80, 0x3f, this.#below(256)], 0);
    }
    switch (this.#below(6)) {
      case 0:
        return bytes.subarray(0, this.#below(bytes.length));
      case 1:
        return Buffer.concat([bytes, this.#noise()]);
      case 2:
        return Buffer.concat([bytes, bytes.subarray(12)]);
      default:
        return bytes;
    }
  }

  #noise(): Buffer {
    return Buffer.from(Array.from({ length: this.#below(LONGEST) }, () => this.#below(256)));
  }

  #below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #pick<T>(values: readonly T[], otherwise: T): T {
    return values[this.#below(values.length)] ?? otherwise;
  }
}
