/** What Prometheus reads of `menwei dns`. Counting is a part of every answer, so series are found by a number. */
import * as catalogue from '../../metrics/catalogue/dns.ts';
import { type ObservedComponent, registerComponentMetrics } from '../../metrics/component-metrics.ts';
import type { HistogramDefinition } from '../../metrics/definition.ts';
import { registerProcessMetrics } from '../../metrics/process-metrics.ts';
import { Registry } from '../../metrics/registry.ts';
import type { Distribution, Sample } from '../../metrics/series.ts';
import type { ServerObserver } from '../server/responder.ts';
import { rcodeText, typeText } from '../wire/registry-names.ts';

/** `protocol`: said whatever the name; `none`: the name is nobody's. */
export type AnsweredBy = 'zone' | 'forward' | 'protocol' | 'none';

interface Answered {
  readonly isTcp: boolean;
  readonly isIPv6: boolean;
  readonly type: number;
  readonly dnssec: boolean;
  readonly rcode: number;
  readonly by: AnsweredBy;
  /** Bytes. */
  readonly querySize: number;
  readonly responseSize: number;
  readonly durationMs: number;
}

export interface AnswerObserver {
  /** A response is made; it is sent at once. */
  answered(answered: Answered): void;
}

const PLUGINS: Readonly<Record<AnsweredBy, string>> = {
  zone: 'kubernetes',
  forward: 'forward',
  protocol: '',
  none: '',
};

interface Counted {
  value: number;
  readonly labels: Readonly<Record<string, string>>;
}

/** Counters by a number that stands for their labels. */
class Counts {
  readonly #byCode = new Map<number, Counted>();

  /** @param labels are made only for what has not been counted before */
  add(code: number, labels: () => Readonly<Record<string, string>>): void {
    const counted = this.#byCode.get(code);
    if (counted === undefined) this.#byCode.set(code, { value: 1, labels: labels() });
    else counted.value++;
  }

  samples(): Iterable<Sample> {
    return this.#byCode.values();
  }
}

class Distributions {
  readonly #bounds: readonly number[];
  readonly #byCode = new Map<number, { labels: Sample['labels']; counts: number[]; sum: number }>();

  constructor({ buckets }: HistogramDefinition) {
    this.#bounds = buckets;
  }

  add(code: number, value: number, labels: () => Sample['labels']): void {
    let distribution = this.#byCode.get(code);
    if (distribution === undefined) {
      distribution = { labels: labels(), counts: new Array(this.#bounds.length + 1).fill(0), sum: 0 };
      this.#byCode.set(code, distribution);
    }
    let place = 0;
    while (value > (this.#bounds[place] ?? Number.POSITIVE_INFINITY)) place++;
    distribution.counts[place] = (distribution.counts[place] ?? 0) + 1;
    distribution.sum += value;
  }

  distributions(): Iterable<Distribution> {
    return this.#byCode.values();
  }
}

interface DnsMetricsOptions {
  /** As CoreDNS has it: `dns://:53`. */
  readonly server: string;
  /** `cluster.local.` */
  readonly zone: string;
  readonly components: () => readonly ObservedComponent[];
  readonly isSynced: () => boolean;
}

export class DnsMetrics implements AnswerObserver, ServerObserver {
  readonly registry = new Registry();
  readonly programming = this.registry.histogram(catalogue.DNS_PROGRAMMING);
  readonly #ours: Readonly<Record<'server' | 'zone' | 'view', string>>;
  readonly #others: Readonly<Record<'server' | 'zone' | 'view', string>>;
  readonly #requests = new Counts();
  readonly #dnssec = new Counts();
  readonly #unanswered = new Counts();
  readonly #responses = new Counts();
  readonly #durations = new Distributions(catalogue.DNS_REQUEST_DURATION);
  readonly #querySizes = new Distributions(catalogue.DNS_REQUEST_SIZE);
  readonly #responseSizes = new Distributions(catalogue.DNS_RESPONSE_SIZE);

  constructor({ server, zone, components, isSynced }: DnsMetricsOptions) {
    const { registry } = this;
    this.#ours = { server, zone, view: '' };
    this.#others = { server, zone: '.', view: '' };
    registry.collected(catalogue.DNS_REQUESTS, () => this.#requests.samples());
    registry.collected(catalogue.DNS_DNSSEC_REQUESTS, () => this.#dnssec.samples());
    registry.collected(catalogue.DNS_RESPONSES, () => this.#responses.samples());
    registry.distributed(catalogue.DNS_REQUEST_DURATION, () => this.#durations.distributions());
    registry.distributed(catalogue.DNS_REQUEST_SIZE, () => this.#querySizes.distributions());
    registry.distributed(catalogue.DNS_RESPONSE_SIZE, () => this.#responseSizes.distributions());
    registry.collected(catalogue.DNS_DENIED, () => this.#unanswered.samples());
    registry.collected(catalogue.DNS_SYNCED, () => [{ labels: {}, value: isSynced() ? 1 : 0 }]);
    registerComponentMetrics(registry, components);
    registerProcessMetrics(registry);
  }

  answered(answered: Answered): void {
    const { isTcp, isIPv6, type, dnssec, rcode, by, querySize, responseSize, durationMs } = answered;
    const isOurs = by === 'zone';
    const place = isOurs ? this.#ours : this.#others;
    const zoneCode = isOurs ? 1 : 0;
    const way = zoneCode + (isTcp ? 2 : 0);
    const proto = () => ({ ...place, proto: isTcp ? 'tcp' : 'udp' });
    this.#requests.add(type * 8 + way + (isIPv6 ? 4 : 0), () => ({
      ...proto(),
      family: isIPv6 ? '2' : '1',
      type: typeText(type),
    }));
    if (dnssec) this.#dnssec.add(zoneCode, () => place);
    this.#responses.add(rcode * 4 + BY_CODES[by], () => ({
      ...place,
      rcode: rcodeText(rcode),
      plugin: PLUGINS[by],
    }));
    this.#durations.add(zoneCode, durationMs / 1000, () => place);
    this.#querySizes.add(way, querySize, proto);
    this.#responseSizes.add(way, responseSize, proto);
  }

  refusedClient(proto: 'udp' | 'tcp'): void {
    this.#unanswered.add(proto === 'tcp' ? 1 : 0, () => ({ proto, reason: 'denied' }));
  }

  socketFailed(proto: 'udp' | 'tcp'): void {
    this.#unanswered.add(proto === 'tcp' ? 3 : 2, () => ({ proto, reason: 'unsent' }));
  }
}

const BY_CODES: Readonly<Record<AnsweredBy, number>> = { zone: 0, forward: 1, protocol: 2, none: 3 };
