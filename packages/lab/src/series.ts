/** Many requests, a bounded number at a time. Runs in a host's thread, so that no message is spent on each. */
import { type Outcome, type Tally, tally } from './outcome.ts';
import {
  type RequestOptions,
  type RequestProtocol,
  requestHttp,
  requestUdp,
  type SeriesOptions,
  type Target,
} from './request.ts';
import { requestStream } from './sctp.ts';

const SEND: Readonly<Record<RequestProtocol, (target: Target, options: RequestOptions) => Promise<Outcome>>> =
  {
    http: requestHttp,
    udp: requestUdp,
    sctp: (target, options) => requestStream(target, options),
  };

export async function requestSeries(
  count: number,
  target: Target,
  options: SeriesOptions = {},
): Promise<Tally> {
  const send = SEND[options.protocol ?? 'http'];
  const outcomes: Outcome[] = [];
  const started = performance.now();
  let sent = 0;
  const sendInTurn = async (): Promise<void> => {
    while (sent < count) {
      sent += 1;
      outcomes.push(await send(target, { timeoutMs: options.timeoutMs, from: options.from }));
    }
  };
  await Promise.all(Array.from({ length: Math.min(count, options.concurrency ?? 16) }, sendInTurn));
  return tally(outcomes, performance.now() - started);
}
