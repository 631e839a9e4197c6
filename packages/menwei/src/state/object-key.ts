/** Identity of a namespaced object whose kind is clear from the context. */

/** `namespace/name` */
export type ObjectKey = string;

export function objectKey(namespace: string, name: string): ObjectKey {
  return `${namespace}/${name}`;
}

/** What {@link objectKey} was given: neither holds a slash. */
export function parseObjectKey(key: ObjectKey): { readonly namespace: string; readonly name: string } {
  const [namespace = '', name = ''] = key.split('/');
  return { namespace, name };
}
