/**
 * How to reach one API server and as whom: plain data, made from a kubeconfig file or from the service account of
 * a pod. Nothing here has been opened yet; the transport and the authenticator do that.
 */

/**
 * A certificate, key or token: given in the configuration, or in a file that is read again each time it is needed,
 * so that a rotated file needs no restart.
 */
export type Material = { readonly text: string } | { readonly file: string };

export interface ClientCertificate {
  readonly certificate: Material;
  readonly key: Material;
}

/** What the Authorization header says. */
export type Login =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: Material }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'exec'; readonly plugin: ExecPlugin };

export const EXEC_API_VERSIONS = [
  'client.authentication.k8s.io/v1',
  'client.authentication.k8s.io/v1beta1',
] as const;

/** A program that prints an ExecCredential (KEP-541). It is run directly, never through a shell. */
export interface ExecPlugin {
  readonly apiVersion: (typeof EXEC_API_VERSIONS)[number];
  readonly command: string;
  readonly args: readonly string[];
  /** Added to the environment of this process. */
  readonly env: Readonly<Record<string, string>>;
  /** Shown when the command does not exist. */
  readonly installHint: string;
  /** The plugin wants to know which cluster it logs in to. */
  readonly provideClusterInfo: boolean;
  /** What the cluster's entry says for exec plugins (extension `client.authentication.k8s.io/exec`). */
  readonly clusterConfig: unknown;
}

export interface Connection {
  /** `https://10.0.0.1:6443`, with a path where the API lives below one, without a slash at the end. */
  readonly server: string;
  /** Undefined: the certificate authorities of the system. */
  readonly certificateAuthority: Material | undefined;
  readonly skipTlsVerify: boolean;
  /** The name the server's certificate must carry; undefined: the host of `server`. */
  readonly tlsServerName: string | undefined;
  /** Undefined: as the environment says (HTTPS_PROXY, HTTP_PROXY, NO_PROXY). */
  readonly proxyUrl: string | undefined;
  readonly disableCompression: boolean;
  /** Impersonation headers, by which an allowed user acts as another. */
  readonly impersonation: Readonly<Record<string, string | readonly string[]>>;
  readonly clientCertificate: ClientCertificate | undefined;
  readonly login: Login;
}

/** A mistake in a kubeconfig file or in the surroundings of a pod; the message is one line naming file and field. */
export class ConnectionConfigError extends Error {
  override readonly name = 'ConnectionConfigError';
}

/** A connection to `server` with nothing but defaults: system authorities, no credentials. */
export function plainConnection(server: string): Connection {
  return {
    server,
    certificateAuthority: undefined,
    skipTlsVerify: false,
    tlsServerName: undefined,
    proxyUrl: undefined,
    disableCompression: false,
    impersonation: {},
    clientCertificate: undefined,
    login: { kind: 'none' },
  };
}
