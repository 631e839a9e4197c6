/** Who is asked for which name, and how many questions may be under way. */
import type { Question } from '../wire/question.ts';
import type { Route } from './loop-check.ts';
import { StubDomains, type StubUpstreams } from './stub-domains.ts';
import type { ForwardFailure } from './upstream.ts';
import { formatUpstream, type UpstreamAddress } from './upstream-address.ts';
import { type ForwardPolicy, UpstreamGroup } from './upstream-group.ts';
import { type ExchangeObserver, UPSTREAM_TIMEOUT_MS, UpstreamServer } from './upstream-server.ts';

export interface RouterOptions {
  /** For all names that are in no stub domain. */
  readonly upstreams: readonly UpstreamAddress[];
  readonly stubs: readonly StubUpstreams[];
  readonly policy: ForwardPolicy;
  /** Questions under way; more are refused. */
  readonly maxConcurrent: number;
  /** For each upstream, before the next is asked; {@link UPSTREAM_TIMEOUT_MS} unless given. */
  readonly timeoutMs?: number;
}

const OVERLOAD: ForwardFailure = { failure: 'overload', reason: 'too many questions are under way' };

export class UpstreamRouter {
  readonly #options: RouterOptions;
  readonly #observer: ExchangeObserver;
  readonly #stubs: StubDomains<UpstreamGroup>;
  readonly #stubRoutes: readonly Route[];
  #default: UpstreamGroup;
  #underWay = 0;

  constructor(options: RouterOptions, observer: ExchangeObserver) {
    this.#options = options;
    this.#observer = observer;
    this.#default = this.#group(options.upstreams, []);
    const stubs = options.stubs.map(({ domain, upstreams }) => ({
      domain,
      group: this.#group(upstreams, []),
    }));
    this.#stubs = new StubDomains(stubs);
    this.#stubRoutes = stubs.flatMap(({ domain, group }) =>
      group.servers.map((server) => ({ domain, server })),
    );
  }

  get routes(): readonly Route[] {
    return [...this.#default.servers.map((server) => ({ domain: '', server })), ...this.#stubRoutes];
  }

  async ask(question: Question, dnssec: boolean): Promise<Uint8Array | ForwardFailure> {
    if (this.#underWay >= this.#options.maxConcurrent) return OVERLOAD;
    this.#underWay += 1;
    try {
      const group = this.#stubs.find(question.name) ?? this.#default;
      return await group.ask({ question, dnssec, edns: true });
    } finally {
      this.#underWay -= 1;
    }
  }

  /** Those that are in both lists go on as they are: what is known of their health stays. */
  setUpstreams(upstreams: readonly UpstreamAddress[]): void {
    const former = this.#default.servers;
    this.#default = this.#group(upstreams, former);
    for (const server of former) if (!this.#default.servers.includes(server)) server.close();
  }

  close(): void {
    for (const { server } of this.routes) server.close();
  }

  #group(addresses: readonly UpstreamAddress[], former: readonly UpstreamServer[]): UpstreamGroup {
    const unique = new Map(addresses.map((address) => [formatUpstream(address), address]));
    const servers = [...unique].map(
      ([name, address]) =>
        former.find((server) => server.name === name) ??
        new UpstreamServer(address, this.#observer, this.#options.timeoutMs ?? UPSTREAM_TIMEOUT_MS),
    );
    return new UpstreamGroup(servers, this.#options.policy);
  }
}
