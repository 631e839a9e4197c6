import { expect, it } from 'vitest';
import { formatErrorBody } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { NODE_RULES } from './node.ts';

type Node = Messages['core.v1.Node'];

function node(spec: object, status: object = {}): Node {
  return NODE_RULES.defaults({ kind: 'Node', apiVersion: 'v1', metadata: { name: 'n' }, spec, status });
}

function texts(errors: ReturnType<typeof NODE_RULES.validate> | undefined): readonly string[] {
  return (errors ?? []).map((error) => `${error.field}: ${formatErrorBody(error)}`);
}

it('a new node is not ready, said once', () => {
  const taint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };
  const made = NODE_RULES.prepareForCreate?.(node({}), 0) ?? node({});
  expect(made.spec?.taints).toEqual([taint]);
  expect(NODE_RULES.prepareForCreate?.(made, 0).spec?.taints).toEqual([taint]);
});

it('gets networks and an identity once', () => {
  const old = node({ podCIDR: '10.0.0.0/24', providerID: 'a' });
  expect(texts(NODE_RULES.validateUpdate?.(old, node({})))).toEqual([]);
  expect(texts(NODE_RULES.validateUpdate?.(node({ podCIDR: '10.0.1.0/24', providerID: 'b' }), old))).toEqual([
    'spec.podCIDRs: Forbidden: node updates may not change podCIDR except from "" to valid',
    'spec.providerID: Forbidden: node updates may not change providerID except from "" to valid',
  ]);
});

it('has each address once, and one network of each family', () => {
  const address = { type: 'InternalIP', address: '192.0.2.1' };
  const twice = node({}, { addresses: [address, address] });
  expect(texts(NODE_RULES.validateStatusUpdate?.(twice, node({})))).toEqual([
    'status.addresses[1]: Duplicate value: {"Type":"InternalIP","Address":"192.0.2.1"}',
  ]);
  const two = node({ podCIDRs: ['10.0.0.0/24', '10.0.1.0/24'] });
  expect(texts(NODE_RULES.validate(two))).toEqual([
    'spec.podCIDRs: Invalid value: ["10.0.0.0/24","10.0.1.0/24"]: may specify no more than one CIDR for each IP family',
  ]);
  expect(texts(NODE_RULES.validate(node({ podCIDRs: ['10.0.0.0/24', 'fd00::/64'] })))).toEqual([]);
});

it('has taints that a pod can tolerate', () => {
  const taints = [
    { key: 'a', effect: 'NoExecute' },
    { key: 'a', effect: 'NoExecute' },
    { key: 'b', effect: 'Nope' },
    { key: 'c' },
  ];
  expect(texts(NODE_RULES.validate(node({ taints })))).toEqual([
    'metadata.taints[1]: Duplicate value: {"key":"a","effect":"NoExecute"}: taints must be unique by key and effect pair',
    'metadata.taints[2].effect: Unsupported value: "Nope": supported values: "NoSchedule", "PreferNoSchedule", "NoExecute"',
    'metadata.taints[3].effect: Required value',
  ]);
});

it('can allocate what it has', () => {
  expect(node({}, { capacity: { cpu: '4' } }).status?.allocatable).toEqual({ cpu: '4' });
});
