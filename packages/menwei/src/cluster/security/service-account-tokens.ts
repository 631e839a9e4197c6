/** Tokens of ServiceAccounts: issued for a time, valid as long as the account and what they are bound to are there. */
import { randomUUID } from 'node:crypto';
import { isObject } from '../schema/values.ts';
import type { StoreView } from '../store/store.ts';
import type { User } from './access.ts';
import { serviceAccountUser } from './users.ts';
import type { TokenKey } from './web-token.ts';

/** Of tokens, and who they are for unless they say another. */
export const ISSUER = 'https://kubernetes.default.svc';

/** What the token says it is for, in the claim `kubernetes.io`. */
export interface TokenSubject {
  readonly namespace: string;
  readonly serviceaccount: NamedUid;
  readonly pod?: NamedUid;
  readonly node?: NamedUid;
}

interface NamedUid {
  readonly name: string;
  readonly uid: string;
}

interface TokenPeriod {
  readonly issuedAtSeconds: number;
  readonly expiresAtSeconds: number;
}

/** A user, and for whom the token is good. */
export interface TokenBearer {
  readonly user: User;
  readonly audiences: readonly string[];
}

export class ServiceAccountTokens {
  readonly #key: TokenKey;
  readonly #objects: Pick<StoreView, 'get'>;
  readonly #nowMs: () => number;

  constructor(key: TokenKey, objects: Pick<StoreView, 'get'>, nowMs: () => number) {
    this.#key = key;
    this.#objects = objects;
    this.#nowMs = nowMs;
  }

  issue(
    subject: TokenSubject,
    audiences: readonly string[],
    { issuedAtSeconds, expiresAtSeconds }: TokenPeriod,
  ): string {
    return this.#key.sign({
      aud: audiences,
      exp: expiresAtSeconds,
      iat: issuedAtSeconds,
      iss: ISSUER,
      jti: randomUUID(),
      'kubernetes.io': subject,
      nbf: issuedAtSeconds,
      sub: `system:serviceaccount:${subject.namespace}:${subject.serviceaccount.name}`,
    });
  }

  /** Undefined for what is no token of ours, is out of time, or whose account is gone. */
  find(token: string): TokenBearer | undefined {
    const claims = this.#key.verify(token);
    if (claims === undefined || claims.iss !== ISSUER || !this.#isInTime(claims)) return undefined;
    const subject = claims['kubernetes.io'];
    if (!isObject(subject)) return undefined;
    const namespace = textOf(subject.namespace);
    const account = this.#present('serviceaccounts', namespace, subject.serviceaccount);
    const pod = subject.pod && this.#present('pods', namespace, subject.pod);
    const node = subject.node && this.#present('nodes', '', subject.node);
    if (account === undefined || (subject.pod && !pod) || (subject.node && !node)) return undefined;
    const extra = {
      'authentication.kubernetes.io/credential-id': [`JTI=${textOf(claims.jti)}`],
      ...namedExtra('pod', pod),
      ...namedExtra('node', node),
    };
    const audiences = [claims.aud].flat().filter((each) => typeof each === 'string');
    return { user: serviceAccountUser(namespace, account.name, { uid: account.uid, extra }), audiences };
  }

  #isInTime({ exp, nbf }: Readonly<Record<string, unknown>>): boolean {
    const now = this.#nowMs() / 1000;
    return typeof exp === 'number' && typeof nbf === 'number' && nbf <= now && now < exp;
  }

  /** The object of that name, if it is still the same one. */
  #present(resource: string, namespace: string, claim: unknown): NamedUid | undefined {
    if (!isObject(claim)) return undefined;
    const name = textOf(claim.name);
    const uid = textOf(claim.uid);
    return this.#objects.get(resource, namespace, name)?.uid === uid ? { name, uid } : undefined;
  }
}

function namedExtra(what: 'pod' | 'node', claim: unknown): User['extra'] {
  if (!isObject(claim)) return {};
  return {
    [`authentication.kubernetes.io/${what}-name`]: [textOf(claim.name)],
    [`authentication.kubernetes.io/${what}-uid`]: [textOf(claim.uid)],
  };
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}
