/** What the API asks of every request before anything else: who it is from, and whether they may do it (cluster § 13.2, 13.3). */
import type { IncomingMessage } from 'node:http';
import type { Resource } from '../kinds/resource.ts';
import type { ApiObject } from '../schema/object.ts';

export interface User {
  readonly name: string;
  /** Empty if there is none. */
  readonly uid: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

/** What somebody wants to do with objects. */
export interface ResourceAttributes {
  /** `get list watch create update patch delete deletecollection`, or what a review asks for. */
  readonly verb: string;
  /** Empty for the core group. */
  readonly group: string;
  /** Plural: `services`. */
  readonly resource: string;
  /** `status`; empty for the object itself. */
  readonly subresource: string;
  /** Empty for what is cluster-wide, and for all namespaces. */
  readonly namespace: string;
  /** Empty where a request names no object. */
  readonly name: string;
  /** Of a list or watch, as the request has it. */
  readonly fieldSelector?: string;
}

/** What somebody wants to do with a path that is no object: `/version`, `/openapi/v3`. */
interface PathAttributes {
  /** The method in lower case. */
  readonly verb: string;
  readonly path: string;
}

export type Attributes = ResourceAttributes | PathAttributes;

/** What {@link Access.authenticate} looks at. */
export type Asking = Pick<IncomingMessage, 'headersDistinct' | 'socket'>;

export interface Access {
  /**
   * Whoever sent the request.
   *
   * @throws StatusError 401 for credentials that are not valid
   */
  authenticate(request: Asking): User;
  /**
   * Whom the sender of a request acts for (`kubectl --as`); themselves if for nobody else.
   *
   * @throws StatusError 403 for who may not act for another
   */
  actFor(sender: User, request: Asking): User;
  /** @throws StatusError 403 */
  authorize(user: User, attributes: Attributes): void;
  /**
   * Answers a review: the object, decoded, with its status.
   *
   * @param namespace empty where the path has none
   * @throws StatusError 422
   */
  review(resource: Resource, namespace: string, object: ApiObject, user: User): ApiObject;
  /**
   * Answers `serviceaccounts/<name>/token`: the TokenRequest, decoded, with its status.
   *
   * @throws StatusError 404, 409 or 422
   */
  issueToken(namespace: string, name: string, request: ApiObject): ApiObject;
}
