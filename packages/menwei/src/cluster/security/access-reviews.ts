/** Reviews of what somebody may do: SelfSubjectAccessReview, SubjectAccessReview, LocalSubjectAccessReview, SelfSubjectRulesReview. */
import type { Resource } from '../kinds/resource.ts';
import { type FieldError, invalid } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import type { ApiObject } from '../schema/object.ts';
import { badRequest, objectInvalid } from '../schema/status-error.ts';
import type { Attributes, User } from './access.ts';
import type { Authorizer } from './authorizer.ts';
import type { PolicyRule } from './policy.ts';
import { extraOf, withStatus } from './user-info.ts';

type SelfReview = Messages['authorization.v1.SelfSubjectAccessReview'];
type SubjectReview = Messages['authorization.v1.SubjectAccessReview'];
type RulesReview = Messages['authorization.v1.SelfSubjectRulesReview'];
type Asked = Messages['authorization.v1.SelfSubjectAccessReviewSpec'];

/** Of the user who asks. @throws StatusError */
export function reviewOwnAccess(
  resource: Resource,
  review: SelfReview,
  user: User,
  authorizer: Authorizer,
): ApiObject {
  const spec = review.spec ?? {};
  refuseInvalid(resource, attributesErrors(spec));
  return withStatus(review, judge(spec, user, authorizer));
}

/**
 * Of any user.
 *
 * @param namespace of a LocalSubjectAccessReview, whose attributes must be of it; else empty
 * @throws StatusError
 */
export function reviewAccess(
  resource: Resource,
  namespace: string,
  review: SubjectReview,
  authorizer: Authorizer,
): ApiObject {
  const spec = review.spec ?? {};
  const { user: name = '', groups = [], uid = '', extra } = spec;
  const nobody =
    name === '' && groups.length === 0
      ? [invalid('spec.user', name, 'at least one of user or group must be specified')]
      : [];
  refuseInvalid(resource, [...attributesErrors(spec), ...nobody]);
  if (resource.isNamespaced) refuseForeign(namespace, spec);
  const user = { name, groups, uid, extra: extraOf(extra) };
  return withStatus(review, judge(spec, user, authorizer));
}

/** All that the user who asks may do, in any namespace. */
export function reviewOwnRules(
  resource: Resource,
  review: RulesReview,
  user: User,
  authorizer: Authorizer,
): ApiObject {
  if (!review.spec?.namespace) {
    // In the words of kube-apiserver, which has no field error for it.
    throw badRequest(`no namespace on request of ${resource.resource}`);
  }
  const rules = authorizer.rulesOf(user);
  const resourceRules = rules.flatMap((rule) => (rule.resources === undefined ? [] : [resourceRule(rule)]));
  const nonResourceRules = rules.flatMap(({ verbs, nonResourceURLs }) =>
    nonResourceURLs === undefined ? [] : [{ verbs, nonResourceURLs }],
  );
  return {
    ...review,
    metadata: {},
    ...{ spec: {}, status: { resourceRules, nonResourceRules, incomplete: false } },
  };
}

function resourceRule({ verbs, apiGroups, resources, resourceNames = [] }: PolicyRule) {
  return { verbs, apiGroups, resources, ...(resourceNames.length === 0 ? {} : { resourceNames }) };
}

function judge(spec: Asked, user: User, authorizer: Authorizer) {
  const role = authorizer.judge(user, attributesOf(spec));
  if (role === undefined) return { allowed: false };
  return role === 'admin' ? { allowed: true } : { allowed: true, reason: `allowed by the role ${role}` };
}

function attributesOf({ resourceAttributes, nonResourceAttributes }: Asked): Attributes {
  if (resourceAttributes === undefined) {
    return { verb: nonResourceAttributes?.verb ?? '', path: nonResourceAttributes?.path ?? '' };
  }
  const { verb = '', group = '', resource = '', subresource = '', namespace = '' } = resourceAttributes;
  return { verb, group, resource, subresource, namespace, name: resourceAttributes.name ?? '' };
}

function attributesErrors({ resourceAttributes, nonResourceAttributes }: Asked): readonly FieldError[] {
  if (resourceAttributes !== undefined && nonResourceAttributes !== undefined) {
    const why = 'cannot be specified in combination with resourceAttributes';
    return [invalid('spec.nonResourceAttributes', nonResourceAttributes, why)];
  }
  if (resourceAttributes !== undefined || nonResourceAttributes !== undefined) return [];
  const why = 'exactly one of nonResourceAttributes or resourceAttributes must be specified';
  return [invalid('spec.resourceAttributes', null, why)];
}

function refuseForeign(namespace: string, { resourceAttributes }: Asked): void {
  if (resourceAttributes?.namespace === namespace) return;
  throw badRequest(
    `must review access in the namespace ${JSON.stringify(namespace)}, not in ${JSON.stringify(resourceAttributes?.namespace ?? '')}`,
  );
}

function refuseInvalid(resource: Resource, errors: readonly FieldError[]): void {
  if (errors.length > 0) throw objectInvalid(resource, '', errors);
}
