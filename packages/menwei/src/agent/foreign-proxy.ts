/** A proxy of another process on this node, by its health check: as long as that is good, it has programmed Services (load-balancer § 5.3). */
import { request } from 'undici';
import type { ProgrammedServices } from '../announce/programmed.ts';
import { formatErrorChain } from '../log/error-text.ts';
import type { Logger } from '../log/logger.ts';
import { pause } from '../scheduling/pause.ts';
import type { Component } from './component.ts';

const PERIOD_MS = 1_000;
const PATIENCE_MS = 3_000;
/** One answer that is late is no reason to give addresses away. */
const FAILURES = 3;

export class ForeignProxy {
  readonly #url: string;
  readonly #logger: Logger;
  readonly #listeners = new Set<() => void>();
  #isHealthy = false;
  #failures = 0;
  #changes = 0;

  /** @param url `http://127.0.0.1:10256/healthz` */
  constructor(url: string, logger: Logger) {
    this.#url = url;
    this.#logger = logger;
  }

  component(): Component {
    return {
      name: 'proxy-health',
      onFailure: 'restart',
      run: async (signal, ready) => {
        ready();
        while (!signal.aborted) {
          await this.#ask(signal);
          await pause(PERIOD_MS, signal);
        }
      },
    };
  }

  readonly open = (onChange: () => void): ProgrammedServices & Disposable => {
    let seen = -1;
    this.#listeners.add(onChange);
    return {
      isProgrammed: () => this.#isHealthy,
      take: () => {
        const isNews = seen !== this.#changes;
        seen = this.#changes;
        return isNews ? 'all' : [];
      },
      [Symbol.dispose]: () => this.#listeners.delete(onChange),
    };
  };

  async #ask(signal: AbortSignal): Promise<void> {
    const trouble = await this.#trouble(signal);
    if (signal.aborted) return;
    this.#failures = trouble === undefined ? 0 : this.#failures + 1;
    const isHealthy = trouble === undefined || (this.#isHealthy && this.#failures < FAILURES);
    if (this.#changes > 0 && isHealthy === this.#isHealthy) return;
    this.#isHealthy = isHealthy;
    this.#changes++;
    if (isHealthy) this.#logger.info({ url: this.#url }, 'the proxy of this node is healthy');
    else
      this.#logger.warn(
        { url: this.#url, err: trouble },
        'the proxy of this node is not healthy; no address is taken',
      );
    for (const listener of this.#listeners) listener();
  }

  /** Undefined: it is healthy. */
  async #trouble(signal: AbortSignal): Promise<string | undefined> {
    try {
      const times = { headersTimeout: PATIENCE_MS, bodyTimeout: PATIENCE_MS };
      const { statusCode, body } = await request(this.#url, { signal, ...times });
      await body.dump();
      return statusCode === 200 ? undefined : `it answers ${statusCode}`;
    } catch (error) {
      return formatErrorChain(error);
    }
  }
}
