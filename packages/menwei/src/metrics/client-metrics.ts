/** What the client of the API server does, as client-go tells it. */
import {
  CLIENT_RATE_LIMITER_DURATION,
  CLIENT_REQUEST_DURATION,
  CLIENT_REQUEST_SIZE,
  CLIENT_REQUESTS,
  CLIENT_RESPONSE_SIZE,
} from './catalogue/libraries.ts';
import type { Registry } from './registry.ts';

/** Of one request. */
interface Request {
  /** `GET` */
  readonly verb: string;
  /** `10.96.0.1:443` */
  readonly host: string;
}

export class ClientMetrics {
  readonly #requests;
  readonly #durations;
  readonly #waits;
  readonly #requestSizes;
  readonly #responseSizes;

  constructor(registry: Registry) {
    this.#requests = registry.counter(CLIENT_REQUESTS);
    this.#durations = registry.histogram(CLIENT_REQUEST_DURATION);
    this.#waits = registry.histogram(CLIENT_RATE_LIMITER_DURATION);
    this.#requestSizes = registry.histogram(CLIENT_REQUEST_SIZE);
    this.#responseSizes = registry.histogram(CLIENT_RESPONSE_SIZE);
  }

  /** A request waited for the rate limit, or went at once. */
  waited({ verb, host }: Request, seconds: number): void {
    this.#waits.observe({ verb, host }, seconds);
  }

  /** A request was answered. @param status of HTTP; undefined: no answer came */
  answered({ verb, host }: Request, status: number | undefined): void {
    this.#requests.add({ code: status === undefined ? '<error>' : String(status), method: verb, host }, 1);
  }

  /** A request that has an end has come to it. */
  completed({ verb, host }: Request, seconds: number, requestBytes: number, responseBytes: number): void {
    this.#durations.observe({ verb, host }, seconds);
    this.#requestSizes.observe({ verb, host }, requestBytes);
    this.#responseSizes.observe({ verb, host }, responseBytes);
  }
}
