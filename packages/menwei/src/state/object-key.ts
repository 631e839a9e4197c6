/** Identity of a namespaced object whose kind is clear from the context. */

/** `namespace/name` */
export type ObjectKey = string;

export function objectKey(namespace: string, name: string): ObjectKey {
  return `${namespace}/${name}`;
}
