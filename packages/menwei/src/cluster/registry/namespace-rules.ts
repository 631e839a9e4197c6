/** Which namespaces take new objects, and which can't be deleted (cluster § 10.4, § 7.4). */
import { objectForbidden, objectNotFound, type Subject } from '../schema/status-error.ts';
import type { StoreView } from '../store/store.ts';

const NAMESPACES: Subject = { group: '', resource: 'namespaces', kind: 'Namespace' };

const IMMORTAL: readonly string[] = ['default', 'kube-system', 'kube-public'];

/** @throws StatusError 404 there is none; 403 it is being deleted */
export function requireOpenNamespace(
  view: StoreView,
  namespace: string,
  subject: Subject,
  name: string,
): void {
  const stored = view.get('namespaces', '', namespace);
  if (stored === undefined) throw objectNotFound(NAMESPACES, namespace);
  if (!stored.isBeingDeleted) return;
  const why = `unable to create new content in namespace ${namespace} because it is being terminated`;
  throw objectForbidden(subject, name, why, [
    {
      reason: 'NamespaceTerminating',
      message: `namespace ${namespace} is being terminated`,
      field: 'metadata.namespace',
    },
  ]);
}

/** @throws StatusError 403 */
export function requireMortal(resource: string, name: string): void {
  if (resource !== 'namespaces' || !IMMORTAL.includes(name)) return;
  throw objectForbidden(NAMESPACES, name, 'this namespace may not be deleted');
}
