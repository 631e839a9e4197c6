/** What a node may do besides the rules of its role: what depends on the objects concerned (cluster § 13.3). */

import type { StoreView } from '../store/store.ts';
import { objectOf } from '../store/stored-object.ts';
import type { Attributes, User } from './access.ts';
import { NODES } from './fixed-roles.ts';

const USER_PREFIX = 'system:node:';
const LEASES = 'kube-node-lease';
const CHANGE = ['get', 'patch', 'update'];

/** Undefined for who is no node. */
function nodeNameOf({ name, groups }: User): string | undefined {
  if (!name.startsWith(USER_PREFIX) || !groups.includes(NODES)) return undefined;
  return name.slice(USER_PREFIX.length) || undefined;
}

/** Whether it is the user's own Node, its Lease, or a pod on it. */
export function nodeMay(user: User, attributes: Attributes, objects: Pick<StoreView, 'get'>): boolean {
  const node = nodeNameOf(user);
  if (node === undefined || 'path' in attributes) return false;
  const { group, resource, namespace, name, verb, fieldSelector } = attributes;
  const isCollection = verb === 'list' || verb === 'watch';
  switch (`${group}/${resource}`) {
    case '/nodes':
      if (isCollection) return fieldSelector === `metadata.name=${node}`;
      return name === node && isOneOf(attributes.subresource, '', 'status') && CHANGE.includes(verb);
    case 'coordination.k8s.io/leases':
      return namespace === LEASES && name === node && attributes.subresource === '' && CHANGE.includes(verb);
    case '/pods':
      if (isCollection) return fieldSelector === `spec.nodeName=${node}`;
      if (!isOnNode(objects, namespace, name, node)) return false;
      return attributes.subresource === 'status'
        ? CHANGE.includes(verb)
        : attributes.subresource === '' && isOneOf(verb, 'get', 'delete');
    default:
      return false;
  }
}

function isOnNode(
  objects: Pick<StoreView, 'get'>,
  namespace: string,
  name: string,
  nodeName: string,
): boolean {
  const pod = objects.get('pods', namespace, name);
  return pod !== undefined && objectOf('pods', pod).spec?.nodeName === nodeName;
}

function isOneOf(value: string, ...values: readonly string[]): boolean {
  return values.includes(value);
}
