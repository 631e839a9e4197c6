/** Which objects a `metav1.LabelSelector` selects. */
import type { LabelSelector } from './load-balancer-objects.ts';
import type { ObjectRef } from './object-ref.ts';

type Requirement = LabelSelector['requirements'][number];

/** Whether all requirements hold for an object with these labels. */
export function matches(selector: LabelSelector, labels: ReadonlyMap<string, string>): boolean {
  return selector.requirements.every((requirement) => holds(requirement, labels.get(requirement.key)));
}

/** @param value undefined: there is no such label, which is enough for `NotIn` */
function holds({ operator, values }: Requirement, value: string | undefined): boolean {
  switch (operator) {
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
  }
}

/**
 * The labels of a Service for selectors, with those that Cilium's LB IPAM takes every Service to have: its namespace and its
 * name. They
 * hide labels of the object that are called the same, or anybody could give a Service another name.
 */
export function serviceLabels(
  { namespace, name }: Pick<ObjectRef, 'namespace' | 'name'>,
  labels: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  return new Map([
    ...labels,
    ['io.kubernetes.service.namespace', namespace],
    ['io.kubernetes.service.name', name],
  ]);
}
