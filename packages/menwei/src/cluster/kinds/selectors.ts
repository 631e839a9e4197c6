/** Selectors by labels in fields of objects, with the words in which Kubernetes refuses them (apimachinery, meta/v1/validation). */
import { type FieldError, forbidden, invalid, required } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { invalidEach, whyNoDnsLabel, whyNoLabelKey, whyNoLabelValue } from './syntax.ts';

type Selector = Messages['meta.LabelSelector'];
type Requirement = Messages['meta.LabelSelectorRequirement'];

export function selectorsErrors(
  field: string,
  selectors: readonly Selector[] | null | undefined,
): readonly FieldError[] {
  return (selectors ?? []).flatMap((selector, index) => selectorErrors(`${field}[${index}]`, selector));
}

/** Names of namespaces. */
export function namespaceErrors(
  field: string,
  names: readonly string[] | null | undefined,
): readonly FieldError[] {
  return (names ?? []).flatMap((name, index) => invalidEach(`${field}[${index}]`, name, whyNoDnsLabel(name)));
}

function selectorErrors(field: string, { matchLabels, matchExpressions }: Selector): readonly FieldError[] {
  return [
    ...Object.entries(matchLabels ?? {}).flatMap(([key, value]) => [
      ...invalidEach(`${field}.matchLabels`, key, whyNoLabelKey(key)),
      ...invalidEach(`${field}.matchLabels`, value, whyNoLabelValue(value)),
    ]),
    ...(matchExpressions ?? []).flatMap((requirement, index) =>
      requirementErrors(`${field}.matchExpressions[${index}]`, requirement),
    ),
  ];
}

function requirementErrors(
  field: string,
  { key = '', operator = '', values }: Requirement,
): readonly FieldError[] {
  const given = values ?? [];
  return [
    ...operatorErrors(field, operator, given),
    ...invalidEach(`${field}.key`, key, whyNoLabelKey(key)),
    ...given.flatMap((value, index) =>
      invalidEach(`${field}.values[${index}]`, value, whyNoLabelValue(value)),
    ),
  ];
}

function operatorErrors(field: string, operator: string, values: readonly string[]): readonly FieldError[] {
  switch (operator) {
    case 'In':
    case 'NotIn':
      return values.length > 0
        ? []
        : [required(`${field}.values`, "must be specified when `operator` is 'In' or 'NotIn'")];
    case 'Exists':
    case 'DoesNotExist':
      return values.length === 0
        ? []
        : [
            forbidden(
              `${field}.values`,
              "may not be specified when `operator` is 'Exists' or 'DoesNotExist'",
            ),
          ];
    default:
      return [invalid(`${field}.operator`, operator, 'not a valid selector operator')];
  }
}
