/** Connections to the API server: TLS, proxy, keep-alive. */
import { isIP } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, createSecureContext } from 'node:tls';
import { Agent, type Dispatcher, ProxyAgent } from 'undici';
import { ApiError, oneLine } from './api-error.ts';
import type { Identity } from './authenticator.ts';
import type { Connection } from './connection.ts';
import { originOf } from './material.ts';
import { type EnvironmentProxy, proxyFromEnvironment } from './proxy-environment.ts';
import { parseProxyUrl, withoutCredentials } from './server-url.ts';

const CONNECT_TIMEOUT_MS = 10_000;
/** With the kernel's probes of a second each after it, a dead peer is found within 40 s. */
const KEEP_ALIVE_MS = 30_000;

/** Gives the connection pool for an identity, and a new pool when its certificates have changed. */
export class Transport {
  readonly #connection: Connection;
  readonly #proxyUrl: string | undefined;
  /** For messages about a failure: `through the proxy http://proxy.test:3128, HTTPS_PROXY`; empty without a proxy. */
  readonly route: string;
  #pool: { readonly identity: Identity; readonly dispatcher: Dispatcher } | undefined;

  /** @throws ConnectionConfigError when the environment names a proxy that is none */
  constructor(connection: Connection) {
    this.#connection = connection;
    const { proxyUrl, server } = connection;
    const fromEnvironment = proxyUrl === undefined ? proxyFromEnvironment(server) : undefined;
    this.#proxyUrl =
      fromEnvironment === undefined ? proxyUrl : parseProxyUrl(fromEnvironment.url, fromEnvironment.variable);
    this.route = this.#proxyUrl === undefined ? '' : describeRoute(this.#proxyUrl, fromEnvironment);
  }

  /** @throws ApiError `credentials` when certificate and key can't be used */
  dispatcher(identity: Identity): Dispatcher {
    if (this.#pool !== undefined && sameCertificates(this.#pool.identity, identity))
      return this.#pool.dispatcher;
    const dispatcher = this.#open(identity);
    // Running watches end in their own time on the old connections.
    void this.#pool?.dispatcher.close();
    this.#pool = { identity, dispatcher };
    return dispatcher;
  }

  /** Breaks all connections. */
  async close(): Promise<void> {
    await this.#pool?.dispatcher.destroy();
    this.#pool = undefined;
  }

  #open(identity: Identity): Dispatcher {
    const tls = tlsOptions(this.#connection, identity);
    const connect = { ...tls, timeout: CONNECT_TIMEOUT_MS, keepAliveInitialDelay: KEEP_ALIVE_MS };
    if (this.#proxyUrl === undefined) return new Agent({ allowH2: false, connect });
    const proxyTls = { timeout: CONNECT_TIMEOUT_MS, keepAliveInitialDelay: KEEP_ALIVE_MS, allowH2: false };
    return new ProxyAgent({
      uri: this.#proxyUrl,
      allowH2: false,
      requestTls: { ...connect, allowH2: false },
      // Their mere presence makes undici speak TLS to a SOCKS proxy.
      ...(new URL(this.#proxyUrl).protocol !== 'socks5:' && { proxyTls }),
    });
  }
}

function describeRoute(proxyUrl: string, fromEnvironment: EnvironmentProxy | undefined): string {
  const { variable, uselessExceptions } = fromEnvironment ?? {
    variable: 'proxy-url of the kubeconfig',
    uselessExceptions: [],
  };
  const useless = uselessExceptions.map((exception) => JSON.stringify(exception)).join(', ');
  const hint = useless === '' ? '' : `; ${useless} in NO_PROXY can match nothing`;
  return `through the proxy ${withoutCredentials(proxyUrl)}, ${variable}${hint}`;
}

function sameCertificates(a: Identity, b: Identity): boolean {
  return (
    a.certificateAuthority === b.certificateAuthority &&
    a.clientCertificate?.certificate === b.clientCertificate?.certificate &&
    a.clientCertificate?.key === b.clientCertificate?.key
  );
}

type TlsOptions = Pick<
  ConnectionOptions,
  'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername' | 'checkServerIdentity'
>;

function tlsOptions(connection: Connection, identity: Identity): TlsOptions {
  const { tlsServerName, skipTlsVerify } = connection;
  const { certificateAuthority: ca, clientCertificate } = identity;
  if (ca !== undefined && !/-----BEGIN (TRUSTED |X509 )?CERTIFICATE-----/.test(ca)) {
    const origin = connection.certificateAuthority && originOf(connection.certificateAuthority);
    throw new ApiError('credentials', `${origin}: is not a certificate`);
  }
  const material = {
    ...(ca !== undefined && { ca }),
    ...(clientCertificate !== undefined && {
      cert: clientCertificate.certificate,
      key: clientCertificate.key,
    }),
  };
  try {
    createSecureContext(material);
  } catch (cause) {
    const reason = cause instanceof Error ? oneLine(cause.message) : 'unreadable';
    throw new ApiError('credentials', `${certificateOrigin(connection)}: can't be used: ${reason}`, {
      cause,
    });
  }
  return {
    ...material,
    rejectUnauthorized: !skipTlsVerify,
    ...(tlsServerName !== undefined && {
      // An address can't be asked for by SNI, only be looked for in the certificate.
      ...(isIP(tlsServerName) === 0 && { servername: tlsServerName }),
      checkServerIdentity: (_host, certificate) => checkServerIdentity(tlsServerName, certificate),
    }),
  };
}

function certificateOrigin({ clientCertificate, login }: Connection): string {
  if (clientCertificate !== undefined) {
    return [...new Set([clientCertificate.certificate, clientCertificate.key].map(originOf))].join(', ');
  }
  return login.kind === 'exec'
    ? `exec plugin ${login.plugin.command}: client certificate`
    : 'certificate authority';
}
