/** A `metav1.LabelSelector` of an object that only selects: one that can't be read selects nothing. */
import type { V1LabelSelector, V1LabelSelectorRequirement } from '@kubernetes/client-node';
import { isLabelKey, isLabelValue } from './decode-names.ts';
import { isAbsent, isFields, type ObjectReader, type Unchecked } from './decode-reader.ts';
import { intern, show } from './decode-text.ts';
import type { LabelSelector } from './load-balancer-objects.ts';

type Requirement = LabelSelector['requirements'][number];

/** In words, what is wrong with one part of a selector. */
type Complain = (part: string, message: string) => undefined;

const SELECTS_NOTHING: LabelSelector = { requirements: [{ key: '', operator: 'In', values: [] }] };
const OPERATORS = ['In', 'NotIn', 'Exists', 'DoesNotExist'] as const;

export function readSelectors(reader: ObjectReader, field: string, value: unknown): readonly LabelSelector[] {
  return reader.list(field, value).map((entry, index) => readSelector(reader, `${field}[${index}]`, entry));
}

/** An empty one selects everything. */
export function readSelector(reader: ObjectReader, field: string, value: unknown): LabelSelector {
  let isReadable = true;
  const complain: Complain = (part, message) => {
    isReadable = false;
    reader.note(`${field}${part}`, `${message}; the selector selects nothing`);
  };
  const requirements = readRequirements(value, complain);
  return isReadable ? { requirements } : SELECTS_NOTHING;
}

function readRequirements(value: unknown, complain: Complain): readonly Requirement[] {
  if (!isFields<V1LabelSelector>(value)) {
    complain('', `${show(value)} is not an object`);
    return [];
  }
  for (const name of Object.keys(value)) {
    if (name !== 'matchLabels' && name !== 'matchExpressions') {
      complain(`.${show(name)}`, 'is not a field that is known');
    }
  }
  return [...readLabels(value.matchLabels ?? {}, complain), ...readExpressions(value, complain)];
}

function readLabels(labels: unknown, complain: Complain): readonly Requirement[] {
  if (!isFields<Record<string, string>>(labels)) {
    complain('.matchLabels', `${show(labels)} is not an object`);
    return [];
  }
  return Object.entries(labels).flatMap(([key, value]) => {
    const part = `.matchLabels.${show(key)}`;
    if (!isLabelKey(key)) return complain(part, 'is not the key of a label') ?? [];
    const known = readValue(value, part, complain);
    return known === undefined ? [] : [{ key: intern(key), operator: 'In', values: [known] }];
  });
}

function readExpressions(
  { matchExpressions }: Unchecked<V1LabelSelector>,
  complain: Complain,
): readonly Requirement[] {
  const expressions: unknown = matchExpressions ?? [];
  if (!Array.isArray(expressions)) {
    complain('.matchExpressions', `${show(expressions)} is not a list`);
    return [];
  }
  return expressions.flatMap((entry: unknown, index) => {
    const part = `.matchExpressions[${index}]`;
    if (!isFields<V1LabelSelectorRequirement>(entry)) {
      return complain(part, `${show(entry)} is not an object`) ?? [];
    }
    return readExpression(entry, part, complain) ?? [];
  });
}

function readExpression(
  entry: Unchecked<V1LabelSelectorRequirement>,
  part: string,
  complain: Complain,
): Requirement | undefined {
  const { key } = entry;
  const unknown = Object.keys(entry).find((name) => !['key', 'operator', 'values'].includes(name));
  if (unknown !== undefined) return complain(`${part}.${show(unknown)}`, 'is not a field that is known');
  if (typeof key !== 'string' || !isLabelKey(key)) {
    return complain(`${part}.key`, isAbsent(key) ? 'missing' : `${show(key)} is not the key of a label`);
  }
  const operator = OPERATORS.find((candidate) => candidate === entry.operator);
  if (operator === undefined) {
    return complain(`${part}.operator`, `${show(entry.operator)} is none of ${OPERATORS.join(', ')}`);
  }
  const given: unknown = entry.values ?? [];
  if (!Array.isArray(given)) return complain(`${part}.values`, `${show(given)} is not a list`);
  const takesValues = operator === 'In' || operator === 'NotIn';
  if (takesValues !== given.length > 0) {
    return complain(
      `${part}.values`,
      takesValues ? `${operator} needs at least one` : `${operator} takes none`,
    );
  }
  const values = given.flatMap(
    (value: unknown, index) => readValue(value, `${part}.values[${index}]`, complain) ?? [],
  );
  return { key: intern(key), operator, values };
}

function readValue(value: unknown, part: string, complain: Complain): string | undefined {
  if (typeof value === 'string' && isLabelValue(value)) return intern(value);
  return complain(part, `${show(value)} is not the value of a label`);
}
