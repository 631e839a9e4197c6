import { describe, expect, it } from 'vitest';
import { decodeAddressPool, decodeCiliumPool } from './decode-address-pool.ts';
import { formatProblem } from './objects.ts';

const NOTHING = { requirements: [{ key: '', operator: 'In', values: [] }] };

function pool(spec: unknown, parts: object = {}) {
  const { object, problems } = decodeAddressPool({
    metadata: { name: 'p', namespace: 'ns' },
    spec,
    ...parts,
  });
  return { object, problems: problems.map(formatProblem) };
}

function cilium(spec: unknown) {
  const { object, problems } = decodeCiliumPool({ metadata: { name: 'p' }, spec });
  return { object, problems: problems.map(formatProblem) };
}

describe('an IPAddressPool', () => {
  it('is all there', () => {
    const { object, problems } = pool(
      {
        addresses: ['192.0.2.0/24', '2001:db8::1-2001:db8::9'],
        autoAssign: false,
        allowExplicit: false,
        avoidBuggyIPs: true,
        serviceAllocation: {
          priority: 50,
          namespaces: ['a'],
          namespaceSelectors: [{ matchLabels: { team: 'x' } }, {}],
          serviceSelectors: [
            {
              matchExpressions: [
                { key: 'example.com/tier', operator: 'NotIn', values: ['a', ''] },
                { key: 'app', operator: 'Exists' },
                { key: 'old', operator: 'DoesNotExist', values: [] },
              ],
            },
          ],
        },
      },
      {
        apiVersion: 'metallb.io/v1beta1',
        kind: 'IPAddressPool',
        metadata: {
          name: 'p',
          namespace: 'metallb-system',
          creationTimestamp: '2026-01-02T03:04:05Z',
          labels: { zone: 'a' },
          managedFields: [{}],
        },
        status: { assignedIPv4: 3 },
      },
    );
    expect(problems).toEqual([]);
    expect(object).toEqual({
      kind: 'IPAddressPool',
      namespace: 'metallb-system',
      name: 'p',
      createdAtMs: Date.UTC(2026, 0, 2, 3, 4, 5),
      labels: new Map([['zone', 'a']]),
      ranges: [
        { family: 'IPv4', first: '192.0.2.0', last: '192.0.2.255', text: '192.0.2.0/24' },
        { family: 'IPv6', first: '2001:db8::1', last: '2001:db8::9', text: '2001:db8::1-2001:db8::9' },
      ],
      autoAssign: false,
      allowExplicit: false,
      avoidBuggyIPs: true,
      avoidEnds: false,
      serviceAllocation: {
        priority: 50,
        namespaces: ['a'],
        namespaceSelectors: [
          { requirements: [{ key: 'team', operator: 'In', values: ['x'] }] },
          { requirements: [] },
        ],
        serviceSelectors: [
          {
            requirements: [
              { key: 'example.com/tier', operator: 'NotIn', values: ['a', ''] },
              { key: 'app', operator: 'Exists', values: [] },
              { key: 'old', operator: 'DoesNotExist', values: [] },
            ],
          },
        ],
      },
    });
  });

  it('needs addresses alone, and no namespace', () => {
    const { object, problems } = pool({ addresses: ['192.0.2.1'] }, { metadata: { name: 'p' } });
    expect(problems).toEqual([]);
    expect(object).toMatchObject({
      namespace: '',
      autoAssign: true,
      allowExplicit: true,
      avoidBuggyIPs: false,
      serviceAllocation: undefined,
    });
  });

  it.each<[object, string]>([
    [{}, 'spec.addresses: missing'],
    [{ addresses: '192.0.2.0/24' }, 'spec.addresses: 192.0.2.0/24 is not a list'],
    [{ addresses: [], autoasign: false }, 'spec.autoasign: is not a field that is known'],
    [{ addresses: [], autoAssign: 'no' }, 'spec.autoAssign: no is neither true nor false'],
    [
      { addresses: [], serviceAllocation: { serviceSelector: {} } },
      'spec.serviceAllocation.serviceSelector: is not a field that is known',
    ],
    [
      { addresses: [], serviceAllocation: { namespaces: ['a', 7] } },
      'spec.serviceAllocation.namespaces[1]: 7 is not a string',
    ],
    [
      { addresses: [], serviceAllocation: { priority: 1.5 } },
      'spec.serviceAllocation.priority: 1.5 is not a whole number',
    ],
  ])('is refused for %j', (spec, problem) => {
    expect(pool(spec)).toEqual({ object: undefined, problems: [`IPAddressPool ns/p: ${problem}`] });
  });

  it('is refused for a field beside its spec', () => {
    expect(pool({ addresses: [] }, { sepc: {} })).toEqual({
      object: undefined,
      problems: ['IPAddressPool ns/p: sepc: is not a field that is known'],
    });
  });

  it('loses a range that can’t be read, and nothing else', () => {
    const { object, problems } = pool({ addresses: ['192.0.2.0/24', '192.168.100.200/28', 7] });
    expect(object?.ranges.map(({ text }) => text)).toEqual(['192.0.2.0/24']);
    expect(problems).toEqual([
      'IPAddressPool ns/p: spec.addresses[1]: 192.168.100.200/28 is not on its boundary: that network begins at 192.168.100.192; write 192.168.100.192/28 if all of it is meant, or 192.168.100.200-192.168.100.207; none of its addresses is used',
      'IPAddressPool ns/p: spec.addresses[2]: 7 is not a string; none of its addresses is used',
    ]);
  });

  it.each<[unknown, string]>([
    [7, ': 7 is not an object'],
    [{ matchLabel: {} }, '.matchLabel: is not a field that is known'],
    [{ matchLabels: { app: true } }, '.matchLabels.app: true is not the value of a label'],
    [{ matchLabels: { 'a b': 'x' } }, '.matchLabels."a b": is not the key of a label'],
    [{ matchExpressions: {} }, '.matchExpressions: an object is not a list'],
    [{ matchExpressions: [7] }, '.matchExpressions[0]: 7 is not an object'],
    [{ matchExpressions: [{ operator: 'Exists' }] }, '.matchExpressions[0].key: missing'],
    [
      { matchExpressions: [{ key: 'a', operator: 'in', values: ['x'] }] },
      '.matchExpressions[0].operator: in is none of In, NotIn, Exists, DoesNotExist',
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'NotIn' }] },
      '.matchExpressions[0].values: NotIn needs at least one',
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'Exists', values: ['x'] }] },
      '.matchExpressions[0].values: Exists takes none',
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'In', values: ['x', 7] }] },
      '.matchExpressions[0].values[1]: 7 is not the value of a label',
    ],
    [
      { matchExpressions: [{ key: 'a', operator: 'Exists', value: ['x'] }] },
      '.matchExpressions[0].value: is not a field that is known',
    ],
  ])('with the selector %j selects nothing by it', (selector, problem) => {
    const { object, problems } = pool({
      addresses: [],
      serviceAllocation: { serviceSelectors: [{ matchLabels: { a: 'b' } }, selector] },
    });
    expect(object?.serviceAllocation?.serviceSelectors[1]).toEqual(NOTHING);
    expect(object?.serviceAllocation?.serviceSelectors[0]?.requirements).toHaveLength(1);
    const field = 'spec.serviceAllocation.serviceSelectors[1]';
    expect(problems).toEqual([`IPAddressPool ns/p: ${field}${problem}; the selector selects nothing`]);
  });
});

