/** Which differences between two requests of one Service matter to those that share its addresses. */
import type { AddressRequest } from './allocation.ts';

export function isSameUse(a: AddressRequest, b: AddressRequest): boolean {
  return (
    isSamePorts(a.ports, b.ports) &&
    isSameSharing(a.sharing, b.sharing) &&
    isSameNodes(a.localNodes, b.localNodes)
  );
}

function isSamePorts(a: AddressRequest['ports'], b: AddressRequest['ports']): boolean {
  return (
    a.length === b.length &&
    a.every(({ port, protocol }, index) => b[index]?.port === port && b[index].protocol === protocol)
  );
}

function isSameSharing(a: AddressRequest['sharing'], b: AddressRequest['sharing']): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.key === b.key && namespacesText(a.namespaces) === namespacesText(b.namespaces);
}

function namespacesText(namespaces: readonly string[] | 'all'): string {
  return namespaces === 'all' ? '*' : namespaces.join(',');
}

function isSameNodes(a: ReadonlySet<string> | undefined, b: ReadonlySet<string> | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  return a.size === b.size && a.isSubsetOf(b);
}
