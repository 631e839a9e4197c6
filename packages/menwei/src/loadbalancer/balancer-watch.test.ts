import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { type Balancers, BalancerWatch } from './balancer-watch.ts';

type Look = Awaited<ReturnType<Balancers['look']>>;

const CLEAN: Look = { drifted: new Map(), removed: [], failures: [], unreachable: [] };
const SERVICES = ['ns/a', 'ns/b'];

let looks: (Look | Error)[];
let queued: string[];
let watch: BalancerWatch;
let stop: AbortController;

beforeEach(() => {
  vi.useFakeTimers();
  looks = [];
  queued = [];
  stop = new AbortController();
  const unused = () => Promise.reject(new Error('BUG: it is only looked at'));
  const balancers: Balancers = {
    put: unused,
    remove: unused,
    look: async () => {
      const next = looks.shift() ?? CLEAN;
      if (next instanceof Error) throw next;
      return next;
    },
  };
  const claim = {
    claim: 'managed',
    finalizer: 'f',
    stale: [],
    by: 'provider',
    servedAs: 'example.com/lb',
  } as const;
  const view = { managed: () => SERVICES, claim: () => claim };
  const queue = {
    add: (key: string) => void queued.push(key),
    addAnew: (key: string) => void queued.push(`${key} anew`),
  };
  watch = new BalancerWatch('example.com/lb', balancers, view, queue, silentLogger);
});
afterEach(() => {
  stop.abort();
  vi.useRealTimers();
});

it('has its Services wait until it was looked at, and says why it could not be', async () => {
  looks = [new Error('connection refused'), CLEAN];
  expect([watch.isUnknown, watch.failure]).toEqual([true, '']);
  const running = watch.run(stop.signal);
  await vi.advanceTimersByTimeAsync(0);
  expect([watch.isUnknown, watch.failure, queued]).toEqual([true, 'connection refused', SERVICES]);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([watch.isUnknown, watch.failure, queued]).toEqual([false, '', [...SERVICES, ...SERVICES]]);
  stop.abort();
  await running;
});

it('has what others have changed put right, every minute (LQ-3)', async () => {
  looks = [CLEAN, { ...CLEAN, drifted: new Map([['ns/b', 'a server was stopped']]) }];
  const running = watch.run(stop.signal);
  await vi.advanceTimersByTimeAsync(59_999);
  expect(queued).toEqual(SERVICES);
  await vi.advanceTimersByTimeAsync(1);
  expect(queued).toEqual([...SERVICES, 'ns/b anew']);
  stop.abort();
  await running;
});