describe('a CiliumLoadBalancerIPPool', () => {
  it.each<[string, object, object]>([
    [
      'blocks',
      { blocks: [{ cidr: '192.0.2.0/24' }, { start: '192.0.3.1', stop: '192.0.3.9' }, { start: 'fd00::1' }] },
      {
        ranges: [
          { family: 'IPv4', first: '192.0.2.0', last: '192.0.2.255', text: '192.0.2.0/24' },
          { family: 'IPv4', first: '192.0.3.1', last: '192.0.3.9', text: '192.0.3.1-192.0.3.9' },
          { family: 'IPv6', first: 'fd00::1', last: 'fd00::1', text: 'fd00::1' },
        ],
        autoAssign: true,
        allowExplicit: true,
        avoidEnds: false,
        serviceAllocation: undefined,
      },
    ],
    ['cidrs, as it was once', { cidrs: [{ cidr: 'fd00::/120' }] }, { ranges: [{ last: 'fd00::ff' }] }],
    ['its ends kept', { allowFirstLastIPs: 'No' }, { avoidEnds: true }],
    ['its ends given away', { allowFirstLastIPs: 'Yes' }, { avoidEnds: false }],
    ['none for new Services', { disabled: true }, { autoAssign: false, allowExplicit: false }],
    [
      'a selector',
      { serviceSelector: { matchLabels: { 'io.kubernetes.service.namespace': 'shop' } } },
      {
        serviceAllocation: {
          priority: 0,
          namespaces: [],
          namespaceSelectors: [],
          serviceSelectors: [
            {
              requirements: [{ key: 'io.kubernetes.service.namespace', operator: 'In', values: ['shop'] }],
            },
          ],
        },
      },
    ],
  ])('with %s', (_, spec, expected) => {
    const { object, problems } = cilium(spec);
    expect(problems).toEqual([]);
    expect(object).toMatchObject({ kind: 'CiliumLoadBalancerIPPool', namespace: '', name: 'p', ...expected });
  });

  it.each([
    [{ cidr: '192.0.2.1/24' }, /is not on its boundary/],
    [{ cidr: '192.0.2.1' }, /192\.0\.2\.1 is not a CIDR/],
    [{ cidr: '192.0.2.0/24', stop: '192.0.2.9' }, /either a cidr, or a start and a stop/],
    [{ stop: '192.0.2.9' }, /is neither a CIDR nor an address/],
    [{ start: 7 }, /must be strings/],
    [{ from: '192.0.2.1' }, /from is not a field that is known/],
    [7, /7 is not an object/],
  ])('loses the block %j', (block, problem) => {
    const { object, problems } = cilium({ blocks: [block, { cidr: '192.0.3.0/24' }] });
    expect(object?.ranges).toHaveLength(1);
    expect(problems[0]).toMatch(problem);
    expect(problems[0]).toMatch(
      /^CiliumLoadBalancerIPPool p: spec\.blocks\[0\]: .*; none of its addresses is used$/,
    );
  });

  it.each([
    [{ disabled: 'yes' }, 'spec.disabled: yes is neither true nor false'],
    [{ allowFirstLastIPs: 'no' }, 'spec.allowFirstLastIPs: no is none of Yes, No'],
    [{ serviceSelectors: [] }, 'spec.serviceSelectors: is not a field that is known'],
  ])('is refused for %j', (spec, problem) => {
    expect(cilium(spec)).toEqual({
      object: undefined,
      problems: [`CiliumLoadBalancerIPPool p: ${problem}`],
    });
  });
});
