/** Who may do what: the fixed roles, those of roles.yaml, and what a node may do with what is its own. */
import { findResource } from '../kinds/resources.ts';
import { objectForbidden, StatusError } from '../schema/status-error.ts';
import type { StoreView } from '../store/store.ts';
import type { Attributes, ResourceAttributes, User } from './access.ts';
import { FIXED_ROLES } from './fixed-roles.ts';
import { nodeMay } from './node-role.ts';
import { isSubject, type PolicyRule, type Role, ruleAllows } from './policy.ts';

/** Which role allows it; undefined: none does. */
type Verdict = string | undefined;

/** Decides by roles alone, but for nodes, whose rights depend on objects. */
export class Authorizer {
  readonly #objects: Pick<StoreView, 'get'>;
  /** Besides the fixed ones. */
  #ownRoles: readonly Role[] = [];

  constructor(objects: Pick<StoreView, 'get'>) {
    this.#objects = objects;
  }

  /** Those of roles.yaml, all of them. */
  setOwnRoles(roles: readonly Role[]): void {
    this.#ownRoles = roles;
  }

  judge(user: User, attributes: Attributes): Verdict {
    const role = this.#rolesOf(user).find(({ rules }) => rules.some((rule) => ruleAllows(rule, attributes)));
    if (role !== undefined) return role.role;
    return nodeMay(user, attributes, this.#objects) ? 'node' : undefined;
  }

  rulesOf(user: User): readonly PolicyRule[] {
    return this.#rolesOf(user).flatMap(({ rules }) => rules);
  }

  #rolesOf(user: User): readonly Role[] {
    return [...FIXED_ROLES, ...this.#ownRoles].filter(({ subjects }) =>
      subjects.some((subject) => isSubject(user, subject)),
    );
  }
}

/** In the words of kube-apiserver. */
export function forbidden(user: User, attributes: Attributes): StatusError {
  if ('path' in attributes) {
    return new StatusError({
      code: 403,
      reason: 'Forbidden',
      message: `forbidden: User ${JSON.stringify(user.name)} cannot ${attributes.verb} path ${JSON.stringify(attributes.path)}`,
      details: {},
    });
  }
  const { group, resource, name } = attributes;
  const kind = findResource(group, resource)?.kind ?? resource;
  return objectForbidden({ group, resource, kind }, name, describeRefusal(user, attributes));
}

function describeRefusal(
  user: User,
  { verb, group, resource, subresource, namespace }: ResourceAttributes,
): string {
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `User ${JSON.stringify(user.name)} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
}
