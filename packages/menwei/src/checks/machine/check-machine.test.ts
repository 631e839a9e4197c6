import { describe, expect, it } from 'vitest';
import type { CheckResult } from '../../state/endpoint-health.ts';
import { CheckMachine } from './check-machine.ts';
import type { Check, TargetOrder } from './target.ts';
import { TICK_MS } from './timer-wheel.ts';

/** What an endpoint answers, and after how long; undefined: nothing. */
type Behaviour = { readonly result: CheckResult; readonly afterMs?: number } | undefined;

/** A machine, and endpoints that it asks in a time of its own. */
class Play {
  readonly machine: CheckMachine;
  readonly behaviours = new Map<string, Behaviour>();
  /** `<ms> <ip> <state>` */
  readonly told: string[] = [];
  readonly never: string[] = [];
  starts: { readonly ip: string; readonly atMs: number }[] = [];
  nowMs = 0;
  #answers: { readonly check: Check; readonly result: CheckResult; readonly atMs: number }[] = [];
  readonly #ips = new Map<number, string>();

  constructor(ratePerSecond = 1_000, random: () => number = () => 0.5) {
    this.machine = new CheckMachine({ ratePerSecond, random, nowMs: 0 });
  }

  add(id: number, fields: Partial<TargetOrder> = {}): void {
    const ip = fields.ip ?? `10.0.0.${id}`;
    this.#ips.set(id, ip);
    this.behaviours.set(ip, this.behaviours.get(ip) ?? { result: 'ok' });
    this.machine.add({ ...anOrder(id), ip, ...fields }, this.nowMs);
    this.#take();
  }

  remove(id: number, isKept: boolean): void {
    this.machine.remove(id, this.nowMs, isKept);
  }

  run(untilMs: number): void {
    while (this.nowMs < untilMs) this.step(TICK_MS);
  }

  /** Time goes on by so much in one step. */
  step(ms: number): void {
    this.nowMs += ms;
    const due = this.#answers.filter(({ atMs }) => atMs <= this.nowMs);
    if (ms > TICK_MS) this.#advance();
    this.#answers = this.#answers.filter((each) => !due.includes(each));
    for (const { check, result } of due) this.machine.answered(check, result, '', this.nowMs);
    if (ms <= TICK_MS) this.#advance();
  }

  #advance(): void {
    for (const check of this.machine.advance(this.nowMs).start) {
      const { ip } = check.target.order;
      this.starts.push({ ip, atMs: this.nowMs });
      const behaviour = this.behaviours.get(ip);
      if (behaviour === undefined) continue;
      const { result, afterMs = 0 } = behaviour;
      this.#answers.push({ check, result, atMs: this.nowMs + afterMs });
    }
    this.#take();
  }

  #take(): void {
    const { changes, neverSucceeded } = this.machine.takeNews();
    for (const { id, state } of changes) this.told.push(`${this.nowMs} ${this.#ips.get(id)} ${state}`);
    this.never.push(...neverSucceeded);
  }

  states(): Record<string, string> {
    return Object.fromEntries(this.told.map((line) => line.split(' ').slice(1)));
  }
}

function anOrder(id: number): TargetOrder {
  return {
    id,
    group: 'web',
    ip: '10.0.0.1',
    port: 80,
    isRemote: true,
    probe: { kind: 'tcp' },
    timing: { intervalMs: 2_000, timeoutMs: 1_000, fastMs: 500, fall: 3, rise: 2 },
    start: 'unknown',
  };
}

/** Three that answer, since the first of a Service. */
function three(): Play {
  const play = new Play();
  for (const id of [1, 2, 3]) play.add(id);
  play.run(4_000);
  play.told.length = 0;
  return play;
}

describe('one endpoint', () => {
  it('is used before its first check, and up after the first that succeeds', () => {
    const play = new Play();
    play.add(1);
    expect(play.told).toEqual([]);
    play.run(3_000);
    expect(play.told.map((line) => line.split(' ')[2])).toEqual(['up']);
  });

  it('that refuses is down after fall checks, the later ones at the fast interval, and back after rise', () => {
    const play = three();
    play.behaviours.set('10.0.0.1', { result: 'refused' });
    play.run(8_000);
    const [failing = 0, down = 0] = play.told.map((line) => Number(line.split(' ')[0]));
    expect(play.states()).toEqual({ '10.0.0.1': 'down' });
    expect(down - failing).toBeLessThanOrEqual(1_100);
    play.behaviours.set('10.0.0.1', { result: 'ok' });
    play.run(12_000);
    expect(play.told.map((line) => line.split(' ')[2])).toEqual(['failing', 'down', 'recovering', 'up']);
  });

  it('that does not answer is asked again before the first check is given up', () => {
    const play = three();
    play.behaviours.set('10.0.0.1', undefined);
    play.starts = [];
    play.run(10_000);
    const first = play.starts.find(({ ip }) => ip === '10.0.0.1')?.atMs ?? 0;
    const down = Number(play.told.find((line) => line.endsWith('10.0.0.1 down'))?.split(' ')[0]);
    // The last of three, half a second after each other, is given up after a second.
    expect(down - first).toBeLessThanOrEqual(1_000 + 2 * 500 + 3 * TICK_MS);
  });

  it('is not judged by what this node could not do', () => {
    const play = three();
    play.behaviours.set('10.0.0.1', { result: 'local-error' });
    play.run(60_000);
    expect(play.told).toEqual([]);
  });

  it('is not judged by answers that waited for this program', () => {
    const play = three();
    for (const ip of ['10.0.0.1', '10.0.0.2', '10.0.0.3'])
      play.behaviours.set(ip, { result: 'ok', afterMs: 900 });
    play.run(10_000);
    play.step(20_000);
    play.run(60_000);
    expect(play.told).toEqual([]);
  });

  it('keeps its state while it is not ready, for some minutes, and begins anew when it is another one', () => {
    const play = three();
    play.behaviours.set('10.0.0.1', { result: 'refused' });
    play.run(10_000);
    play.remove(1, true);
    play.run(20_000);
    play.told.length = 0;
    play.add(4, { ip: '10.0.0.1' });
    expect(play.states()).toEqual({ '10.0.0.1': 'down' });
    play.remove(4, true);
    play.run(400_000);
    play.told.length = 0;
    play.add(5, { ip: '10.0.0.1' });
    expect(play.told).toEqual([]);
    play.remove(5, false);
    play.add(6, { ip: '10.0.0.1' });
    expect(play.told).toEqual([]);
  });

  it('that is known to be out of use begins so, and is asked at once', () => {
    const play = new Play();
    play.add(1, { start: 'down' });
    expect(play.states()).toEqual({ '10.0.0.1': 'down' });
    play.run(1_000);
    expect(play.states()).toEqual({ '10.0.0.1': 'up' });
  });
});

