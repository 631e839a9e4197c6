/** Log lines about relays: many events of one kind are one line. */
import type { Logger } from '../log/logger.ts';
import type { RelayKey } from './contract.ts';
import { type NotableEvent, SUM_OF, type Tally } from './event-tally.ts';

/** From a line to the next of its kind. */
const QUIET_MS = 10_000;

export class EventLog {
  readonly #logger: Logger;
  readonly #nameOf: (key: RelayKey) => string;
  readonly #kinds = new Map<NotableEvent['event'], { loggedMs: number; untold: number }>();

  /** @param nameOf what messages call a relay */
  constructor(logger: Logger, nameOf: (key: RelayKey) => string) {
    this.#logger = logger;
    this.#nameOf = nameOf;
  }

  /** Tells what the operator has not been told lately; the rest is counted in the next line. */
  record({ sums, examples }: Tally, nowMs: number): void {
    for (const event of examples) {
      const kind = this.#kinds.get(event.event) ?? { loggedMs: Number.NEGATIVE_INFINITY, untold: 0 };
      this.#kinds.set(event.event, kind);
      kind.untold += sums[SUM_OF[event.event]];
      if (nowMs - kind.loggedMs < QUIET_MS) continue;
      this.#log(event, kind.untold - 1);
      kind.loggedMs = nowMs;
      kind.untold = 0;
    }
  }

  #log(event: NotableEvent, more: number): void {
    const rest = more > 0 ? `, and ${more} more` : '';
    const servicePort = this.#nameOf(event.key);
    switch (event.event) {
      case 'attempt-failed': {
        const { endpoint, why } = event;
        this.#logger.warn({ servicePort, endpoint, err: why }, `endpoint did not answer${rest}`);
        return;
      }
      case 'unserved': {
        const { attempts } = event;
        this.#logger.warn({ servicePort, attempts }, `no endpoint answered; client connection closed${rest}`);
        return;
      }
      case 'no-descriptor':
        this.#logger.error({ servicePort }, `out of file descriptors; client connection closed${rest}`);
        return;
      case 'listener-lost':
        this.#logger.error({ servicePort, err: event.why }, `listener failed; reopening it${rest}`);
    }
  }
}
