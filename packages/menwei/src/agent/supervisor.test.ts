import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Logger, silentLogger } from '../log/logger.ts';
import { type Component, ComponentStates } from './component.ts';
import { supervise } from './supervisor.ts';

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

type Run = Component['run'];

/** Runs until it is told to end. */
const untilTold: Run = async (signal, ready) => {
  ready();
  await told(signal);
};

/** The same, and is not ready at once. */
function readyAfter(ms: number): Run {
  return async (signal, ready) => {
    setTimeout(ready, ms);
    await told(signal);
  };
}

/** The same, until it ends as the promise does. */
function endingWith(end: Promise<void>): Run {
  return async (_signal, ready) => {
    ready();
    await end;
  };
}

function told(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}

interface Line {
  readonly level: string;
  readonly message: string;
  readonly component?: string;
  readonly retryMs?: number;
  readonly error?: unknown;
}

interface Supervision {
  readonly states: ComponentStates;
  readonly lines: readonly Line[];
  /** What happened, in order: `+web` and `-web`. */
  readonly events: readonly string[];
  readonly state: (name: string) => string | undefined;
  readonly stop: () => Promise<void>;
  /** How it ended; undefined while it has not. */
  readonly ended: () => { readonly error?: unknown } | undefined;
}

function start(components: readonly Component[]): Supervision {
  const states = new ComponentStates();
  const lines: Line[] = [];
  const events: string[] = [];
  const log = (level: string) => (fields: object, message: string) =>
    lines.push({ level, message, ...fields });
  const logger: Logger = {
    verbosity: 0,
    verbose: () => undefined,
    info: log('info'),
    warn: log('warn'),
    error: log('error'),
  };
  const controller = new AbortController();
  const observed = components.map(
    (component): Component => ({
      ...component,
      run: async (signal, ready) => {
        events.push(`+${component.name}`);
        try {
          await component.run(signal, ready);
        } finally {
          events.push(`-${component.name}`);
        }
      },
    }),
  );
  let ended: { readonly error?: unknown } | undefined;
  const run = supervise(observed, { states, logger }, controller.signal).then(
    () => {
      ended = {};
    },
    (error: unknown) => {
      ended = { error };
    },
  );
  return {
    states,
    lines,
    events,
    state: (name) => states.get(name)?.state,
    stop: () => {
      controller.abort();
      return run;
    },
    ended: () => ended,
  };
}

function component(name: string, run: Run = untilTold, rest: Partial<Component> = {}): Component {
  return { name, onFailure: 'restart', run, ...rest };
}

/** Runs `first` at the first start, and well from then on. */
function once(first: Run, then: Run = untilTold): Run {
  let starts = 0;
  return (signal, ready) => (starts++ === 0 ? first(signal, ready) : then(signal, ready));
}

const letRun = (ms = 0) => vi.advanceTimersByTimeAsync(ms);

const FAULTS: Readonly<Record<string, Run>> = {
  'throws before it gives a promise': () => {
    throw new Error('injected');
  },
  'rejects before it is ready': async () => {
    throw new Error('injected');
  },
  'rejects when it was ready': async (_signal, ready) => {
    ready();
    await Promise.resolve();
    throw new Error('injected');
  },
  'ends without being told to': async (_signal, ready) => ready(),
};

