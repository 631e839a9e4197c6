/** One upstream: how it is asked, and what it has answered. */
import { readMessage } from '../wire/forwarded.ts';
import { rcodeOf } from '../wire/query.ts';
import { RCODE, TYPE } from '../wire/question.ts';
import { type Ask, type Exchange, isComplaint, isTruncated } from './exchange.ts';
import { TcpConnection } from './tcp-connection.ts';
import { UdpPool } from './udp-pool.ts';
import { formatUpstream, type UpstreamAddress } from './upstream-address.ts';
import { UpstreamHealth } from './upstream-health.ts';

/** How long an upstream may take: then the next is asked. */
export const UPSTREAM_TIMEOUT_MS = 2_000;

/** Who is told of all that goes to upstreams and comes from them. */
export interface ExchangeObserver {
  /** @param rcode undefined: there was no answer */
  exchanged(upstream: string, rcode: number | undefined, durationMs: number): void;
  healthChanged(upstream: string, isDown: boolean): void;
  probeFailed(upstream: string): void;
}

const PROBE: Ask = { question: { name: '', type: TYPE.NS, class: 1 }, dnssec: false, edns: false };

export class UpstreamServer {
  /** As logs and metrics have it. */
  readonly name: string;
  /** What it is asked comes back to this process. */
  leadsBack = false;
  readonly #udp: UdpPool;
  readonly #tcp: TcpConnection;
  readonly #health: UpstreamHealth;
  readonly #observer: ExchangeObserver;
  readonly #timeoutMs: number;

  constructor(address: UpstreamAddress, observer: ExchangeObserver, timeoutMs = UPSTREAM_TIMEOUT_MS) {
    this.name = formatUpstream(address);
    this.#udp = new UdpPool(address);
    this.#tcp = new TcpConnection(address);
    this.#observer = observer;
    this.#timeoutMs = timeoutMs;
    this.#health = new UpstreamHealth(
      () => this.#probe(),
      (isDown) => observer.healthChanged(this.name, isDown),
    );
  }

  /** It has not answered lately: others are asked first. */
  get isDown(): boolean {
    return this.#health.isDown;
  }

  async ask(ask: Ask): Promise<Exchange> {
    const start = performance.now();
    const exchange = await this.#ask(ask, start + this.#timeoutMs);
    const durationMs = performance.now() - start;
    if ('message' in exchange) this.#health.answered();
    else this.#health.failed();
    const rcode = 'message' in exchange ? rcodeOf(exchange.message) : undefined;
    this.#observer.exchanged(this.name, rcode, durationMs);
    return exchange;
  }

  close(): void {
    this.#health.close();
    this.#udp.close();
    this.#tcp.close();
  }

  async #ask(ask: Ask, deadline: number): Promise<Exchange> {
    const left = () => Math.max(1, deadline - performance.now());
    let exchange = await this.#udp.ask(ask, left());
    let asked = ask;
    if (ask.edns && isWithoutEdns(exchange)) {
      asked = { ...ask, edns: false };
      exchange = await this.#udp.ask(asked, left());
    }
    if ('message' in exchange && isTruncated(exchange.message)) exchange = await this.#tcp.ask(asked, left());
    return 'message' in exchange && readMessage(exchange.message) === undefined
      ? { failed: 'malformed answer' }
      : exchange;
  }

  async #probe(): Promise<boolean> {
    const exchange = await this.#udp.ask(PROBE, this.#timeoutMs);
    const hasAnswered = 'message' in exchange;
    if (!hasAnswered) this.#observer.probeFailed(this.name);
    return hasAnswered;
  }
}

/** Older servers, and some in front of them, don't understand a query with EDNS (RFC 6891 § 7). */
function isWithoutEdns(exchange: Exchange): boolean {
  return 'message' in exchange && isComplaint(rcodeOf(exchange.message));
}

/** Another upstream may know better: SERVFAIL, REFUSED, NOTIMP, FORMERR. */
export function isRefusal(message: Uint8Array): boolean {
  const rcode = rcodeOf(message);
  return rcode === RCODE.SERVFAIL || rcode === RCODE.REFUSED || isComplaint(rcode);
}
