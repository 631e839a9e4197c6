import { FakeApiServer, sendStatus, testdata } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { aNode } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ApiClient, createApiClient } from './api-client.ts';
import type { ApiError } from './api-error.ts';
import { plainConnection } from './connection.ts';
import type { Decoded } from './decode.ts';
import type { Node, ObjectRef } from './objects.ts';
import { Reflector } from './reflector.ts';
import type { ReflectorSink, ReflectorTiming } from './reflector-options.ts';

const PATH = '/api/v1/nodes';

/** What a sink was told, as `+name@zone`, `-name`, `!name`. */
class Recorder implements ReflectorSink {
  readonly events: string[] = [];
  readonly present = new Set<string>();
  readonly staleObjects = new Map<string, string>();
  readonly flawedObjects = new Map<string, string>();
  readonly failures: ApiError[] = [];
  lists = 0;
  smallest = Number.POSITIVE_INFINITY;

  upsert(object: { name: string; zone?: string }): void {
    this.present.add(object.name);
    this.events.push(`+${object.name}@${object.zone ?? ''}`);
  }

  remove(ref: ObjectRef): void {
    this.present.delete(ref.name);
    this.smallest = Math.min(this.smallest, this.present.size);
    this.events.push(`-${ref.name}`);
  }

  report({ object, message }: { object: ObjectRef; message: string }): void {
    this.events.push(`!${object.name} ${message}`);
  }

  stale({ name }: ObjectRef, reason: string | undefined): void {
    if (reason === undefined) this.staleObjects.delete(name);
    else this.staleObjects.set(name, reason);
  }

  flawed({ name }: ObjectRef, reason: string | undefined): void {
    if (reason === undefined) this.flawedObjects.delete(name);
    else this.flawedObjects.set(name, reason);
  }

  takeEvents(): string[] {
    return this.events.splice(0);
  }
}

/** The zone `bad` is a mistake in the object, the zone `ignored` makes it none of our business. */
function decodeZone(value: unknown): Decoded<Node> {
  const { metadata, zone } = value as { metadata: { name: string }; zone: string };
  const ref = { kind: 'Node', namespace: '', name: metadata.name } as const;
  if (zone === 'bad')
    return { object: undefined, problems: [{ object: ref, field: 'zone', message: 'is bad' }] };
  if (zone === 'throws') throw new RangeError('too much');
  if (zone === 'ignored') return { object: undefined, problems: [] };
  return {
    object: aNode({ name: metadata.name, zone }),
    problems: [],
  };
}

const node = (name: string, zone = 'a') => ({ metadata: { name }, zone });

const FAST: Partial<ReflectorTiming> = {
  retry: { firstMs: 5, maxMs: 20 },
  pageSize: 2,
  watchSilenceMs: 10_000,
  shortestWatchMs: 0,
};

