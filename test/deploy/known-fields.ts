/** Whether an object has but the fields that Kubernetes' own types have, each with the right kind of value. */
import * as models from '@kubernetes/client-node';
import { isRecord } from 'menwei/kubernetes/api-error.ts';

interface Attribute {
  readonly name: string;
  readonly baseName: string;
  readonly type: string;
}

/** What is wrong, by path: `spec.template.spec.hostnetwork: no such field`. */
export function findUnknownFields(object: unknown): readonly string[] {
  const { apiVersion = '', kind = '' } = object as { readonly apiVersion?: string; readonly kind?: string };
  const version = apiVersion.replace(/^.*\//, '');
  return check(object, `${version[0]?.toUpperCase()}${version.slice(1)}${kind}`, kind);
}

function check(value: unknown, type: string, path: string): readonly string[] {
  const [, element] = /^Array<(.*)>$/.exec(type) ?? [];
  if (element !== undefined) {
    if (!Array.isArray(value)) return [`${path}: not a list`];
    return value.flatMap((item, index) => check(item, element, `${path}[${index}]`));
  }
  const [, entry] = /^\{ \[key: string\]: (.*); \}$/.exec(type) ?? [];
  if (entry !== undefined)
    return fieldsOf(value, path, (field, name) => check(field, entry, `${path}.${name}`));
  if (type === 'any') return [];
  if (type === 'IntOrString') return isKind(value, ['string', 'number'], path);
  if (['string', 'number', 'boolean'].includes(type)) return isKind(value, [type], path);
  const attributes = attributesOf(type);
  if (attributes === undefined) return [`${path}: unknown type ${type}`];
  return fieldsOf(value, path, (field, name) => {
    const attribute = attributes.find(({ baseName }) => baseName === name);
    return attribute === undefined
      ? [`${path}.${name}: no such field`]
      : check(field, attribute.type, `${path}.${name}`);
  });
}

function isKind(value: unknown, kinds: readonly string[], path: string): readonly string[] {
  return kinds.includes(typeof value) ? [] : [`${path}: not a ${kinds.join(' or ')}`];
}

function fieldsOf(
  value: unknown,
  path: string,
  checkField: (field: unknown, name: string) => readonly string[],
): readonly string[] {
  if (!isRecord(value)) return [`${path}: not an object`];
  return Object.entries(value).flatMap(([name, field]) => checkField(field, name));
}

function attributesOf(type: string): readonly Attribute[] | undefined {
  const model: unknown = Reflect.get(models, type);
  if (typeof model !== 'function' || !('getAttributeTypeMap' in model)) return undefined;
  return (model.getAttributeTypeMap as () => readonly Attribute[])();
}
