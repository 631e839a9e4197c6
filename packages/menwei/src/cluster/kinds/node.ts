/** Nodes (cluster § 10.3). */
import { parseCidr } from '@menwei/addresses/ip.ts';
import { duplicate, type FieldError, forbidden, invalid } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { cidrErrors, cidrWarnings } from './addresses.ts';
import type { KindRules } from './kind-rules.ts';
import { NODE_TABLE } from './tables/node.ts';
import { taintErrors } from './taints.ts';

type Node = Messages['core.v1.Node'];

const NOT_READY = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

export const NODE_RULES: KindRules<Node> = {
  defaults: (node) => withAllocatable(withPodCidrs(node)),
  prepareForCreate(node) {
    const { configSource: _, taints = [], ...spec } = node.spec ?? {};
    const isTainted = taints.some(({ key, effect }) => key === NOT_READY.key && effect === NOT_READY.effect);
    return { ...node, spec: { ...spec, taints: isTainted ? taints : [...taints, NOT_READY] } };
  },
  validate: ({ spec }) => [
    // The reference says metadata here.
    ...taintErrors('metadata.taints', spec?.taints ?? []),
    ...podCidrErrors(spec?.podCIDRs ?? []),
  ],
  validateUpdate: updateErrors,
  validateStatusUpdate: updateErrors,
  warnings({ spec = {} }) {
    const cidrs = (spec.podCIDRs ?? []).flatMap((cidr, i) => cidrWarnings(`spec.podCIDRs[${i}]`, cidr));
    if ((spec.externalID ?? '') === '') return cidrs;
    return ['spec.externalID: this field is deprecated, and is unused by Kubernetes', ...cidrs];
  },
  fieldNames: ['spec.unschedulable'],
  selectableFields: ({ spec }) => ({ 'spec.unschedulable': String(spec?.unschedulable === true) }),
  table: NODE_TABLE,
};

/** The singular field is the first of the plural one; where they differ, it is right. */
function withPodCidrs({ spec, ...node }: Node): Node {
  if (spec === undefined) return node;
  const { podCIDR: first = '', podCIDRs = [], ...others } = spec;
  const all = first === '' || first === podCIDRs[0] ? podCIDRs : [first];
  const [podCIDR] = all;
  return { ...node, spec: podCIDR === undefined ? others : { ...others, podCIDR, podCIDRs: all } };
}

function withAllocatable(node: Node): Node {
  const { status } = node;
  if (status?.capacity === undefined || status.allocatable !== undefined) return node;
  return { ...node, status: { ...status, allocatable: status.capacity } };
}

function podCidrErrors(cidrs: readonly string[]): readonly FieldError[] {
  const field = 'spec.podCIDRs';
  const families = new Set(cidrs.map((cidr) => parseCidr(cidr)?.family));
  const isTwice = families.size < cidrs.length || cidrs.length > 2;
  return [
    ...cidrs.flatMap((cidr, i) => cidrErrors(`${field}[${i}]`, cidr)),
    ...(isTwice ? [invalid(field, cidrs, 'may specify no more than one CIDR for each IP family')] : []),
  ];
}

function updateErrors({ spec = {}, status = {} }: Node, old: Node): readonly FieldError[] {
  const errors: FieldError[] = [];
  const seen = new Set<string>();
  (status.addresses ?? []).forEach((address, i) => {
    const key = `${address.type} ${address.address}`;
    if (seen.has(key)) {
      // Told as the reference has it in memory.
      const value = { Type: address.type ?? '', Address: address.address ?? '' };
      errors.push(duplicate(`status.addresses[${i}]`, value));
    }
    seen.add(key);
  });
  const { podCIDRs = [], providerID = '', externalID = '' } = old.spec ?? {};
  const cidrs = spec.podCIDRs ?? [];
  if (podCIDRs.length > 0 && podCIDRs.join() !== cidrs.join()) {
    const why = 'node updates may not change podCIDR except from "" to valid';
    errors.push(forbidden('spec.podCIDRs', why));
  }
  if (providerID !== '' && providerID !== spec.providerID) {
    const why = 'node updates may not change providerID except from "" to valid';
    errors.push(forbidden('spec.providerID', why));
  }
  if (externalID !== (spec.externalID ?? '')) errors.push(forbidden('spec.externalID', 'may not be updated'));
  return errors;
}
