/** Which objects a `metav1.LabelSelector` selects. */
import type { LabelSelector } from './load-balancer-objects.ts';

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
