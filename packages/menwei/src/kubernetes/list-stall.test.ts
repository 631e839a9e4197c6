import { describe, expect, it } from 'vitest';
import type { ApiClient } from './api-client.ts';
import { decodeEndpointSlice } from './decode.ts';
import { Reflector } from './reflector.ts';

const SLICES = 2_500;
const ENDPOINTS = 100;

/** Answers a list with one page that is all there at once: the worst case. */
function serverWithOnePage(page: Buffer): ApiClient {
  async function* chunks(): AsyncGenerator<Buffer> {
    for (let at = 0; at < page.length; at += 65_536) yield page.subarray(at, at + 65_536);
  }
  return {
    server: 'https://api.test',
    get: (_path, _query, { signal }) =>
      signal.aborted ? Promise.reject(signal.reason) : Promise.resolve(chunks()),
    write: () => Promise.resolve(),
    close: () => Promise.resolve(),
  };
}

function slice(number: number): object {
  const endpoints = Array.from({ length: ENDPOINTS }, (_, i) => ({
    addresses: [`10.${number >> 8}.${number & 255}.${i}`],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: `node-${i}`,
    targetRef: { kind: 'Pod', namespace: 'default', name: `pod-${number}-${i}`, uid: `0000-${number}-${i}` },
  }));
  return {
    metadata: {
      name: `slice-${number}`,
      namespace: 'default',
      resourceVersion: String(number),
      labels: { 'kubernetes.io/service-name': `service-${number}` },
    },
    addressType: 'IPv4',
    ports: [{ name: 'http', protocol: 'TCP', port: 8080 }],
    endpoints,
  };
}

describe('a list of 2,500 slices of 100 endpoints in one page', () => {
  it('leaves the event loop turning while it is read', async () => {
    const items = Array.from({ length: SLICES }, (_, i) => slice(i));
    const page = Buffer.from(
      JSON.stringify({ kind: 'EndpointSliceList', metadata: { resourceVersion: '1' }, items }),
    );
    const stop = new AbortController();
    let delivered = 0;
    let deliveredBefore = 0;
    let mostInOneTurn = 0;
    const countTurn = (): void => {
      mostInOneTurn = Math.max(mostInOneTurn, delivered - deliveredBefore);
      deliveredBefore = delivered;
      if (!stop.signal.aborted) setImmediate(countTurn);
    };
    countTurn();
    await new Reflector({
      client: serverWithOnePage(page),
      resource: { kind: 'EndpointSlice', path: '/slices', decode: decodeEndpointSlice },
      sink: {
        upsert: () => delivered++,
        remove: () => undefined,
        report: (problem) => expect.fail(problem.message),
        stale: (ref) => expect.fail(ref.name),
        flawed: (ref) => expect.fail(ref.name),
      },
      observer: { working: () => undefined, failed: () => undefined, listed: () => stop.abort() },
    }).run(stop.signal);
    expect(delivered).toBe(SLICES);
    // A turn is ended by the clock after 10 ms; a count is what a busy machine can't spoil.
    expect(mostInOneTurn).toBeLessThan(SLICES / 5);
  });
});
