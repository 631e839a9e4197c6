/** All of {@link Access}, for one server. */
import type { Resource } from '../kinds/resource.ts';
import type { Messages } from '../schema/messages.ts';
import type { ApiObject } from '../schema/object.ts';
import { formatTime } from '../schema/time.ts';
import type { StoreView } from '../store/store.ts';
import type { Access, Asking, Attributes, User } from './access.ts';
import { reviewAccess, reviewOwnAccess, reviewOwnRules } from './access-reviews.ts';
import { Authenticator, actFor } from './authenticator.ts';
import { Authorizer, forbidden } from './authorizer.ts';
import type { Role } from './policy.ts';
import { ISSUER, ServiceAccountTokens } from './service-account-tokens.ts';
import { StaticTokens } from './static-tokens.ts';
import { answerTokenRequest } from './token-requests.ts';
import { userInfo, withStatus } from './user-info.ts';
import type { TokenKey } from './web-token.ts';

interface AccessOptions {
  /** Signs the tokens of ServiceAccounts. */
  readonly tokenKey: TokenKey;
  readonly objects: Pick<StoreView, 'get'>;
  readonly nowMs: () => number;
  readonly staticTokens?: StaticTokens;
  /** See AuthenticatorOptions. */
  readonly isUnsecured?: boolean;
}

export class ClusterAccess implements Access {
  readonly #objects: AccessOptions['objects'];
  readonly #nowMs: () => number;
  readonly #authenticator: Authenticator;
  readonly #authorizer: Authorizer;
  readonly #tokens: ServiceAccountTokens;

  constructor({ tokenKey, objects, nowMs, staticTokens, isUnsecured = false }: AccessOptions) {
    this.#objects = objects;
    this.#nowMs = nowMs;
    this.#tokens = new ServiceAccountTokens(tokenKey, objects, nowMs);
    this.#authorizer = new Authorizer(objects);
    const options = { serviceAccountTokens: this.#tokens, isUnsecured };
    this.#authenticator = new Authenticator(staticTokens ?? new StaticTokens(), options);
  }

  /** In the place of those before. */
  setOwnRoles(roles: readonly Role[]): void {
    this.#authorizer.setOwnRoles(roles);
  }

  /** In the place of those before. */
  setStaticTokens(tokens: StaticTokens): void {
    this.#authenticator.setStaticTokens(tokens);
  }

  authenticate(request: Asking): User {
    return this.#authenticator.authenticate(request);
  }

  actFor(sender: User, { headersDistinct }: Asking): User {
    return actFor(sender, headersDistinct);
  }

  authorize(user: User, attributes: Attributes): void {
    if (this.#authorizer.judge(user, attributes) === undefined) throw forbidden(user, attributes);
  }

  review(resource: Resource, namespace: string, object: ApiObject, user: User): ApiObject {
    // Status is what is answered, whatever was sent.
    const { status: _, ...review }: ApiObject & { readonly status?: unknown } = object;
    switch (resource.kind) {
      case 'SelfSubjectAccessReview':
        return reviewOwnAccess(resource, review, user, this.#authorizer);
      case 'SubjectAccessReview':
      case 'LocalSubjectAccessReview':
        return reviewAccess(resource, namespace, review, this.#authorizer);
      case 'SelfSubjectRulesReview':
        return reviewOwnRules(resource, review, user, this.#authorizer);
      case 'SelfSubjectReview':
        return this.#reviewSelf(review, user);
      case 'TokenReview':
        return this.#reviewToken(review);
      default:
        throw new Error(`BUG: ${resource.kind} is no review`);
    }
  }

  issueToken(namespace: string, name: string, request: ApiObject): ApiObject {
    return answerTokenRequest(namespace, name, request, {
      tokens: this.#tokens,
      objects: this.#objects,
      nowMs: this.#nowMs(),
    });
  }

  #reviewSelf(review: ApiObject, user: User): ApiObject {
    const creationTimestamp = formatTime(this.#nowMs());
    return withStatus({ ...review, metadata: { creationTimestamp } }, { userInfo: userInfo(user) });
  }

  #reviewToken(review: Messages['authentication.v1.TokenReview']): ApiObject {
    const { token = '', audiences: asked = [] } = review.spec ?? {};
    const bearer = token === '' ? undefined : this.#authenticator.findToken(token);
    const wanted = asked.length === 0 ? [ISSUER] : asked;
    const audiences = wanted.filter((each) => bearer?.audiences.includes(each));
    if (bearer === undefined || audiences.length === 0) {
      return withStatus(review, { authenticated: false, error: 'invalid bearer token' });
    }
    return withStatus(review, { authenticated: true, user: userInfo(bearer.user), audiences });
  }
}