describe('a component that fails', () => {
  it('leaves nothing behind on the signals of those that run on, however often it fails', async () => {
    const signals = new Set<EventTarget>();
    const listen = AbortSignal.prototype.addEventListener;
    vi.spyOn(AbortSignal.prototype, 'addEventListener').mockImplementation(function (
      this: AbortSignal,
      ...listening: Parameters<typeof listen>
    ) {
      signals.add(this);
      listen.apply(this, listening);
    });
    const failing: Run = async (_signal, ready) => {
      ready();
      throw new Error('injected');
    };
    const { states, stop } = start([component('a'), component('b', failing, { needs: ['a'] })]);
    await letRun(30 * 60_000);
    expect(states.get('b')?.restarts).toBeGreaterThan(50);
    const listeners = Array.from(signals, (signal) => getEventListeners(signal, 'abort').length);
    expect(Math.max(...listeners)).toBeLessThan(5);
    await stop();
  });

  it.each(Object.entries(FAULTS))('and %s is started again, and the others go on', async (_name, fault) => {
    const { events, state, lines, states, stop } = start([
      component('a'),
      component('b', once(fault)),
      component('c'),
    ]);
    await letRun(10);
    expect(state('b')).toBe('restarting');
    expect([state('a'), state('c')]).toEqual(['running', 'running']);
    expect(states.get('b')?.error).toMatch(/injected|ended unexpectedly/);
    expect(lines).toMatchObject([
      { level: 'error', message: 'component failed; restarting', component: 'b', retryMs: 1_000 },
    ]);
    await letRun(1_000);
    expect(states.get('b')).toMatchObject({ state: 'running', restarts: 1 });
    expect(states.get('b')?.error).toBeUndefined();
    expect(lines.at(-1)).toMatchObject({
      level: 'info',
      message: 'component is running again',
      component: 'b',
    });
    expect(events.filter((event) => /a|c/.test(event))).toEqual(['+a', '+c']);
    await stop();
  });

  it('is started later and later, every half minute at last', async () => {
    const { lines, stop } = start([component('a', async () => Promise.reject(new Error('injected')))]);
    await letRun(200_000);
    expect(lines.slice(0, 8).map(({ retryMs }) => retryMs)).toEqual([
      1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000,
    ]);
    await stop();
  });

  it('begins with the short wait again when it has run well in between', async () => {
    const afterMs = [0, 0, 30_000];
    const { lines, stop } = start([
      component('a', async (signal, ready) => {
        ready();
        const ms = afterMs.shift();
        if (ms === undefined) return told(signal);
        await new Promise((resolve) => setTimeout(resolve, ms));
        throw new Error('injected');
      }),
    ]);
    await letRun(100_000);
    expect(lines.flatMap(({ retryMs }) => retryMs ?? [])).toEqual([1_000, 2_000, 1_000]);
    await stop();
  });

  it('is told to end, so that what is left of it does', async () => {
    let signalOfFailed: AbortSignal | undefined;
    const { stop } = start([
      component(
        'a',
        once(async (signal) => {
          signalOfFailed = signal;
          throw new Error('injected');
        }),
      ),
    ]);
    await letRun();
    expect(signalOfFailed?.aborted).toBe(true);
    await stop();
  });

  it('ends the process where that is its policy, after all others have stopped', async () => {
    const { events, ended, lines } = start([
      component('a'),
      component('b', FAULTS['rejects when it was ready'], { onFailure: 'end the process' }),
      component('c', untilTold, { needs: ['a'] }),
    ]);
    await letRun();
    expect(ended()).toEqual({ error: new Error('injected') });
    expect(events).toEqual(['+a', '+b', '-b', '+c', '-c', '-a']);
    expect(lines).toEqual([]);
  });

  it('while others start hinders only those that need it', async () => {
    const { events, state, stop } = start([
      component('slow', readyAfter(500)),
      component('broken', once(FAULTS['rejects before it is ready'] ?? untilTold)),
      component('behind slow', untilTold, { needs: ['slow'] }),
      component('behind broken', untilTold, { needs: ['slow', 'broken'] }),
    ]);
    await letRun(600);
    expect(state('behind slow')).toBe('running');
    expect(state('behind broken')).toBe('waiting');
    await letRun(600);
    expect(state('behind broken')).toBe('running');
    expect(events.filter((event) => event.includes('slow'))).toEqual(['+slow', '+behind slow']);
    await stop();
  });
});

