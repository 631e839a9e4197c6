import { createServer } from 'node:net';
import { aRelayEndpoint } from '@menwei/testing/relay/testing.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RelayEndpoint } from './contract.ts';
import { Dial, type DialOutcome, SLOTS_MS } from './dial.ts';
import { connectToEndpoint, type EndpointSocket } from './endpoint-socket.ts';

const BUDGET_MS = SLOTS_MS.reduce((sum, slotMs) => sum + slotMs, 0);

/** What an endpoint does: answers, refuses with an error, each after some time, or says nothing. */
type Behaviour = { readonly afterMs: number; readonly code?: string } | 'silent';

const ANSWERS: Behaviour = { afterMs: 1 };
const REFUSES: Behaviour = { afterMs: 1, code: 'ECONNREFUSED' };

class FakeSocket {
  isDestroyed = false;
  destroy(): void {
    this.isDestroyed = true;
  }
}

/** Endpoints named by their port; an array: one behaviour after the other, of which the last one stays. */
class Stage {
  readonly log: string[] = [];
  readonly sockets: FakeSocket[] = [];
  readonly #behaviours: Behaviour[][];
  readonly #endpoints: readonly RelayEndpoint[];
  readonly #left = new Set<number>();
  readonly #startMs = Date.now();
  outcome: DialOutcome<FakeSocket> | undefined;
  readonly dial: Dial<FakeSocket>;

  constructor(...behaviours: (Behaviour | Behaviour[])[]) {
    this.#behaviours = behaviours.map((behaviour) => (Array.isArray(behaviour) ? behaviour : [behaviour]));
    this.#endpoints = behaviours.map((_, number) => aRelayEndpoint('10.0.0.1', number));
    this.dial = new Dial({
      order: () => this.#endpoints.filter(({ port }) => !this.#left.has(port)).values(),
      connect: (endpoint, settled) => this.#connect(endpoint, settled),
      failed: ({ port }, why) => this.log.push(`${port} ${why} at ${this.nowMs}`),
      done: (outcome) => {
        this.outcome = outcome;
        this.log.push(`${outcome.outcome} at ${this.nowMs}`);
      },
    });
    this.dial.start();
  }

  leave(left: number): void {
    this.#left.add(left);
    this.dial.keepTo(({ port }) => !this.#left.has(port));
  }

  get nowMs(): number {
    return Date.now() - this.#startMs;
  }

  #connect({ port }: RelayEndpoint, settled: (error: NodeJS.ErrnoException | undefined) => void): FakeSocket {
    const socket = new FakeSocket();
    this.sockets.push(socket);
    const script = this.#behaviours[port] ?? [];
    const behaviour = (script.length > 1 ? script.shift() : script[0]) ?? 'silent';
    if (behaviour === 'silent') return socket;
    const { afterMs, code } = behaviour;
    const error = code === undefined ? undefined : Object.assign(new Error(code), { code });
    setTimeout(() => socket.isDestroyed || settled(error), afterMs);
    return socket;
  }
}

