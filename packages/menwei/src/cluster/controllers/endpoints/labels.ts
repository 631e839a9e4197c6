/** What the labels of an object say. Keys are whatever clients chose. */
import type { StoredObject } from '../../store/store.ts';
import { SERVICE_NAME_LABEL } from './names.ts';

type Labels = Readonly<Record<string, string>>;

export function hasLabel(labels: Labels, key: string, value: string): boolean {
  return Object.hasOwn(labels, key) && labels[key] === value;
}

/** Key of the Service that a slice belongs to, as far as its labels tell. */
export function serviceKeyOf({ namespace, labels }: StoredObject): string {
  return `${namespace}/${Object.hasOwn(labels, SERVICE_NAME_LABEL) ? labels[SERVICE_NAME_LABEL] : ''}`;
}

/** Equal for equal labels, in whatever order they are. */
export function labelsText(labels: Labels): string {
  return JSON.stringify(Object.entries(labels).toSorted(([one], [other]) => (one < other ? -1 : 1)));
}