describe('what a component needs', () => {
  it('is ready before it starts, and stops after it', async () => {
    const { events, stop, ended } = start([
      component('a', readyAfter(100)),
      component('b', untilTold, { needs: ['a'] }),
      component('c', untilTold, { needs: ['b'] }),
    ]);
    await letRun(99);
    expect(events).toEqual(['+a']);
    await letRun(1);
    await stop();
    expect(events).toEqual(['+a', '+b', '+c', '-c', '-b', '-a']);
    expect(ended()).toEqual({});
  });

  it('takes it along when it fails: it is started anew after that', async () => {
    const fault = Promise.withResolvers<void>();
    const { events, states, lines, stop } = start([
      component('a', once(endingWith(fault.promise))),
      component('b', untilTold, { needs: ['a'] }),
      component('c', untilTold, { needs: ['b'] }),
      component('d'),
    ]);
    await letRun();
    fault.reject(new Error('injected'));
    await letRun(999);
    expect(states.all().map(({ state }) => state)).toEqual(['restarting', 'waiting', 'waiting', 'running']);
    await letRun(1);
    expect(states.all().map(({ state }) => state)).toEqual(['running', 'running', 'running', 'running']);
    expect(states.all().map(({ restarts }) => restarts)).toEqual([1, 0, 0, 0]);
    expect(lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    expect(events.filter((event) => event.includes('d'))).toEqual(['+d']);
    await stop();
  });

  it('takes along one that had failed before, which is told of as any other then', async () => {
    const fault = Promise.withResolvers<void>();
    const { lines, states, stop } = start([
      component('a', once(endingWith(fault.promise))),
      component(
        'b',
        once(async () => Promise.reject(new Error('injected')), readyAfter(500)),
        { needs: ['a'] },
      ),
    ]);
    await letRun(60_000);
    expect(states.get('b')).toMatchObject({ state: 'running', restarts: 1 });
    fault.reject(new Error('injected'));
    await letRun(500);
    expect(states.get('b')?.state).toBe('waiting');
    await letRun(600);
    expect(states.get('b')?.state).toBe('starting');
    await letRun(500);
    expect(states.get('b')).toMatchObject({ state: 'running', restarts: 1 });
    const recovered = lines.filter(({ message }) => message === 'component is running again');
    expect(recovered.map(({ component }) => component)).toEqual(['b', 'a']);
    await stop();
  });

  it('keeps one that has failed from its next start, which is told of as failed until it is ready', async () => {
    const fault = Promise.withResolvers<void>();
    const { lines, states, stop } = start([
      component('a', once(endingWith(fault.promise))),
      component(
        'b',
        once(async () => Promise.reject(new Error('injected')), readyAfter(5_000)),
        { needs: ['a'] },
      ),
    ]);
    await letRun(2_000);
    expect(states.get('b')).toMatchObject({ state: 'restarting', error: 'injected' });
    fault.reject(new Error('injected'));
    await letRun(500);
    expect(states.get('b')).toMatchObject({ state: 'waiting', error: 'injected' });
    await letRun(1_000);
    expect(states.get('b')).toMatchObject({ state: 'restarting', error: 'injected' });
    await letRun(5_000);
    expect(states.get('b')).toMatchObject({ state: 'running', restarts: 1 });
    expect(states.get('b')?.error).toBeUndefined();
    expect(lines.at(-1)).toMatchObject({ message: 'component is running again', component: 'b' });
    await stop();
  });

  it('does not get a second one beside it that takes long to end', async () => {
    const fault = Promise.withResolvers<void>();
    const end = Promise.withResolvers<void>();
    const failing: Run = (_signal, ready) => {
      ready();
      return fault.promise;
    };
    const slow: Run = (_signal, ready) => {
      ready();
      return end.promise;
    };
    const { events, stop } = start([
      component('a', once(failing)),
      component('b', once(slow), { needs: ['a'] }),
    ]);
    await letRun();
    fault.reject(new Error('injected'));
    await letRun(60_000);
    expect(events).toEqual(['+a', '+b', '-a', '+a']);
    end.resolve();
    await letRun();
    expect(events).toEqual(['+a', '+b', '-a', '+a', '-b', '+b']);
    await stop();
  });

  it.each([
    ['what is not there', [component('a', untilTold, { needs: ['b'] })]],
    ['what stands behind it', [component('a', untilTold, { needs: ['b'] }), component('b')]],
    ['itself', [component('a', untilTold, { needs: ['a'] })]],
  ])('can’t be %s', async (_name, components) => {
    const { ended } = start(components);
    await letRun();
    expect(ended()?.error).toMatchObject({ message: expect.stringMatching(/^BUG: /) });
  });
});

describe('stopping', () => {
  it('comes before starting if the signal has fired before', async () => {
    const run = vi.fn(untilTold);
    const states = new ComponentStates();
    await supervise([component('a', run)], { states, logger: silentLogger }, AbortSignal.abort());
    await letRun();
    expect(run).not.toHaveBeenCalled();
  });

  it('does not wait for ever for one that ignores its signal', async () => {
    const { ended, stop, lines, events } = start([
      component('a'),
      component('deaf', () => new Promise(() => undefined), { needs: ['a'], stopMs: 2_000 }),
    ]);
    await letRun();
    void stop();
    await letRun(1_999);
    expect(ended()).toBeUndefined();
    await letRun(1);
    expect(ended()).toEqual({ error: new Error('component deaf did not stop within 2000 ms') });
    expect(lines).toMatchObject([{ level: 'error', component: 'deaf' }]);
    expect(events).toEqual(['+a', '+deaf', '-a']);
  });

  it('goes on when one fails at it, and tells of that', async () => {
    const { ended, stop, events } = start([
      component('a'),
      component(
        'b',
        async (signal, ready) => {
          ready();
          await told(signal);
          throw new Error('injected');
        },
        { needs: ['a'] },
      ),
    ]);
    await letRun();
    await stop();
    expect(events.at(-1)).toBe('-a');
    expect(ended()).toEqual({ error: new Error('injected') });
  });

  it('takes waiting that was cut short for no failure', async () => {
    const { ended, stop } = start([
      component('a', async (signal, ready) => {
        ready();
        await told(signal);
        signal.throwIfAborted();
      }),
    ]);
    await letRun();
    await stop();
    expect(ended()).toEqual({});
  });

  it('ends the wait of one that is to be started again', async () => {
    const { ended, stop, events } = start([
      component('a', async () => Promise.reject(new Error('injected'))),
    ]);
    await letRun(10);
    await stop();
    expect(ended()).toEqual({});
    expect(events).toEqual(['+a', '-a']);
  });
});