describe('Dial', () => {
  beforeEach(() => vi.useFakeTimers());
  afterEach(() => vi.useRealTimers());

  function run(...behaviours: (Behaviour | Behaviour[])[]): Stage {
    const stage = new Stage(...behaviours);
    vi.advanceTimersByTime(2 * BUDGET_MS);
    expect(vi.getTimerCount()).toBe(0);
    return stage;
  }

  it.each<{ name: string; endpoints: (Behaviour | Behaviour[])[]; log: string[] }>([
    { name: 'takes the first that answers', endpoints: [ANSWERS, ANSWERS], log: ['connected at 1'] },
    {
      name: 'waits the whole slot',
      endpoints: [{ afterMs: 249 }],
      log: ['connected at 249'],
    },
    {
      name: 'goes on after silence',
      endpoints: ['silent', ANSWERS],
      log: ['0 ETIMEDOUT at 250', 'connected at 251'],
    },
    {
      name: 'goes on at once after a refusal',
      endpoints: [REFUSES, { afterMs: 1, code: 'EHOSTUNREACH' }, ANSWERS],
      log: ['0 ECONNREFUSED at 1', '1 EHOSTUNREACH at 2', 'connected at 3'],
    },
    {
      name: 'starts over with the next slot when all have refused',
      endpoints: [[REFUSES, ANSWERS], REFUSES],
      log: ['0 ECONNREFUSED at 1', '1 ECONNREFUSED at 2', 'connected at 251'],
    },
    {
      name: 'tries four endpoints that are silent',
      endpoints: ['silent', 'silent', 'silent', 'silent', ANSWERS],
      log: [
        '0 ETIMEDOUT at 250',
        '1 ETIMEDOUT at 750',
        '2 ETIMEDOUT at 1750',
        '3 ETIMEDOUT at 3750',
        'unserved at 3750',
      ],
    },
    {
      name: 'tries a single one four times',
      endpoints: [['silent', REFUSES, 'silent', { afterMs: 1500 }]],
      log: ['0 ETIMEDOUT at 250', '0 ECONNREFUSED at 251', '0 ETIMEDOUT at 1750', 'connected at 3250'],
    },
    {
      name: 'tries those again that refused, when others were silent',
      endpoints: [[REFUSES, ANSWERS], 'silent'],
      log: ['0 ECONNREFUSED at 1', '1 ETIMEDOUT at 250', 'connected at 251'],
    },
    {
      name: 'does not wait for anything after the last refusal',
      endpoints: [REFUSES],
      log: [
        '0 ECONNREFUSED at 1',
        '0 ECONNREFUSED at 251',
        '0 ECONNREFUSED at 751',
        '0 ECONNREFUSED at 1751',
        'unserved at 1751',
      ],
    },
    { name: 'gives up at once when there is nobody', endpoints: [], log: ['unserved at 0'] },
    ...['EMFILE', 'ENFILE', 'ENOBUFS', 'ENOMEM'].map((code) => ({
      name: `does not blame the endpoint for ${code}`,
      endpoints: [{ afterMs: 1, code }, ANSWERS],
      log: ['no-descriptor at 1'],
    })),
  ])('$name', ({ endpoints, log }) => {
    const stage = run(...endpoints);
    expect(stage.log).toEqual(log);
    expect(stage.outcome?.attempts).toBe(stage.sockets.length);
  });

  it('does not try more than a few in one slot, and the others in the next', () => {
    const stage = run(...Array.from({ length: 20 }, () => REFUSES), ANSWERS);
    expect(stage.outcome).toMatchObject({ outcome: 'connected', attempts: 21 });
    expect(stage.log.at(-1)).toBe('connected at 255');
  });

  it('closes what it does not use', () => {
    const stage = run('silent', 'silent', ANSWERS);
    expect(stage.sockets.map(({ isDestroyed }) => isDestroyed)).toEqual([true, true, false]);
  });

  it('goes on at once when the endpoint that is asked leaves, with the time of the whole slot', () => {
    const stage = new Stage('silent', { afterMs: 249 });
    vi.advanceTimersByTime(200);
    stage.dial.keepTo(({ port }) => port !== 1);
    expect(stage.sockets).toHaveLength(1);
    stage.leave(0);
    expect(stage.sockets.map(({ isDestroyed }) => isDestroyed)).toEqual([true, false]);
    vi.advanceTimersByTime(249);
    expect(stage.log).toEqual(['connected at 449']);
    stage.leave(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives up at once when the last endpoint leaves', () => {
    const stage = new Stage('silent');
    vi.advanceTimersByTime(100);
    stage.leave(0);
    expect(stage.log).toEqual(['unserved at 100']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('ends when nobody waits any more', () => {
    const stage = new Stage('silent', ANSWERS);
    vi.advanceTimersByTime(100);
    stage.dial.abort();
    vi.advanceTimersByTime(2 * BUDGET_MS);
    expect(stage.log).toEqual([]);
    expect(stage.sockets.map(({ isDestroyed }) => isDestroyed)).toEqual([true]);
  });
});

describe('Dial on a network', () => {
  it('passes over an endpoint where nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const endpoints = [aRelayEndpoint('127.0.0.1', 1), aRelayEndpoint('127.0.0.1', port)];
    const failures: string[] = [];
    const outcome = await new Promise<DialOutcome<EndpointSocket>>((done) =>
      new Dial<EndpointSocket>({
        order: () => endpoints.values(),
        connect: connectToEndpoint,
        failed: ({ text }, why) => failures.push(`${text} ${why}`),
        done,
      }).start(),
    );
    expect(outcome).toMatchObject({ outcome: 'connected', endpoint: endpoints[1], attempts: 2 });
    expect(failures).toEqual(['127.0.0.1:1 ECONNREFUSED']);
    if (outcome.outcome === 'connected') outcome.socket.destroy();
    server.close();
  });
});