describe('the endpoints of a Service', () => {
  it('stay in use when no check of them ever succeeds, which is told once', () => {
    const play = new Play();
    for (const id of [1, 2, 3]) {
      play.behaviours.set(`10.0.0.${id}`, { result: 'refused' });
      play.add(id, id === 3 ? { start: 'initial-down' } : {});
    }
    play.run(120_000);
    expect(play.never).toEqual(['web']);
    expect(new Set(Object.values(play.states()))).toEqual(new Set(['unknown']));
  });

  it('are ejected one in an interval beyond the first fifth', () => {
    const play = new Play();
    for (let id = 1; id <= 10; id++) play.add(id, { isRemote: false });
    play.run(5_000);
    for (let id = 1; id <= 10; id++) play.behaviours.set(`10.0.0.${id}`, { result: 'refused' });
    play.run(60_000);
    const downs = play.told.filter((line) => line.endsWith('down')).map((line) => Number(line.split(' ')[0]));
    expect(downs).toHaveLength(10);
    for (let index = 3; index < downs.length; index++)
      expect((downs[index] ?? 0) - (downs[index - 1] ?? 0)).toBeGreaterThanOrEqual(2_000);
  });
});

describe('a node whose network fails', () => {
  function blinded(result: Behaviour): Play {
    const play = new Play(1_000, pseudoRandom());
    for (let id = 1; id <= 30; id++) play.add(id, { group: `s${id % 6}` });
    play.run(10_000);
    play.told.length = 0;
    for (let id = 1; id <= 20; id++) play.behaviours.set(`10.0.0.${id}`, result);
    return play;
  }

  it.each<[string, Behaviour]>([
    ['nothing answers', undefined],
    ['all is refused', { result: 'refused' }],
  ])('ejects nobody for it: %s', (_how, behaviour) => {
    const play = blinded(behaviour);
    play.run(60_000);
    expect(play.machine.isBlind).toBe(true);
    expect(Object.values(play.states())).not.toContain('down');
    for (let id = 1; id <= 20; id++) play.behaviours.set(`10.0.0.${id}`, { result: 'ok' });
    play.run(80_000);
    expect(play.machine.isBlind).toBe(false);
    expect(new Set(Object.values(play.states()))).toEqual(new Set(['up']));
    play.behaviours.set('10.0.0.1', undefined);
    play.run(100_000);
    expect(play.states()['10.0.0.1']).toBe('down');
  });

  it('is not taken for one when those that fail were down before', () => {
    const play = new Play(1_000, pseudoRandom());
    for (let id = 1; id <= 20; id++) play.add(id, { group: `s${id}` });
    play.run(10_000);
    for (let id = 1; id <= 12; id++) {
      play.behaviours.set(`10.0.0.${id}`, undefined);
      play.run(play.nowMs + 10_000);
    }
    expect(play.machine.isBlind).toBe(false);
    expect(Object.values(play.states()).filter((state) => state === 'down')).toHaveLength(12);
  });
});

describe('the rate', () => {
  it('is kept whatever is to be checked, and everything has its turn', () => {
    const play = new Play(100, pseudoRandom());
    for (let id = 1; id <= 1_000; id++) play.add(id, { ip: `10.0.${id >> 8}.${id & 255}`, group: `s${id}` });
    expect(play.machine.stretch).toBeCloseTo(5);
    play.run(30_000);
    expect(play.starts.length).toBeLessThanOrEqual(100 * 30 + 20);
    expect(play.starts.length).toBeGreaterThan(100 * 30 * 0.95);
    expect(new Set(play.starts.map(({ ip }) => ip)).size).toBe(1_000);
  });
});

/** The same each time. */
function pseudoRandom(): () => number {
  let state = 12345;
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return state / 2 ** 31;
  };
}
