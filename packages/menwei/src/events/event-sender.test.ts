/** Events over real HTTP, to a server that refuses what an API server would. */
import { FakeApiServer, sendStatus } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createApiClient } from '../kubernetes/api-client.ts';
import { plainConnection } from '../kubernetes/connection.ts';
import { silentLogger } from '../log/logger.ts';
import { type ClusterEvent, nodeSubject } from './event.ts';
import { EventSender } from './event-sender.ts';

function anEvent(fields: Partial<ClusterEvent> = {}): ClusterEvent {
  const subject = nodeSubject('node-1');
  return { subject, type: 'Normal', reason: 'Starting', action: 'StartKubeProxy', note: 'hello', ...fields };
}

describe('EventSender', () => {
  let server: FakeApiServer;
  let stop: AbortController;
  let runs: Promise<void>[];
  const lines: string[] = [];
  const log = (_fields: object, message: string) => lines.push(message);
  const logger = { ...silentLogger, info: log, warn: log };

  beforeEach(async () => {
    server = await FakeApiServer.start({ tls: false });
    stop = new AbortController();
    runs = [];
    lines.length = 0;
  });
  afterEach(async () => {
    stop.abort();
    await Promise.all(runs);
    await server[Symbol.asyncDispose]();
  });

  const openSink = () =>
    Promise.resolve(
      createApiClient(plainConnection(server.url), { userAgent: 'menwei/test', qps: -1, burst: 1 }),
    );

  function start(nodeName = 'node-1', firstAfterMs = 0): EventSender {
    const sender = new EventSender({ nodeName, openSink, logger, firstAfterMs });
    runs.push(sender.run(stop.signal, () => undefined));
    return sender;
  }

  const refuse = (code: number, message = 'no', details: object = {}) =>
    server.intercept(({ method }, response) => {
      if (method === 'GET') return false;
      response.statusCode = code;
      response.end(JSON.stringify({ kind: 'Status', message, code, details }));
      return true;
    });
  const reasons = () => server.events.all().map(({ reason }) => reason);

  it('writes what is recorded, also before it runs', async () => {
    const sender = new EventSender({ nodeName: 'node-1', openSink, logger, firstAfterMs: 0 });
    sender.record(anEvent({ reason: 'Before' }));
    runs.push(sender.run(stop.signal, () => undefined));
    await expect.poll(reasons).toEqual(['Before']);
    sender.record(anEvent({ reason: 'After', type: 'Warning' }));
    await expect.poll(reasons).toEqual(['Before', 'After']);
    expect(server.events.all()[1]).toMatchObject({ type: 'Warning', note: 'hello' });
    expect(lines).toEqual([]);
  });

  it('writes again and again what happens again as one event', async () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    try {
      const sender = start();
      sender.record(anEvent());
      await expect.poll(reasons).toEqual(['Starting']);
      // The server has it before the sender knows that.
      const happenAgain = () => {
        vi.advanceTimersByTime(5 * 60_000);
        sender.record(anEvent());
        return server.events.all();
      };
      await expect.poll(happenAgain).toMatchObject([{ series: { count: expect.any(Number) } }]);

      // One that has expired is written anew, with what happened since.
      server.events.expire();
      await expect.poll(() => happenAgain().length).toBe(1);
      expect(server.requests.filter(({ method }) => method === 'POST')).toHaveLength(2);
    } finally {
      vi.useRealTimers();
    }
  });

  it('does not wait for a clock that was set back, and says when it was by the new one', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse('2040-01-01') });
    try {
      const sender = new EventSender({ nodeName: 'node-1', openSink, logger, firstAfterMs: 0 });
      sender.record(anEvent());
      vi.setSystemTime(Date.parse('2026-01-02'));
      runs.push(sender.run(stop.signal, () => undefined));
      await expect
        .poll(() => server.events.all())
        .toMatchObject([{ eventTime: expect.stringMatching(/^2026/) }]);
    } finally {
      vi.useRealTimers();
    }
  });

  it('goes on, when it is started anew, if what happens then is not due', async () => {
    const sender = start();
    sender.record(anEvent());
    await expect.poll(reasons).toEqual(['Starting']);
    stop.abort();
    await Promise.all(runs);

    stop = new AbortController();
    let isOver = false;
    const again = sender
      .run(stop.signal, () => undefined)
      .then(() => {
        isOver = true;
      });
    runs.push(again);
    await new Promise(setImmediate);
    sender.record(anEvent());
    await new Promise(setImmediate);
    expect(isOver).toBe(false);
    sender.record(anEvent({ reason: 'Next' }));
    await expect.poll(reasons).toEqual(['Starting', 'Next']);
  });

  it('waits for an API server that is away, and then sends what was recorded', async () => {
    // Refused once: how often it would be while a test looks away, and so how long it waits, is the machine's.
    const away = server.intercept((_request, response) => {
      away[Symbol.dispose]();
      sendStatus(response, 503, 'starting');
      return true;
    });
    const sender = start();
    for (let index = 0; index < 150; index++) sender.record(anEvent({ reason: `R${index}` }));
    await expect.poll(() => server.events.all().length).toBe(100);
    expect(server.requests).toHaveLength(101);
    await expect.poll(() => lines).toEqual(['more Kubernetes Events than may be written; see /status']);
  });

  it('is left alone when it asks too much', async () => {
    using _ = server.intercept((_request, response) => {
      response.setHeader('retry-after', '30');
      sendStatus(response, 429, 'slow down');
      return true;
    });
    start().record(anEvent());
    await expect.poll(() => server.requests.length).toBe(1);
    await new Promise((resolve) => setTimeout(resolve, 1200));
    expect(server.requests).toHaveLength(1);
  });

  it('says once that it has no right, and asks no more', async () => {
    const message = 'events.events.k8s.io is forbidden: User "x" cannot create resource "events"';
    using _ = refuse(403, message);
    const sender = start();
    for (let index = 0; index < 20; index++) sender.record(anEvent({ reason: `R${index}` }));
    await expect.poll(() => lines).toEqual([`Kubernetes Events are not written: ${message}`]);
    for (let index = 0; index < 20; index++) sender.record(anEvent({ reason: `S${index}` }));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(server.requests).toHaveLength(1);
    expect(lines).toHaveLength(1);
  });

  it('goes on when a namespace is being deleted', async () => {
    const terminating = { causes: [{ reason: 'NamespaceTerminating' }] };
    const refusing = refuse(403, 'because it is being terminated', terminating);
    const sender = start();
    sender.record(anEvent({ reason: 'Lost' }));
    await expect.poll(() => lines).toEqual([expect.stringMatching(/^a Kubernetes Event was not accepted: /)]);
    refusing[Symbol.dispose]();
    sender.record(anEvent({ reason: 'Next' }));
    await expect.poll(reasons).toEqual(['Next']);
  });

  it('takes what another node has told for told', async () => {
    const event = anEvent({
      subject: { kind: 'Service', namespace: 'shop', name: 'web', uid: 'u1' },
      isSameOnAllNodes: true,
    });
    const senders = ['node-1', 'node-2', 'node-3'].map((name) => start(name));
    for (const sender of senders) sender.record(event);
    await expect.poll(() => server.requests.length).toBe(3);
    for (const sender of senders) sender.record(anEvent());
    await expect.poll(() => server.events.all().length).toBe(4);
    expect(lines).toEqual([]);
  });

  it('sends what waits when the program ends, if the server takes it', async () => {
    const sender = start('node-1', 60_000);
    sender.record(anEvent({ reason: 'FailedToStartMetricServer' }));
    stop.abort();
    await Promise.all(runs);
    expect(reasons()).toEqual(['FailedToStartMetricServer']);
  });

  it('ends at once when nothing waits, and soon when the server is away', async () => {
    const sender = start();
    stop.abort();
    await Promise.all(runs);
    expect(server.requests).toEqual([]);

    using _ = refuse(503);
    stop = new AbortController();
    runs.push(sender.run(stop.signal, () => undefined));
    sender.record(anEvent());
    stop.abort();
    await Promise.all(runs);
    expect(reasons()).toEqual([]);
  });

  it('writes into the log where there is no API server', async () => {
    const sender = new EventSender({ nodeName: 'node-1', openSink: undefined, logger });
    sender.record(anEvent());
    stop.abort();
    await sender.run(stop.signal, () => undefined);
    expect(lines).toEqual(['event: hello']);
  });
});
