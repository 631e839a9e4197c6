import { aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { DEFAULT_BALANCING } from '../kubernetes/objects.ts';
import type { Endpoint, ServicePort } from '../state/service-port.ts';
import { SlowStarts } from './slow-start.ts';

const NODE = aNodeView();
const DOWN: Partial<Endpoint> = { ready: false, serving: false };

/** Endpoints by the last number of their addresses. */
function portWith(
  conditions: Readonly<Record<number, Partial<Endpoint>>>,
  slowStartMs = 10_000,
): ServicePort {
  const endpoints = Object.entries(conditions).map(([number, each]) => {
    return anEndpoint({ ip: `10.0.0.${number}`, ...each });
  });
  return aServicePort({ balancing: { ...DEFAULT_BALANCING, slowStartMs }, endpoints });
}

/** The steps of its endpoints: `1 2:3` is one that has all of its weight, and one in its third step. */
function stepsOf({ endpoints }: ServicePort): string {
  return endpoints
    .map(({ ip, slowStartStep }) => `${ip.slice(7)}${slowStartStep === undefined ? '' : `:${slowStartStep}`}`)
    .join(' ');
}

/** What becomes of a service port, look by look. */
function watch(looks: readonly (readonly [nowMs: number, port: ServicePort])[]): readonly string[] {
  const slowStarts = new SlowStarts();
  return looks.map(([nowMs, port]) => stepsOf(slowStarts.pace(port, NODE, nowMs)));
}

const [ONE, TWO] = [portWith({ 1: {} }), portWith({ 1: {}, 2: {} })];

describe('an endpoint begins slowly', () => {
  it.each<[string, ...Parameters<typeof watch>, expected: readonly string[]]>([
    [
      'when it comes, and has all of its weight in the end',
      [
        [0, ONE],
        [1, TWO],
        [2_000, TWO],
        [2_001, TWO],
        [9_999, TWO],
        [10_001, TWO],
        [10_002, TWO],
      ],
      ['1', '1 2:1', '1 2:1', '1 2:2', '1 2:9', '1 2', '1 2'],
    ],
    [
      'when it is ready again',
      [
        [0, TWO],
        [1, portWith({ 1: {}, 2: DOWN })],
        [2, TWO],
      ],
      ['1 2', '1 2', '1 2:1'],
    ],
    [
      'when it gets a weight',
      [
        [0, portWith({ 1: {}, 2: { weight: 0 } })],
        [1, TWO],
      ],
      ['1 2', '1 2:1'],
    ],
    [
      'anew when it goes while it starts',
      [
        [0, ONE],
        [1, TWO],
        [9_000, ONE],
        [9_500, TWO],
      ],
      ['1', '1 2:1', '1', '1 2:1'],
    ],
  ])('%s', (_title, looks, expected) => {
    expect(watch(looks)).toEqual(expected);
  });
});

describe('an endpoint does not begin slowly', () => {
  it.each<[string, ...Parameters<typeof watch>, expected: readonly string[]]>([
    ['when it is there at the first look', [[0, TWO]], ['1 2']],
    [
      'without slow start',
      [
        [0, portWith({ 1: {} }, 0)],
        [1, portWith({ 1: {}, 2: {} }, 0)],
      ],
      ['1', '1 2'],
    ],
    [
      'when the Service comes to ask for it',
      [
        [0, portWith({ 1: {} }, 0)],
        [1, TWO],
      ],
      ['1', '1 2'],
    ],
    [
      'when nobody else goes on',
      [
        [0, ONE],
        [1, portWith({ 2: {}, 3: {} })],
      ],
      ['1', '2 3'],
    ],
    [
      'when nobody was there',
      [
        [0, portWith({ 1: DOWN })],
        [1, TWO],
      ],
      ['1', '1 2'],
    ],
  ])('%s', (_title, looks, expected) => {
    expect(watch(looks)).toEqual(expected);
  });
});

describe('the next step', () => {
  it('is told, and due then', () => {
    const slowStarts = new SlowStarts();
    slowStarts.pace(ONE, NODE, 0);
    expect([slowStarts.nextInMs(0), slowStarts.due(1e9)]).toEqual([undefined, []]);
    slowStarts.pace(TWO, NODE, 500);
    expect([slowStarts.nextInMs(500), slowStarts.due(2_499)]).toEqual([2_000, []]);
    expect([slowStarts.nextInMs(3_000), slowStarts.due(2_500)]).toEqual([0, [TWO.key]]);
    slowStarts.pace(TWO, NODE, 2_600);
    expect(slowStarts.nextInMs(2_600)).toBe(900);
  });

  it('is none when the last was taken, or the service port is gone', () => {
    const slowStarts = new SlowStarts();
    const begin = () => [ONE, TWO].map((port) => slowStarts.pace(port, NODE, 0));
    begin();
    slowStarts.pace(TWO, NODE, 10_000);
    expect(slowStarts.nextInMs(10_000)).toBeUndefined();
    slowStarts.forget(TWO.key);
    begin();
    slowStarts.forget(TWO.key);
    expect(slowStarts.nextInMs(0)).toBeUndefined();
  });
});
