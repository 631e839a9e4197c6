/** One load balancer outside of the cluster: is looked at every minute, so that what others change there is put right (LQ-3). */
import type { Logger } from '../log/logger.ts';
import { pause } from '../scheduling/pause.ts';
import { retryDelayMs } from '../scheduling/retry.ts';
import type { WorkQueue } from '../scheduling/work-queue.ts';
import type { ObjectKey } from '../state/object-key.ts';
import type { ClusterView } from './cluster-view.ts';
import type { BalancerEngine } from './providers/balancer-engine.ts';

/** What the controller uses of an engine, whatever its provider. */
export type Balancers = Pick<BalancerEngine<unknown>, 'put' | 'remove' | 'look'>;

const LOOK_MS = 60_000;

export class BalancerWatch {
  /** The class whose Services it serves. */
  readonly loadBalancerClass: string;
  readonly balancers: Balancers;
  readonly #view: Pick<ClusterView, 'managed' | 'claim'>;
  readonly #queue: Pick<WorkQueue, 'add' | 'addAnew'>;
  readonly #logger: Logger;
  #hasLooked = false;
  #unreachable: ReadonlySet<string> = new Set();
  #failure = '';

  constructor(
    loadBalancerClass: string,
    balancers: Balancers,
    view: Pick<ClusterView, 'managed' | 'claim'>,
    queue: Pick<WorkQueue, 'add' | 'addAnew'>,
    logger: Logger,
  ) {
    this.loadBalancerClass = loadBalancerClass;
    this.balancers = balancers;
    this.#view = view;
    this.#queue = queue;
    this.#logger = logger;
  }

  /** Nothing is known yet of what it has; then its Services are looked at again as soon as something is. */
  get isUnknown(): boolean {
    return !this.#hasLooked;
  }

  /** Why it could not be read; empty: nobody has tried, or it could. */
  get failure(): string {
    return this.#failure;
  }

  async run(signal: AbortSignal): Promise<void> {
    let failures = 0;
    while (!signal.aborted) {
      failures = (await this.#look(signal)) ? 0 : failures + 1;
      const pauseMs = failures === 0 ? LOOK_MS : retryDelayMs(failures, { maxMs: LOOK_MS }, Math.random);
      await pause(pauseMs, signal);
    }
  }

  isWanted(key: ObjectKey): boolean {
    const claim = this.#view.claim(key);
    return claim.claim === 'managed' && claim.by === 'provider' && claim.servedAs === this.loadBalancerClass;
  }

  async #look(signal: AbortSignal): Promise<boolean> {
    const fields = { loadBalancerClass: this.loadBalancerClass };
    try {
      const { drifted, removed, failures, unreachable } = await this.balancers.look(
        (key) => this.isWanted(key),
        signal,
      );
      for (const [key, what] of drifted) {
        this.#logger.warn({ ...fields, service: key }, `load balancer has drifted: ${what}; it is put right`);
        this.#queue.addAnew(key);
      }
      if (removed.length > 0)
        this.#logger.info({ ...fields, removed }, 'removed load balancers of Services that are gone');
      for (const failure of failures)
        this.#logger.warn(fields, `orphaned load balancer is still there: ${failure}`);
      this.#tellUnreachable(unreachable);
      this.#failure = '';
      if (!this.#hasLooked) this.#begin();
      return failures.length === 0;
    } catch (error) {
      if (signal.aborted) return true;
      const message = error instanceof Error ? error.message : String(error);
      if (message !== this.#failure)
        this.#logger.error({ ...fields, err: error }, 'load balancer could not be read; trying again');
      this.#failure = message;
      if (!this.#hasLooked) this.#queueAll();
      return false;
    }
  }

  /** Once, and again when it is over. */
  #tellUnreachable(sentences: readonly string[]): void {
    const fields = { loadBalancerClass: this.loadBalancerClass };
    const now = new Set(sentences);
    for (const sentence of now.difference(this.#unreachable)) this.#logger.warn(fields, sentence);
    for (const sentence of this.#unreachable.difference(now))
      this.#logger.info(fields, `no longer: ${sentence}`);
    this.#unreachable = now;
  }

  #begin(): void {
    this.#hasLooked = true;
    this.#queueAll();
  }

  #queueAll(): void {
    for (const key of this.#view.managed()) if (this.isWanted(key)) this.#queue.add(key);
  }
}
