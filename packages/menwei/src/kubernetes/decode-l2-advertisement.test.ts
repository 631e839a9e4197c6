import { describe, expect, it } from 'vitest';
import {
  decodeCiliumPolicy,
  decodeL2Advertisement,
  parseInterfacePattern,
} from './decode-l2-advertisement.ts';
import { formatProblem } from './objects.ts';

const zoneA = { matchLabels: { zone: 'a' } };
const inZoneA = { requirements: [{ key: 'zone', operator: 'In', values: ['a'] }] };

function decode(spec: unknown) {
  const { object, problems } = decodeL2Advertisement({ metadata: { name: 'a', namespace: 'ns' }, spec });
  return { object, problems: problems.map(formatProblem) };
}

function policy(spec: unknown) {
  const { object, problems } = decodeCiliumPolicy({ metadata: { name: 'a' }, spec });
  return { object, problems: problems.map(formatProblem) };
}

describe('an L2Advertisement', () => {
  it('is all there', () => {
    const { object, problems } = decode({
      ipAddressPools: ['p'],
      ipAddressPoolSelectors: [zoneA],
      nodeSelectors: [zoneA, {}],
      serviceSelectors: [zoneA],
      interfaces: ['eth0', 'eth1.7'],
    });
    expect(problems).toEqual([]);
    expect(object).toEqual({
      kind: 'L2Advertisement',
      namespace: 'ns',
      name: 'a',
      pools: ['p'],
      poolSelectors: [inZoneA],
      nodeSelectors: [inZoneA, { requirements: [] }],
      serviceSelectors: [inZoneA],
      interfaces: { by: 'name', names: ['eth0', 'eth1.7'] },
      externalIPs: false,
      loadBalancerIPs: true,
    });
  });

  it.each([
    ['nothing', undefined, { by: 'on-link' }],
    ['an empty list', [], { by: 'on-link' }],
    ['all', ['all'], { by: 'all' }],
    ['all, in one word', 'all', { by: 'all' }],
    ['null', null, { by: 'on-link' }],
  ])('may be empty; with %s for interfaces', (_, interfaces, expected) => {
    const spec = interfaces === undefined ? undefined : { interfaces };
    expect(decode(spec)).toMatchObject({
      object: { pools: [], poolSelectors: [], nodeSelectors: [], interfaces: expected },
      problems: [],
    });
  });

  it('never announces on more interfaces than it names, though it names none that can be', () => {
    expect(decode({ interfaces: ['eth0/1'] })).toMatchObject({
      object: { interfaces: { by: 'name', names: [] } },
      problems: ['L2Advertisement ns/a: spec.interfaces[0]: eth0/1 is not the name of an interface; ignored'],
    });
  });

  it.each([
    [{ ipAddressPool: 'p' }, 'spec.ipAddressPool: is not a field that is known'],
    [{ ipAddressPools: [7] }, 'spec.ipAddressPools[0]: 7 is not a string'],
    [{ ipAddressPools: 'p' }, 'spec.ipAddressPools: p is not a list'],
    [{ nodeSelectors: zoneA }, 'spec.nodeSelectors: an object is not a list'],
    [{ interfaces: [null] }, 'spec.interfaces[0]: null is not a string'],
  ])('is refused for %j', (spec, problem) => {
    expect(decode(spec)).toEqual({ object: undefined, problems: [`L2Advertisement ns/a: ${problem}`] });
  });
});

describe('a CiliumL2AnnouncementPolicy', () => {
  it('is an advertisement for all pools', () => {
    const spec = {
      nodeSelector: zoneA,
      serviceSelector: zoneA,
      interfaces: ['^eth[0-9]+'],
      externalIPs: true,
      loadBalancerIPs: true,
    };
    expect(policy(spec)).toEqual({
      object: {
        kind: 'CiliumL2AnnouncementPolicy',
        namespace: '',
        name: 'a',
        pools: [],
        poolSelectors: [],
        nodeSelectors: [inZoneA],
        serviceSelectors: [inZoneA],
        interfaces: { by: 'pattern', patterns: ['^eth[0-9]+'] },
        externalIPs: true,
        loadBalancerIPs: true,
      },
      problems: [],
    });
  });

  it('announces nothing unless it says so, on all interfaces', () => {
    expect(policy({})).toMatchObject({
      object: { externalIPs: false, loadBalancerIPs: false, interfaces: { by: 'all' }, nodeSelectors: [] },
      problems: [],
    });
  });

  it('loses a pattern that can’t be read, and announces on no more interfaces then', () => {
    expect(policy({ interfaces: ['(', 'eth0'] })).toMatchObject({
      object: { interfaces: { by: 'pattern', patterns: ['eth0'] } },
      problems: [
        'CiliumL2AnnouncementPolicy a: spec.interfaces[0]: "(" is not a regular expression; ignored',
      ],
    });
    expect(policy({ interfaces: ['('] }).object?.interfaces).toEqual({ by: 'pattern', patterns: [] });
  });
});

describe('a pattern for interfaces', () => {
  it.each([
    ['^eth[0-9]+$', 'eth12', true],
    ['^eth[0-9]+$', 'veth1', false],
    ['eth', 'veth1', true],
    ['en(p|s)', 'enp0s1', true],
  ])('%s fits %s: %s', (pattern, name, expected) => {
    expect(parseInterfacePattern(pattern)?.test(name)).toBe(expected);
  });

  it.each(['(', '(?i)eth', '[[:alpha:]]', '\\zeth', '\\Qeth\\E', 'a'.repeat(201)])('not %s', (pattern) => {
    expect(parseInterfacePattern(pattern)).toBeUndefined();
  });
});
