/** How many requests are worked on at a time, and for how long (cluster § 5.1). */
import type { ServerResponse } from 'node:http';
import { StatusError } from '../schema/status-error.ts';
import type { Reply } from './reply.ts';
import type { ParsedRequest } from './request-info.ts';

const MOST_READS = 400;
export const MOST_WRITES = 200;
const LONGEST_MS = 60_000;

const READS: readonly string[] = ['get', 'head', 'list', 'watch'];
const LONG_SUBRESOURCES: readonly string[] = ['attach', 'exec', 'log', 'portforward'];

/** Whether requests of this verb count as reading. */
export function isRead(verb: string): boolean {
  return READS.includes(verb);
}

/** It goes on for as long as the client likes. */
export function isLongRunning(info: ParsedRequest): boolean {
  return 'resource' in info && (info.verb === 'watch' || LONG_SUBRESOURCES.includes(info.subresource));
}

/** Counts requests that read and requests that write. */
export class InFlight {
  #reads = 0;
  #writes = 0;

  get reads(): number {
    return this.#reads;
  }

  get writes(): number {
    return this.#writes;
  }

  /** @throws StatusError 429 */
  enter(isReading: boolean): Disposable {
    if (isReading ? this.#reads >= MOST_READS : this.#writes >= MOST_WRITES) throw tooMany(isReading);
    if (isReading) this.#reads++;
    else this.#writes++;
    return {
      [Symbol.dispose]: () => {
        if (isReading) this.#reads--;
        else this.#writes--;
      },
    };
  }
}

function tooMany(isReading: boolean): StatusError {
  const what = isReading ? `${MOST_READS} reading` : `${MOST_WRITES} writing`;
  return new StatusError({
    code: 429,
    reason: 'TooManyRequests',
    message: `Too many requests: ${what} requests are in flight, please try again later`,
    details: { retryAfterSeconds: 1 },
  });
}

type SlowReply = Pick<Reply, 'hasBegun' | 'refuse'> & {
  readonly response: Pick<ServerResponse, 'destroy' | 'shouldKeepAlive'>;
};

/** After a minute a request is refused, or, if its answer has begun, cut. */
export function limitTime(reply: SlowReply): Disposable {
  const timer = setTimeout(() => {
    if (reply.hasBegun) return void reply.response.destroy();
    // What is left of the request is waited for no longer.
    reply.response.shouldKeepAlive = false;
    reply.refuse(TIMED_OUT);
  }, LONGEST_MS);
  return { [Symbol.dispose]: () => clearTimeout(timer) };
}

const TIMED_OUT = new StatusError({
  code: 504,
  reason: 'Timeout',
  message: 'Timeout: request did not complete within the allotted timeout',
  details: {},
});
