/** Who we are, at the moment of a request. */
import { ApiError } from './api-error.ts';
import type { Connection } from './connection.ts';
import { type ExecCredential, ExecCredentialCache } from './exec-credential.ts';
import { MaterialReader, originOf } from './material.ts';

/** What one request, and the TLS connection it goes over, present to the server. PEM texts. */
export interface Identity {
  readonly authorization: string | undefined;
  readonly clientCertificate: { readonly certificate: string; readonly key: string } | undefined;
  readonly certificateAuthority: string | undefined;
  /** The plugin's answer this identity was made of. */
  readonly execCredential?: ExecCredential | undefined;
}

/** Turns the credentials of a {@link Connection} into identities, following rotated files and expired tokens. */
export class Authenticator {
  readonly #connection: Connection;
  readonly #authority: MaterialReader | undefined;
  readonly #certificate: MaterialReader | undefined;
  readonly #key: MaterialReader | undefined;
  readonly #token: MaterialReader | undefined;
  readonly #exec: ExecCredentialCache | undefined;

  constructor(connection: Connection) {
    const { certificateAuthority, clientCertificate, login } = connection;
    this.#connection = connection;
    this.#authority = certificateAuthority && new MaterialReader(certificateAuthority);
    this.#certificate = clientCertificate && new MaterialReader(clientCertificate.certificate);
    this.#key = clientCertificate && new MaterialReader(clientCertificate.key);
    this.#token = login.kind === 'token' ? new MaterialReader(login.token) : undefined;
    this.#exec = login.kind === 'exec' ? new ExecCredentialCache(login.plugin, connection) : undefined;
  }

  /** @throws ApiError `credentials` */
  async identity(): Promise<Identity> {
    const certificateAuthority = await this.#authority?.read();
    const certificate = await this.#certificate?.read();
    const key = await this.#key?.read();
    const execCredential = await this.#exec?.get(certificateAuthority);
    return {
      authorization: await this.#authorization(execCredential),
      clientCertificate:
        certificate === undefined || key === undefined
          ? execCredential?.clientCertificate
          : { certificate, key },
      certificateAuthority,
      execCredential,
    };
  }

  /** The server refused this identity. True when asking for another one may give a better one at once. */
  refused(identity: Identity): boolean {
    if (this.#exec === undefined || identity.execCredential === undefined) return false;
    this.#exec.discard(identity.execCredential);
    return true;
  }

  async #authorization(execCredential: ExecCredential | undefined): Promise<string | undefined> {
    const { login } = this.#connection;
    if (login.kind === 'basic') {
      return `Basic ${Buffer.from(`${login.username}:${login.password}`).toString('base64')}`;
    }
    const token = ((await this.#token?.read()) ?? execCredential?.token ?? '').trim();
    if (!/^[\x21-\x7e]*$/.test(token)) {
      throw new ApiError(
        'credentials',
        `${tokenOrigin(this.#connection)}: the token contains blanks or control characters`,
      );
    }
    return token === '' ? undefined : `Bearer ${token}`;
  }
}

function tokenOrigin({ login }: Connection): string {
  if (login.kind === 'exec') return `exec plugin ${login.plugin.command}`;
  return login.kind === 'token' ? originOf(login.token) : 'kubeconfig';
}
