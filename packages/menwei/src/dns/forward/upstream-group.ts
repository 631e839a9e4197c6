/** Upstreams of which any may be asked for a name: in which order, and how often (dns § 6). */
import type { Ask } from './exchange.ts';
import type { ForwardFailure } from './upstream.ts';
import { isRefusal, type UpstreamServer } from './upstream-server.ts';

export type ForwardPolicy = 'random' | 'sequential';

/** How often each is asked for a name, when none answers. */
const PASSES = 2;

export class UpstreamGroup {
  readonly servers: readonly UpstreamServer[];
  readonly #policy: ForwardPolicy;

  constructor(servers: readonly UpstreamServer[], policy: ForwardPolicy) {
    this.servers = servers;
    this.#policy = policy;
  }

  /** The first good answer; without one the first that there was. */
  async ask(ask: Ask): Promise<Uint8Array | ForwardFailure> {
    const wrong = this.#whyNobody();
    if (wrong !== undefined) return { failure: 'no-upstream', reason: wrong };
    const failed: string[] = [];
    let refusal: Uint8Array | undefined;
    for (let pass = 0; pass < PASSES && refusal === undefined; pass += 1) {
      for (const server of this.#inOrder()) {
        const exchange = await server.ask(ask);
        if ('failed' in exchange) failed.push(`${server.name}: ${exchange.failed}`);
        else if (isRefusal(exchange.message)) refusal ??= exchange.message;
        else return exchange.message;
      }
    }
    return refusal ?? { failure: 'no-answer', reason: failed.join(', ') };
  }

  #whyNobody(): string | undefined {
    if (this.servers.length === 0) return 'there is no upstream';
    const leadBack = this.servers.every(({ leadsBack }) => leadsBack);
    return leadBack ? 'forwarding loop: every upstream asks this server again' : undefined;
  }

  /** Those that are down come last: if none is up, they are tried anyway. */
  #inOrder(): readonly UpstreamServer[] {
    const usable = this.servers.filter(({ leadsBack }) => !leadsBack);
    const servers = this.#policy === 'random' ? shuffled(usable) : usable;
    return [...servers.filter(({ isDown }) => !isDown), ...servers.filter(({ isDown }) => isDown)];
  }
}

function shuffled<Item>(items: readonly Item[]): readonly Item[] {
  return items
    .map((item) => ({ item, place: Math.random() }))
    .sort((left, right) => left.place - right.place)
    .map(({ item }) => item);
}
