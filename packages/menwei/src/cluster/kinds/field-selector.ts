/** Field selectors as requests have them: `metadata.name=x,status.phase!=Failed` (k8s.io/apimachinery/pkg/fields). */
import { badRequest, type StatusError } from '../schema/status-error.ts';
import type { Resource } from './resource.ts';
import { rulesOf } from './rules.ts';

interface FieldRequirement {
  readonly field: string;
  readonly isEqual: boolean;
  readonly value: string;
}

/** All must hold; none holds for every object. */
export type FieldSelector = readonly FieldRequirement[];

/** What a selector may ask of an object; an object of the store is one. */
interface Selectable {
  readonly namespace: string;
  readonly name: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Names that mean the same field, by resource. */
const ALIASES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '/pods': { 'spec.host': 'spec.nodeName' },
  'events.k8s.io/events': {
    'regarding.kind': 'involvedObject.kind',
    'regarding.namespace': 'involvedObject.namespace',
    'regarding.name': 'involvedObject.name',
    'regarding.uid': 'involvedObject.uid',
    'regarding.apiVersion': 'involvedObject.apiVersion',
    'regarding.resourceVersion': 'involvedObject.resourceVersion',
    'regarding.fieldPath': 'involvedObject.fieldPath',
    reportingController: 'reportingComponent',
    reason: 'reason',
    type: 'type',
  },
};

/** @throws StatusError 400: not a selector, or a field that the kind has no selector for */
export function parseFieldSelector(resource: Resource, text: string): FieldSelector {
  return splitTerms(text)
    .toSorted()
    .filter((term) => term !== '')
    .map((term) => {
      const { field, isEqual, value } = parseTerm(term, text);
      return { field: selectedField(resource, field), isEqual, value };
    });
}

export function matchesFields(selector: FieldSelector, object: Selectable): boolean {
  return selector.every(({ field, isEqual, value }) => (fieldOf(object, field) === value) === isEqual);
}

/** The value that a selector demands of a field: what can be looked up in an index. */
export function demandedValue(selector: FieldSelector, field: string): string | undefined {
  return selector.find((requirement) => requirement.isEqual && requirement.field === field)?.value;
}

function fieldOf({ namespace, name, fields }: Selectable, field: string): string {
  if (field === 'metadata.name') return name;
  if (field === 'metadata.namespace') return namespace;
  return Object.hasOwn(fields, field) ? (fields[field] ?? '') : '';
}

function selectedField(resource: Resource, field: string): string {
  const aliases = ALIASES[`${resource.group}/${resource.resource}`] ?? {};
  const own = resource.group === 'events.k8s.io' ? [] : rulesOf(resource).fieldNames;
  if (Object.hasOwn(aliases, field)) return aliases[field] ?? field;
  if (field === 'metadata.name' || own?.includes(field)) return field;
  if (field === 'metadata.namespace' && (own === undefined || resource.isNamespaced)) return field;
  throw own === undefined
    ? badRequest(
        `${JSON.stringify(field)} is not a known field selector: only "metadata.name", "metadata.namespace"`,
      )
    : badRequest(`field label not supported: ${field}`);
}

/** At commas that no backslash stands before. */
function splitTerms(text: string): readonly string[] {
  return text.match(/(?:\\.|[^\\,]|\\$)+/gs) ?? [];
}

function parseTerm(term: string, selector: string): FieldRequirement {
  const [, field, operator, value] = /^(.*?)(!=|==|=)(.*)$/s.exec(term) ?? [];
  if (field === undefined || value === undefined) {
    throw badRequest(`invalid selector: '${selector}'; can't understand '${term}'`);
  }
  return { field, isEqual: operator !== '!=', value: unescapeValue(value) };
}

/** `\\`, `\,` and `\=` stand for the character. */
function unescapeValue(text: string): string {
  return text.replace(/\\(.?)|[,=]/gs, (match, escaped: string | undefined) => {
    if (escaped === undefined) throw unescaped(match);
    if (!['\\', ',', '='].includes(escaped)) {
      throw badRequest(`invalid field selector: invalid escape sequence: ${match}`);
    }
    return escaped;
  });
}

/** The reference tells the character by its number. */
function unescaped(character: string): StatusError {
  return badRequest(`invalid field selector: unescaped character in value: ${character.codePointAt(0)}`);
}
