/** Taints of nodes, and what pods tolerate of them. */
import { duplicate, type FieldError, invalid, notSupportedInOrder, required } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { invalidEach, whyNoLabelKey, whyNoLabelValue } from './syntax.ts';

type Taint = Messages['core.v1.Taint'];
type Toleration = Messages['core.v1.Toleration'];

const EFFECTS: readonly string[] = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function taintErrors(field: string, taints: readonly Taint[]): readonly FieldError[] {
  const seen = new Set<string>();
  return taints.flatMap((taint, i) => {
    const { key = '', value = '', effect = '' } = taint;
    const whys = whyNoLabelValue(value);
    const isTaken = seen.has(`${key} ${effect}`);
    seen.add(`${key} ${effect}`);
    return [
      ...invalidEach(`${field}[${i}].key`, key, whyNoLabelKey(key)),
      ...(whys.length === 0 ? [] : [invalid(`${field}[${i}].value`, value, whys.join(';'))]),
      ...(effect === ''
        ? [required(`${field}[${i}].effect`)]
        : effectErrors(`${field}[${i}].effect`, effect)),
      ...(isTaken
        ? [{ ...duplicate(`${field}[${i}]`, taint), detail: 'taints must be unique by key and effect pair' }]
        : []),
    ];
  });
}

export function tolerationErrors(field: string, tolerations: readonly Toleration[]): readonly FieldError[] {
  return tolerations.flatMap((toleration, i) => {
    const { key = '', operator = '', effect = '', tolerationSeconds } = toleration;
    const at = `${field}[${i}]`;
    const errors: FieldError[] = key === '' ? [] : invalidEach(`${at}.key`, key, whyNoLabelKey(key));
    if (key === '' && operator !== 'Exists') {
      const why = 'operator must be Exists when `key` is empty, which means "match all values and all keys"';
      errors.push(invalid(`${at}.operator`, operator, why));
    }
    if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
      const why = "effect must be 'NoExecute' when `tolerationSeconds` is set";
      errors.push(invalid(`${at}.effect`, effect, why));
    }
    errors.push(...operatorErrors(`${at}.operator`, toleration));
    if (effect !== '') errors.push(...effectErrors(`${at}.effect`, effect));
    return errors;
  });
}

function operatorErrors(field: string, { operator = '', value = '' }: Toleration): readonly FieldError[] {
  switch (operator) {
    case '':
    case 'Equal': {
      const whys = whyNoLabelValue(value);
      return whys.length === 0 ? [] : [invalid(field, value, whys.join(';'))];
    }
    case 'Exists':
      return value === '' ? [] : [invalid(field, value, "value must be empty when `operator` is 'Exists'")];
    case 'Lt':
    case 'Gt':
      return [notSupportedInOrder(field, operator, ['Equal', 'Exists', 'Lt', 'Gt'])];
    default:
      return [notSupportedInOrder(field, operator, ['Equal', 'Exists'])];
  }
}

function effectErrors(field: string, effect: string): readonly FieldError[] {
  return EFFECTS.includes(effect) ? [] : [notSupportedInOrder(field, effect, EFFECTS)];
}
