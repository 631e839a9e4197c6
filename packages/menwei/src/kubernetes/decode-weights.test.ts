import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEndpointSlice, decodeService } from './decode.ts';
import { parseWeights } from './decode-weights.ts';
import { formatProblem, weightOf } from './objects.ts';

describe('parseWeights', () => {
  it.each<[string, Record<string, number>, number | undefined]>([
    ['3', {}, 3],
    ['0', {}, 0],
    ['65535', {}, 65_535],
    ['web-0=3', { 'web-0': 3 }, undefined],
    ['web-0=3,10.244.0.7=1,*=2', { 'web-0': 3, '10.244.0.7': 1 }, 2],
    ['FD00:0::1 = 4 , * = 0', { 'fd00::1': 4 }, 0],
    ['db.example=1', { 'db.example': 1 }, undefined],
  ])('%j', (text, named, others) => {
    expect(parseWeights(text)).toEqual({ named: new Map(Object.entries(named)), others });
  });

  it.each([
    ['', '"" is not a weight (0-65535)'],
    ['heavy', 'heavy is not a weight (0-65535)'],
    ['-1', '-1 is not a weight (0-65535)'],
    ['65536', '65536 is not a weight (0-65535)'],
    ['1.5', '1.5 is not a weight (0-65535)'],
    ['web-0=', '"web-0=" is not NAME=WEIGHT (0-65535)'],
    ['web-0=99999', '"web-0=99999" is not NAME=WEIGHT (0-65535)'],
    ['web-0=1=2', '"web-0=1=2" is not NAME=WEIGHT (0-65535)'],
    ['web-0=1,', '"" is not NAME=WEIGHT (0-65535)'],
    ['web-0=1,5', '5 is not NAME=WEIGHT (0-65535)'],
    ['=1', '"" is neither the name of a Pod, a host name, an address nor *'],
    ['Web 0=1', '"Web 0" is neither the name of a Pod, a host name, an address nor *'],
    ['web-0=1,web-0=2', 'web-0 has two weights'],
    ['fd00::1=1,FD00:0::1=2', 'FD00:0::1 has two weights'],
    ['*=1,*=1', '"*" has two weights'],
  ])('%j is a mistake', (text, mistake) => {
    expect(parseWeights(text)).toEqual({ mistake });
  });

  it('reads back any map', () => {
    const name = fc.constantFrom('web-0', 'web-1', 'a.b', '10.0.0.1', 'fd00::7', '*');
    fc.assert(
      fc.property(fc.dictionary(name, fc.integer({ min: 0, max: 65_535 }), { minKeys: 1 }), (weights) => {
        const text = Object.entries(weights).map(([key, weight]) => `${key}=${weight}`);
        const { '*': others, ...named } = weights;
        expect(parseWeights(text.join(','))).toEqual({ named: new Map(Object.entries(named)), others });
      }),
    );
  });

  it('gives weights or a mistake for any text', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[a-z0-9=,.:* -]*$/));
    fc.assert(
      fc.property(text, (given) => {
        const weights = parseWeights(given);
        if ('mistake' in weights) expect(weights.mistake).not.toBe('');
        else
          for (const weight of [...weights.named.values(), weights.others ?? 0])
            expect(weight).toBeLessThan(65_536);
      }),
    );
  });
});

describe('weightOf', () => {
  const named = new Map([
    ['web-0', 2],
    ['host', 3],
    ['10.0.0.1', 4],
  ]);

  it.each<[string, string[], number | undefined, number | undefined]>([
    ['10.0.0.1', ['web-0', 'host'], 9, 4],
    ['10.0.0.2', ['web-0', 'host'], 9, 2],
    ['10.0.0.2', ['web-1', 'host'], 9, 3],
    ['10.0.0.2', [], 9, 9],
    ['10.0.0.2', [], undefined, undefined],
  ])('%s %j, others %s: %s', (ip, names, others, expected) => {
    expect(weightOf({ named, others }, ip, names)).toBe(expected);
  });
});

describe('the weight annotation of an EndpointSlice', () => {
  const pod = (name: string) => ({ targetRef: { kind: 'Pod', name } });
  const endpoints = [
    { addresses: ['10.0.0.1'], ...pod('web-0') },
    { addresses: ['10.0.0.2'], ...pod('web-6f5d9c7b8-x7k2p') },
    { addresses: ['10.0.0.3'], hostname: 'spare' },
    { addresses: ['10.0.0.4'], targetRef: { kind: 'Node', name: 'web-0' } },
  ];

  function decode(annotations: unknown) {
    const labels = { 'kubernetes.io/service-name': 'web' };
    return decodeEndpointSlice({
      metadata: { name: 'web-1', namespace: 'ns', labels, annotations },
      addressType: 'IPv4',
      ports: [{ name: '', port: 80 }],
      endpoints,
    });
  }

  it.each<[string, (number | undefined)[]]>([
    ['7', [7, 7, 7, 7]],
    ['web-0=3', [3, undefined, undefined, undefined]],
    ['web-6f5d9c7b8-x7k2p=0,spare=4,*=2', [2, 0, 4, 2]],
    ['10.0.0.4=5', [undefined, undefined, undefined, 5]],
  ])('%s', (weight, expected) => {
    const { object, problems } = decode({ 'menwei.dev/weight': weight });
    expect(problems).toEqual([]);
    expect(object?.endpoints.map((endpoint) => endpoint.weight)).toEqual(expected);
  });

  it.each([
    ['many', 'many is not a weight (0-65535); ignored'],
    [3, '3 is not a string; ignored'],
  ])('%j is a problem, and the slice works without', (weight, message) => {
    const { object, problems } = decode({ 'menwei.dev/weight': weight });
    expect(problems.map(formatProblem)).toEqual([
      `EndpointSlice ns/web-1: metadata.annotations.menwei.dev/weight: ${message}`,
    ]);
    expect(object?.endpoints.map((endpoint) => endpoint.weight)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('keeps the names that somebody could know beforehand', () => {
    expect(decode(undefined).object?.endpointNames).toEqual(
      new Map([
        ['10.0.0.1', ['web-0']],
        ['10.0.0.3', ['spare']],
      ]),
    );
  });
});

describe('the weight annotation of a Service', () => {
  it.each([
    [undefined, undefined, 0],
    ['', undefined, 0],
    ['4', { named: new Map(), others: 4 }, 0],
    ['web-0=3', { named: new Map([['web-0', 3]]), others: undefined }, 0],
    ['x', undefined, 1],
  ])('%j', (weight, expected, problemCount) => {
    const { object, problems } = decodeService({
      metadata: { name: 'web', namespace: 'ns', annotations: { 'menwei.dev/weight': weight } },
      spec: { ports: [{ port: 80 }] },
    });
    expect([object?.weights, problems.length]).toEqual([expected, problemCount]);
  });
});