describe('Reflector', () => {
  let server: FakeApiServer;
  let client: ApiClient;
  let stop: AbortController;
  let sink: Recorder;
  let running: Promise<void>;

  beforeEach(async () => {
    server = await FakeApiServer.start();
    stop = new AbortController();
    sink = new Recorder();
    running = Promise.resolve();
    const connection = { ...plainConnection(server.url), certificateAuthority: { file: testdata('ca.crt') } };
    client = createApiClient(connection, { userAgent: 'menwei/test', qps: -1, burst: 1 });
  });

  afterEach(async () => {
    stop.abort();
    await running;
    await client.close();
    await server[Symbol.asyncDispose]();
  });

  function start(timing: Partial<ReflectorTiming> = {}): void {
    const observer = {
      working: () => undefined,
      listed: () => {
        sink.lists++;
      },
      failed: (error: ApiError) => {
        sink.failures.push(error);
      },
    };
    const resource = {
      kind: 'Node',
      path: PATH,
      labelSelector: '!x',
      fieldSelector: 'a!=b',
      decode: decodeZone,
    } as const;
    running = new Reflector({ client, resource, sink, observer, timing: { ...FAST, ...timing } }).run(
      stop.signal,
    );
  }

  const until = (condition: () => boolean): Promise<void> =>
    expect.poll(condition, { interval: 2 }).toBe(true);
  const lists = () => server.requestsFor(PATH, { isWatch: false });
  const watches = () => server.requestsFor(PATH, { isWatch: true });
  const watching = () => until(() => server.watches === 1);

  it('lists page by page, then watches from the version of the list', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) server.put(PATH, node(name));
    start();
    await watching();
    expect(sink.takeEvents()).toEqual(['+a@a', '+b@a', '+c@a', '+d@a', '+e@a']);
    expect(lists().map(({ query }) => query)).toEqual([
      { labelSelector: '!x', fieldSelector: 'a!=b', limit: '2', resourceVersion: '0' },
      { labelSelector: '!x', fieldSelector: 'a!=b', limit: '2', continue: '2' },
      { labelSelector: '!x', fieldSelector: 'a!=b', limit: '2', continue: '4' },
    ]);
    const { timeoutSeconds, ...query } = watches()[0]?.query ?? {};
    expect(query).toEqual({
      labelSelector: '!x',
      fieldSelector: 'a!=b',
      watch: 'true',
      resourceVersion: '105',
      allowWatchBookmarks: 'true',
    });
    expect(Number(timeoutSeconds)).toBeGreaterThanOrEqual(300);
    expect(Number(timeoutSeconds)).toBeLessThanOrEqual(600);
  });

  it('takes everything from a server that ignores the limit', async () => {
    server.ignoreLimit = true;
    for (const name of ['a', 'b', 'c']) server.put(PATH, node(name));
    start();
    await watching();
    expect(sink.takeEvents()).toEqual(['+a@a', '+b@a', '+c@a']);
    expect(lists()).toHaveLength(1);
  });

  it('delivers what the watch says', async () => {
    server.put(PATH, node('a'));
    start();
    await watching();
    server.put(PATH, node('b'));
    server.put(PATH, node('a', 'z'));
    server.delete(PATH, '', 'b');
    await until(() => sink.events.length === 4);
    expect(sink.takeEvents()).toEqual(['+a@a', '+b@a', '+a@z', '-b']);
  });

  it('resumes an ended watch without a new list', async () => {
    server.put(PATH, node('a'));
    start();
    await watching();
    server.put(PATH, node('b'));
    await until(() => sink.events.length === 2);
    server.endWatches();
    await until(() => watches().length === 2);
    server.put(PATH, node('c'));
    await until(() => sink.events.length === 3);
    expect(lists()).toHaveLength(1);
    expect(watches()[1]?.query.resourceVersion).toBe('102');
    expect(sink.failures).toEqual([]);
  });

  it('moves on with a bookmark, so that a compaction does no harm', async () => {
    server.put(PATH, node('a'));
    start();
    await watching();
    server.put('/api/v1/services', { metadata: { name: 'unrelated' } });
    server.bookmark();
    server.compact();
    server.endWatches();
    await until(() => watches().length === 2);
    expect(watches()[1]?.query.resourceVersion).toBe('102');
    server.put(PATH, node('b'));
    await until(() => sink.events.length === 2);
    expect(lists()).toHaveLength(1);
  });

  it.each(['a status', 'an event'])(
    'after a 410 as %s delivers the difference and never less than there is',
    async (how) => {
      for (const name of ['keep', 'change', 'gone']) server.put(PATH, node(name));
      start({ pageSize: 1 });
      await watching();
      sink.takeEvents();
      const blocked = server.intercept(({ isWatch }, response) => {
        if (isWatch) response.destroy();
        return isWatch;
      });
      if (how === 'a status') server.cut();
      else {
        const status = JSON.stringify({ kind: 'Status', code: 410, reason: 'Expired', message: 'too old' });
        server.writeToWatches(PATH, `{"type":"ERROR","object":${status}}\n`);
      }
      await until(() => watches().length > 1);
      server.put(PATH, node('change', 'z'));
      server.delete(PATH, '', 'gone');
      server.put(PATH, node('new'));
      server.compact();
      blocked[Symbol.dispose]();
      await until(() => sink.lists >= 2 && server.watches === 1);
      expect(sink.takeEvents().sort()).toEqual(['+change@z', '+new@a', '-gone']);
      expect(sink.smallest).toBe(3);
      expect(lists().at(-1)?.query.resourceVersion).toBeUndefined();
    },
  );

  it('starts a list again, whole, when a page expires halfway', async () => {
    for (const name of ['a', 'b', 'c', 'd']) server.put(PATH, node(name));
    using _ = server.intercept(({ query }, response) => {
      if (query.continue !== '2') return false;
      server.delete(PATH, '', 'b');
      sendStatus(response, 410, 'The provided continue parameter is too old');
      return true;
    });
    start();
    await watching();
    expect(sink.takeEvents()).toEqual(['+a@a', '+b@a', '+c@a', '+d@a', '-b']);
    expect(lists().at(-1)?.query).toEqual({ labelSelector: '!x', fieldSelector: 'a!=b' });
    expect(sink.lists).toBe(1);
  });

  it('keeps everything while lists fail, cut short or not lists at all', async () => {
    server.put(PATH, node('a'));
    start();
    await watching();
    server.compact();
    server.put(PATH, node('b'));
    await until(() => sink.events.length === 2);
    const answers = [
      '{"kind":"NodeList","metadata":{"resourceVersion":"9"},"items":[',
      '<html/>',
      '{"kind":"Login"}',
    ];
    let asked = 0;
    const broken = server.intercept((request, response) => {
      if (request.isWatch) sendStatus(response, 410, 'too old');
      else response.end(answers[asked++ % answers.length]);
      return true;
    });
    server.cut();
    await until(() => asked >= 4);
    broken[Symbol.dispose]();
    await until(() => server.watches === 1);
    expect(sink.takeEvents()).toEqual(['+a@a', '+b@a']);
    expect(new Set(sink.failures.map(({ failure }) => failure))).toEqual(new Set(['invalid-answer']));
  });

  it('finds a silent connection and resumes', async () => {
    server.put(PATH, node('a'));
    start({ watchSilenceMs: 60 });
    await until(() => watches().length >= 3);
    server.put(PATH, node('b'));
    await until(() => sink.events.length === 2);
    expect(lists()).toHaveLength(1);
    expect(sink.failures).toEqual([]);
  });

  it('gives up a list that hangs, and says so', async () => {
    const hanging = server.intercept((_, response) => {
      response.flushHeaders();
      return true;
    });
    start({ listSilenceMs: 60 });
    await until(() => sink.failures.length > 0);
    expect(sink.failures[0]?.message).toMatch(/is unreachable: the response was cut off/);
    hanging[Symbol.dispose]();
    await watching();
  });

  it('waits longer and longer for a server that ends each watch at once', async () => {
    const random = () => 0;
    using _ = server.intercept(({ isWatch }, response) => {
      if (isWatch) response.end('');
      return isWatch;
    });
    start({ shortestWatchMs: 1_000, retry: { firstMs: 20, maxMs: 10_000 }, random });
    const beganAtMs = performance.now();
    await until(() => watches().length >= 4);
    expect(performance.now() - beganAtMs).toBeGreaterThan(20 + 40 + 80);
  });

  it('waits as long as the server asks', async () => {
    let askedAtMs = 0;
    using _ = server.intercept((_, response) => {
      if (askedAtMs > 0) return false;
      askedAtMs = performance.now();
      response.setHeader('retry-after', '0.2');
      sendStatus(response, 429, 'too many requests');
      return true;
    });
    start();
    await watching();
    expect(performance.now() - askedAtMs).toBeGreaterThan(190);
    expect(sink.failures.map(({ failure }) => failure)).toEqual(['overloaded']);
  });

  it('reports a bad object and keeps its last good version until it is deleted', async () => {
    server.put(PATH, node('a'));
    start();
    await watching();
    server.put(PATH, node('a', 'bad'));
    server.delete(PATH, '', 'a');
    await until(() => sink.events.length === 3);
    expect(sink.takeEvents()).toEqual(['+a@a', '!a is bad', '-a']);
  });

  it('tells which objects are not what they should be, and when they are again', async () => {
    server.put(PATH, node('a'));
    server.put(PATH, node('b', 'bad'));
    start();
    await watching();
    server.put(PATH, node('a', 'bad'));
    await until(() => sink.staleObjects.size === 2);
    expect([...sink.staleObjects]).toEqual([
      ['b', 'Node b: zone: is bad'],
      ['a', 'Node a: zone: is bad'],
    ]);
    server.put(PATH, node('a'));
    await until(() => sink.staleObjects.size === 1);
    expect([...sink.staleObjects.keys()]).toEqual(['b']);
  });

  it('says once what is wrong, and again after it was right', async () => {
    server.put(PATH, node('a', 'bad'));
    start();
    await watching();
    for (const zone of ['bad', 'bad', 'b', 'bad']) server.put(PATH, node('a', zone));
    await until(() => sink.events.length === 3);
    expect(sink.takeEvents()).toEqual(['!a is bad', '+a@b', '!a is bad']);
  });

  it('goes on after an object that can’t be decoded at all', async () => {
    server.put(PATH, node('a', 'throws'));
    server.put(PATH, node('b'));
    start();
    await watching();
    server.put(PATH, node('b', 'throws'));
    server.put(PATH, node('c'));
    await until(() => sink.events.length === 4);
    expect(sink.takeEvents()).toEqual([
      '!a BUG: not decoded: too much',
      '+b@a',
      '!b BUG: not decoded: too much',
      '+c@a',
    ]);
    expect(sink.failures).toEqual([]);
  });

  it('takes a list with an object without a name, and then nothing for deleted', async () => {
    server.put(PATH, node('a'));
    start();
    await watching();
    using _ = server.intercept((request, response) => {
      const items = [{ metadata: {} }, node('b')];
      if (!request.isWatch) {
        response.end(JSON.stringify({ kind: 'NodeList', metadata: { resourceVersion: '100' }, items }));
      }
      return !request.isWatch;
    });
    server.writeToWatches(PATH, '{"type":"ADDED","object":{"metadata":{}}}\n');
    await until(() => sink.lists === 2);
    expect(sink.takeEvents()).toEqual([
      '+a@a',
      '+b@a',
      '!(no name) missing; ignored, and nothing is taken for deleted',
    ]);
  });

  it('removes an object that has become none of our business', async () => {
    server.put(PATH, node('a'));
    start();
    await watching();
    server.put(PATH, node('a', 'ignored'));
    server.put(PATH, node('a', 'b'));
    await until(() => sink.events.length === 3);
    expect(sink.takeEvents()).toEqual(['+a@a', '-a', '+a@b']);
  });

  it('reads events cut at any byte', async () => {
    start();
    await watching();
    const line = Buffer.from(
      `{"type":"ADDED","object":{"metadata":{"name":"门","resourceVersion":"200"},"zone":"z"}}\n`,
    );
    for (const byte of line) {
      server.writeToWatches(PATH, Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => sink.events.length === 1);
    expect(sink.takeEvents()).toEqual(['+门@z']);
  });

  it('lists anew after a watch line that makes no sense', async () => {
    start();
    await watching();
    server.writeToWatches(PATH, 'what?\n');
    await until(() => sink.lists === 2 && server.watches === 1);
    expect(sink.failures.map(({ message }) => message)).toEqual([`${PATH}: the answer is not valid JSON`]);
  });

  it('says that every watch is refused as too old, although its version is new', async () => {
    server.put(PATH, node('a'));
    using _ = server.intercept(({ isWatch }, response) => {
      if (isWatch) sendStatus(response, 410, 'too old');
      return isWatch;
    });
    start({ shortestWatchMs: 60_000 });
    await until(() => sink.failures.length > 0);
    expect(sink.failures[0]?.failure).toBe('gone');
    // The first one, after a list of the server's memory, is everyday life.
    expect(watches().length).toBeGreaterThan(1);
  });

  it('ends a list whose pages go round in a circle, and says so', async () => {
    using _ = server.intercept(({ isWatch }, response) => {
      if (isWatch) return false;
      response.end(
        JSON.stringify({ kind: 'NodeList', metadata: { resourceVersion: '9', continue: 'again' } }),
      );
      return true;
    });
    start();
    await until(() => sink.failures.length > 0);
    expect(sink.failures.map(({ message }) => message)).toContain(
      `${PATH}: the pages of the list form a loop`,
    );
  });

  it('takes no object of another kind for one of its own', async () => {
    server.put(PATH, node('a'));
    start();
    await watching();
    const other = { kind: 'Pod', metadata: { name: 'a', resourceVersion: '999' }, zone: 'z' };
    server.writeToWatches(PATH, `${JSON.stringify({ type: 'MODIFIED', object: other })}\n`);
    await until(() => sink.events.length === 2);
    expect(sink.takeEvents()).toEqual(['+a@a', '!a Pod is not Node']);
    expect(sink.staleObjects.get('a')).toContain('Pod is not Node');
  });

  it.each([true, false])(
    'keeps no event or list that does not end in memory (watch: %s)',
    async (isWatch) => {
      server.put(PATH, node('a'));
      using _ = server.intercept((request, response) => {
        if (request.isWatch !== isWatch) return false;
        response.write('{"kind":"NodeList","items":[{"a":"');
        const timer = setInterval(() => response.write('x'.repeat(2 ** 20)), 1);
        response.on('close', () => clearInterval(timer));
        return true;
      });
      start({ shortestWatchMs: 60_000 });
      await until(() => sink.failures.length > 0);
      expect(sink.failures[0]?.failure).toBe('invalid-answer');
    },
  );

  it('ends when told to, in the middle of anything', async () => {
    using _ = server.intercept(() => true);
    start();
    await until(() => lists().length === 1);
    stop.abort();
    await expect(running).resolves.toBeUndefined();
  });
});
