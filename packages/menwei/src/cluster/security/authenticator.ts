/** From a request to its user: certificate, token, or nobody; and whom that user acts for (cluster § 13.2). */
import { TLSSocket } from 'node:tls';
import { badRequest, StatusError } from '../schema/status-error.ts';
import type { Asking, User } from './access.ts';
import { forbidden } from './authorizer.ts';
import { ADMINS, AUTHENTICATED } from './fixed-roles.ts';
import { ISSUER, type ServiceAccountTokens, type TokenBearer } from './service-account-tokens.ts';
import type { StaticTokens } from './static-tokens.ts';
import { ANONYMOUS, authenticated, impliedGroups, UNSECURED } from './users.ts';

interface AuthenticatorOptions {
  readonly serviceAccountTokens: ServiceAccountTokens;
  /** Whoever has no credentials is an admin: for a server that only this machine reaches. */
  readonly isUnsecured?: boolean;
}

/** From {@link TLSSocket.getPeerCertificate}; undefined: it is not valid, or there is none. */
type CertificateUser = User | undefined;

const EXTRA_HEADER = 'impersonate-extra-';

export class Authenticator {
  readonly #options: AuthenticatorOptions;
  readonly #bySocket = new WeakMap<TLSSocket, { readonly user: CertificateUser; readonly endsMs: number }>();
  #staticTokens: StaticTokens;

  constructor(staticTokens: StaticTokens, options: AuthenticatorOptions) {
    this.#staticTokens = staticTokens;
    this.#options = options;
  }

  /** In the place of those before. */
  setStaticTokens(tokens: StaticTokens): void {
    this.#staticTokens = tokens;
  }

  /** Whose token it is; its audiences are not looked at. */
  findToken(token: string): TokenBearer | undefined {
    const user = this.#staticTokens.find(token);
    return user === undefined
      ? this.#options.serviceAccountTokens.find(token)
      : { user, audiences: [ISSUER] };
  }

  /** @throws StatusError 401 */
  authenticate({ headersDistinct, socket }: Asking): User {
    const certificateUser = socket instanceof TLSSocket ? this.#certificateUser(socket) : undefined;
    if (certificateUser !== undefined) return certificateUser;
    const token = bearerToken(headersDistinct.authorization?.[0]);
    if (token !== undefined) {
      const found = this.findToken(token);
      if (found?.audiences.includes(ISSUER)) return found.user;
      throw unauthorized();
    }
    if (socket instanceof TLSSocket && hasCertificate(socket)) throw unauthorized();
    return this.#options.isUnsecured && isFromHere(headersDistinct) ? UNSECURED : ANONYMOUS;
  }

  /** Read once a connection; looked at again when it has run out. */
  #certificateUser(socket: TLSSocket): CertificateUser {
    if (!socket.authorized) return undefined;
    let known = this.#bySocket.get(socket);
    if (known === undefined) {
      const { subject, valid_to: validTo } = socket.getPeerCertificate();
      known = { user: userOf(subject), endsMs: Date.parse(validTo) };
      this.#bySocket.set(socket, known);
    }
    return Date.now() < known.endsMs ? known.user : undefined;
  }
}

/** A page that a browser of this machine shows can send requests, too: under another name, or with its origin. */
function isFromHere({ host: [host = ''] = [], origin }: Asking['headersDistinct']): boolean {
  return origin === undefined && /^(127(\.\d+){3}|localhost|\[::1\])(:\d+)?$/i.test(host);
}

function hasCertificate(socket: TLSSocket): boolean {
  return Object.keys(socket.getPeerCertificate() ?? {}).length > 0;
}

/** The common name is the user's, the organizations are the groups. */
function userOf(subject: Readonly<Record<string, unknown>> | undefined): CertificateUser {
  const [name] = texts(subject?.CN);
  return name ? authenticated(name, texts(subject?.O)) : undefined;
}

function texts(value: unknown): readonly string[] {
  return [value].flat().filter((each) => typeof each === 'string');
}

/** Undefined: none is given. An empty one is given, and wrong. */
function bearerToken(header = ''): string | undefined {
  const match = /^bearer(?:\s+(.*))?$/i.exec(header.trim());
  return match === null ? undefined : (match[1] ?? '');
}

/** `kubectl --as`: for admins alone, whatever other roles say. @throws StatusError 403 */
export function actFor(user: User, headers: Asking['headersDistinct']): User {
  const [name] = headers['impersonate-user'] ?? [];
  const others = Object.keys(headers).filter((header) => header.startsWith('impersonate-'));
  if (name === undefined) {
    if (others.length > 0) throw badRequest(`${others[0]} is given without impersonate-user`);
    return user;
  }
  if (!user.groups.includes(ADMINS)) {
    const attributes = {
      verb: 'impersonate',
      group: '',
      resource: 'users',
      subresource: '',
      namespace: '',
      name,
    };
    throw forbidden(user, attributes);
  }
  return impersonated(name, headers);
}

function impersonated(name: string, headers: Asking['headersDistinct']): User {
  const [uid = ''] = headers['impersonate-uid'] ?? [];
  const groups = headers['impersonate-group'] ?? impliedGroups(name);
  const extra = Object.fromEntries(
    Object.entries(headers).flatMap(([header, values = []]) =>
      header.startsWith(EXTRA_HEADER) ? [[decodeKey(header.slice(EXTRA_HEADER.length)), values]] : [],
    ),
  );
  if (name === ANONYMOUS.name) return { ...ANONYMOUS, groups: [...ANONYMOUS.groups, ...groups], uid, extra };
  return { name, uid, groups: [...new Set([...groups, AUTHENTICATED])], extra };
}

function decodeKey(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function unauthorized(): StatusError {
  return new StatusError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' });
}
