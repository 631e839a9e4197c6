import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeService } from './decode.ts';
import { parseSlowStart } from './decode-balancing.ts';
import { type Balancing, DEFAULT_BALANCING, formatProblem } from './objects.ts';

type Annotations = Readonly<Record<string, unknown>>;

function decode(annotations: unknown) {
  const { object, problems } = decodeService({
    metadata: { name: 'web', namespace: 'ns', annotations },
    spec: { clusterIP: '172.30.0.1', ports: [{ port: 80 }] },
  });
  return { object, problems: problems.map(formatProblem) };
}

describe('annotations of a Service', () => {
  it.each<[Annotations | undefined, Partial<Balancing>]>([
    [undefined, {}],
    [{}, {}],
    [{ 'menwei.dev/ipvs-scheduler': 'wlc' }, { scheduler: 'wlc' }],
    [{ 'menwei.dev/ipvs-scheduler': ' mh\n' }, { scheduler: 'mh' }],
    [{ 'menwei.dev/ipvs-scheduler': '' }, {}],
    [{ 'menwei.dev/ipvs-scheduler': 'a'.repeat(15) }, { scheduler: 'a'.repeat(15) }],
    [{ 'menwei.dev/ipvs-scheduler-flags': 'port' }, { schedulerFlags: ['port'] }],
    [{ 'menwei.dev/ipvs-scheduler-flags': 'fallback, port' }, { schedulerFlags: ['port', 'fallback'] }],
    [{ 'menwei.dev/ipvs-scheduler-flags': 'port,port' }, { schedulerFlags: ['port'] }],
    [{ 'menwei.dev/ipvs-scheduler-flags': 'none' }, { schedulerFlags: [] }],
    [{ 'menwei.dev/ipvs-scheduler-flags': '' }, { schedulerFlags: [] }],
    [
      { 'menwei.dev/ipvs-scheduler': 'sh', 'menwei.dev/ipvs-scheduler-flags': 'fallback' },
      { scheduler: 'sh', schedulerFlags: ['fallback'] },
    ],
    [{ 'menwei.dev/ipvs-forwarding': 'masquerade' }, {}],
    [{ 'menwei.dev/ipvs-forwarding': 'direct' }, { forwarding: 'direct' }],
    [{ 'menwei.dev/ipvs-forwarding': 'tunnel' }, { forwarding: 'tunnel' }],
    [{ 'menwei.dev/slow-start': '30s' }, { slowStartMs: 30_000 }],
    [{ 'menwei.dev/slow-start': '1h' }, { slowStartMs: 3_600_000 }],
    [{ 'menwei.dev/slow-start': '0' }, {}],
  ])('%j', (annotations, expected) => {
    const { object, problems } = decode(annotations);
    expect(problems).toEqual([]);
    expect(object?.balancing).toEqual({ ...DEFAULT_BALANCING, ...expected });
  });

  it.each<[Annotations, Partial<Balancing>, string]>([
    [
      { 'menwei.dev/ipvs-scheduler': 'Round-Robin' },
      {},
      'ipvs-scheduler: Round-Robin is not the name of a scheduler (lower-case letters, at most 15); ignored',
    ],
    [
      { 'menwei.dev/ipvs-scheduler': 'a'.repeat(16) },
      {},
      'ipvs-scheduler: aaaaaaaaaaaaaaaa is not the name of a scheduler (lower-case letters, at most 15); ignored',
    ],
    [{ 'menwei.dev/ipvs-scheduler': 7 }, {}, 'ipvs-scheduler: 7 is not a string; ignored'],
    [
      { 'menwei.dev/ipvs-scheduler-flags': 'port,sticky' },
      {},
      'ipvs-scheduler-flags: sticky is none of port, fallback, none; ignored',
    ],
    [
      { 'menwei.dev/ipvs-scheduler-flags': 'port,none' },
      {},
      'ipvs-scheduler-flags: "none" goes with no other flag; ignored',
    ],
    [
      { 'menwei.dev/ipvs-scheduler': 'wrr', 'menwei.dev/ipvs-scheduler-flags': 'port' },
      { scheduler: 'wrr' },
      'ipvs-scheduler-flags: scheduler wrr has no flags, only sh and mh have; ignored',
    ],
    [
      { 'menwei.dev/ipvs-forwarding': 'Direct' },
      {},
      'ipvs-forwarding: Direct is none of masquerade, direct, tunnel; ignored',
    ],
    [
      { 'menwei.dev/slow-start': 'x', 'menwei.dev/ipvs-scheduler': 'lc' },
      { scheduler: 'lc' },
      'slow-start: x is not a duration such as 30s or 1m30s; ignored',
    ],
    [{ 'menwei.dev/slow-start': '1h1s' }, {}, 'slow-start: 1h1s is more than an hour; ignored'],
    [
      { 'menwei.dev/slow-start': '-5s' },
      {},
      'slow-start: -5s is not a duration such as 30s or 1m30s; ignored',
    ],
  ])('%j costs that annotation only', (annotations, expected, problem) => {
    const { object, problems } = decode(annotations);
    expect(problems).toEqual([`Service ns/web: metadata.annotations.menwei.dev/${problem}`]);
    expect(object?.balancing).toEqual({ ...DEFAULT_BALANCING, ...expected });
  });

  it('may hold anything: the Service is there, and what it asks for can be done', () => {
    const names = ['ipvs-scheduler', 'ipvs-scheduler-flags', 'ipvs-forwarding', 'slow-start', 'weight'];
    const value = fc.oneof(fc.string(), fc.constantFrom('mh', 'port', 'direct', '5s', '3'), fc.jsonValue());
    const annotations = fc.dictionary(
      fc.constantFrom(...names).map((name) => `menwei.dev/${name}`),
      value,
    );
    fc.assert(
      fc.property(fc.oneof(annotations, fc.jsonValue()), (given) => {
        const { object, problems } = decode(given);
        expect(object).toBeDefined();
        expect(object?.balancing.scheduler).toMatch(/^[a-z]{0,15}$/);
        expect(object?.balancing.slowStartMs).toSatisfy((ms: number) => ms >= 0 && ms <= 3_600_000);
        for (const problem of problems)
          expect(problem).toMatch(/^Service ns\/web: metadata\.annotations\.menwei\.dev\//);
      }),
    );
  });
});

describe('parseSlowStart', () => {
  it.each([
    ['0', 0],
    ['0s', 0],
    ['30s', 30_000],
    ['2m', 120_000],
    ['1m30s', 90_000],
    ['90s', 90_000],
    ['1h0m5s', 3_605_000],
    ['', undefined],
    ['30', undefined],
    ['s', undefined],
    ['30s1m', undefined],
    ['30 s', undefined],
    ['1.5s', undefined],
    ['+5s', undefined],
    ['30S', undefined],
  ])('%j', (text, expected) => {
    expect(parseSlowStart(text)).toBe(expected);
  });

  it('reads any hours, minutes and seconds', () => {
    const part = fc.nat({ max: 9999 });
    fc.assert(
      fc.property(part, part, part, (h, m, s) => {
        expect(parseSlowStart(`${h}h${m}m${s}s`)).toBe(((h * 60 + m) * 60 + s) * 1000);
      }),
    );
  });
});
