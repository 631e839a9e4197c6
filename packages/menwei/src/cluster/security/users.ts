/** The users that Kubernetes has names for. */
import type { User } from './access.ts';
import { ADMINS, AUTHENTICATED, UNAUTHENTICATED } from './fixed-roles.ts';

const SERVICE_ACCOUNTS = 'system:serviceaccounts';
const SERVICE_ACCOUNT_PREFIX = 'system:serviceaccount:';

export const ANONYMOUS: User = { name: 'system:anonymous', uid: '', groups: [UNAUTHENTICATED], extra: {} };

/** Whoever reaches a server that asks nobody who they are. */
export const UNSECURED: User = {
  name: 'system:unsecured',
  uid: '',
  groups: [ADMINS, AUTHENTICATED],
  extra: {},
};

/** One who has proven to be who they are. */
export function authenticated(
  name: string,
  groups: readonly string[],
  { uid = '', extra = {} }: Partial<Pick<User, 'uid' | 'extra'>> = {},
): User {
  return { name, uid, groups: [...new Set([...groups, AUTHENTICATED])], extra };
}

export function serviceAccountUser(
  namespace: string,
  name: string,
  more: Partial<Pick<User, 'uid' | 'extra'>>,
): User {
  return authenticated(
    `${SERVICE_ACCOUNT_PREFIX}${namespace}:${name}`,
    serviceAccountGroups(namespace),
    more,
  );
}

/** The groups that come with a name. */
export function impliedGroups(name: string): readonly string[] {
  const [namespace, account] = name.startsWith(SERVICE_ACCOUNT_PREFIX)
    ? name.slice(SERVICE_ACCOUNT_PREFIX.length).split(':')
    : [];
  return namespace && account ? serviceAccountGroups(namespace) : [];
}

function serviceAccountGroups(namespace: string): readonly string[] {
  return [SERVICE_ACCOUNTS, `${SERVICE_ACCOUNTS}:${namespace}`];
}
