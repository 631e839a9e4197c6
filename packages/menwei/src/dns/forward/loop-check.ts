/**
 * Finds out whether an upstream, by some detour, asks this server: a question that nobody else asks is sent to it, and must not come
 * back. Such an upstream is not asked any more; else one question would go round for ever.
 */
import { randomBytes } from 'node:crypto';
import type { Logger } from '../../log/logger.ts';
import { InterruptiblePause } from '../../scheduling/pause.ts';
import { CLASS_IN, type Question, TYPE } from '../wire/question.ts';
import type { UpstreamServer } from './upstream-server.ts';

/** An upstream, and the domain that it is asked for; empty: all. */
export interface Route {
  readonly domain: string;
  readonly server: UpstreamServer;
}

interface Probe {
  readonly server: UpstreamServer;
  hasComeBack: boolean;
}

/** After the start, while this server and others may not have begun to answer; later, since others' settings change, too. */
const CHECKS_AFTER_MS = [0, 5_000, 30_000];
const CHECK_EACH_MS = 300_000;

export class LoopCheck {
  readonly #routes: () => readonly Route[];
  readonly #logger: Logger;
  readonly #pause = new InterruptiblePause();
  /** Of this round and the one before, by name: some come back late. */
  #probes = new Map<string, Probe>();
  #former = new Map<string, Probe>();
  #checks = 0;

  constructor(routes: () => readonly Route[], logger: Logger) {
    this.#routes = routes;
    this.#logger = logger;
  }

  async run(signal: AbortSignal): Promise<void> {
    this.#checks = 0;
    while (!signal.aborted) {
      const waitMs = CHECKS_AFTER_MS[this.#checks] ?? CHECK_EACH_MS;
      this.#checks += 1;
      await this.#pause.wait(waitMs, signal);
      if (signal.aborted) return;
      this.#former = this.#probes;
      this.#probes = new Map();
      await Promise.all(this.#routes().map((route) => this.#check(route)));
    }
  }

  /** There are other upstreams. */
  restart(): void {
    this.#checks = 0;
    this.#pause.end();
  }

  /** Whether a question is one that was sent to an upstream to find out. */
  isOwn(question: Question): boolean {
    if (question.type !== TYPE.HINFO) return false;
    const probe = this.#probes.get(question.name) ?? this.#former.get(question.name);
    if (probe === undefined) return false;
    probe.hasComeBack = true;
    this.#setLeadsBack(probe.server, true);
    return true;
  }

  async #check({ domain, server }: Route): Promise<void> {
    const name = `${randomBytes(8).toString('hex')}.${domain === '' ? 'menwei-loop-check' : domain}`;
    const probe: Probe = { server, hasComeBack: false };
    this.#probes.set(name, probe);
    const question: Question = { name, type: TYPE.HINFO, class: CLASS_IN };
    const exchange = await server.ask({ question, dnssec: false, edns: false });
    if ('message' in exchange && !probe.hasComeBack) this.#setLeadsBack(server, false);
  }

  #setLeadsBack(server: UpstreamServer, leadsBack: boolean): void {
    if (server.leadsBack === leadsBack) return;
    server.leadsBack = leadsBack;
    const fields = { upstream: server.name };
    if (leadsBack) {
      this.#logger.error(
        fields,
        'forwarding loop: upstream asks this server again; it is not asked any more',
      );
    } else
      this.#logger.info(fields, 'upstream does not lead back to this server any more; it is asked again');
  }
}
