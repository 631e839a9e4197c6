import { anEndpoint, aService } from '@menwei/testing/services/testing.ts';
import { describe, expect, it } from 'vitest';
import { type Balancing, DEFAULT_BALANCING, formatProblem } from '../kubernetes/objects.ts';
import { fitBalancing } from './balancing.ts';
import { readWantedPorts } from './wanted-port.ts';

function fitted(balancing: Partial<Balancing>, endpoints: Parameters<typeof anEndpoint>[0][]) {
  const service = aService({ balancing: { ...DEFAULT_BALANCING, ...balancing } });
  const [port] = readWantedPorts(service, 'IPv4');
  if (port === undefined) throw new Error('no port');
  const result = fitBalancing(port, endpoints.map(anEndpoint));
  return {
    forwarding: result.balancing.forwarding,
    weights: result.endpoints.map(({ weight }) => weight),
    problems: result.problems.map(formatProblem),
  };
}

describe('forwarding', () => {
  const own = { port: 80 };
  const other = { ip: '10.0.0.2', port: 8080 };

  it.each<[Balancing['forwarding'], Parameters<typeof anEndpoint>[0][], Balancing['forwarding']]>([
    ['masquerade', [other], 'masquerade'],
    ['direct', [], 'direct'],
    ['direct', [own], 'direct'],
    ['tunnel', [own], 'tunnel'],
  ])('%s', (forwarding, endpoints, expected) => {
    expect(fitted({ forwarding }, endpoints)).toMatchObject({ forwarding: expected, problems: [] });
  });

  it.each(['direct', 'tunnel'] as const)('%s is given up for an endpoint with another port', (forwarding) => {
    expect(fitted({ forwarding }, [own, { ...other, ready: false }])).toMatchObject({
      forwarding: 'masquerade',
      problems: [
        `Service ns/web: metadata.annotations.menwei.dev/ipvs-forwarding: spec.ports[0]: ${forwarding} can't take ` +
          'packets for port 80 to port 8080 of the endpoints: masquerade is used',
      ],
    });
  });
});

describe('weights', () => {
  it.each([
    [0, [0, 1, 65_535], [0, 1, 65_535], 0],
    [1000, [0, 1, 655], [0, 1, 655], 0],
    [1000, [656, 1, 65_535], [655, 1, 655], 1],
  ])('with a slow start of %i ms, %j become %j', (slowStartMs, weights, expected, problemCount) => {
    const result = fitted(
      { slowStartMs },
      weights.map((weight) => ({ weight })),
    );
    expect([result.weights, result.problems.length]).toEqual([expected, problemCount]);
  });
});
