/** Rules in the form of Kubernetes' RBAC: what they allow. */
import type { Attributes, ResourceAttributes, User } from './access.ts';

/** Either about objects, or about paths. */
export interface PolicyRule {
  readonly verbs: readonly string[];
  readonly apiGroups?: readonly string[];
  /** `services`, `services/status`, `*`, and `*` before a subresource. */
  readonly resources?: readonly string[];
  /** Of all names if absent or empty. */
  readonly resourceNames?: readonly string[];
  /** A `*` at the end stands for anything. */
  readonly nonResourceURLs?: readonly string[];
}

export interface Subject {
  readonly kind: 'User' | 'Group';
  readonly name: string;
}

export interface Role {
  readonly role: string;
  readonly subjects: readonly Subject[];
  readonly rules: readonly PolicyRule[];
}

/** Whether the subject of a role is this user, or a group of theirs. */
export function isSubject(user: User, { kind, name }: Subject): boolean {
  return kind === 'User' ? user.name === name : user.groups.includes(name);
}

/** Whether one rule by itself allows it. */
export function ruleAllows(rule: PolicyRule, attributes: Attributes): boolean {
  if (!rule.verbs.includes('*') && !rule.verbs.includes(attributes.verb)) return false;
  return 'path' in attributes ? coversPath(rule, attributes.path) : coversObject(rule, attributes);
}

function coversPath({ nonResourceURLs = [] }: PolicyRule, path: string): boolean {
  return nonResourceURLs.some((url) =>
    url.endsWith('*') ? path.startsWith(url.slice(0, -1)) : path === url,
  );
}

function coversObject(
  { apiGroups = [], resources = [], resourceNames = [] }: PolicyRule,
  { group, resource, subresource, name }: ResourceAttributes,
): boolean {
  if (!apiGroups.includes('*') && !apiGroups.includes(group)) return false;
  const wanted = subresource === '' ? [resource] : [`${resource}/${subresource}`, `*/${subresource}`];
  if (!resources.includes('*') && !wanted.some((each) => resources.includes(each))) return false;
  return resourceNames.length === 0 || resourceNames.includes(name);
}
