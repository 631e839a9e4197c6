/**
 * Kubeconfig files: the current context's cluster and user as a {@link Connection}. Certificates and tokens kept in
 * files stay references to them; what stands in the file itself is checked at once, so that a mistake is told at
 * start with the name of its field.
 */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { parseFirstDocument } from '@menwei/yaml/documents.ts';
import { decodeText } from '@menwei/yaml/encoding.ts';
import * as v from 'valibot';
import {
  type ClientCertificate,
  type Connection,
  ConnectionConfigError,
  EXEC_API_VERSIONS,
  type ExecPlugin,
  type Login,
  type Material,
  plainConnection,
} from './connection.ts';
import {
  Kubeconfig,
  type KubeconfigCluster,
  type KubeconfigExec,
  type KubeconfigUser,
} from './kubeconfig-schema.ts';
import { parseProxyUrl, parseServerUrl } from './server-url.ts';

/** Told what is odd in the file, though it can be used. */
export type Warn = (message: string) => void;

const EXEC_EXTENSION = 'client.authentication.k8s.io/exec';

/**
 * Reads the current context of a kubeconfig file. Relative paths in it are relative to its folder.
 * @param server takes the place of the cluster's server (`--master`)
 * @throws ConnectionConfigError
 */
export async function readKubeconfig(
  file: string,
  server?: string,
  warn: Warn = () => undefined,
): Promise<Connection> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new ConnectionConfigError(`${file}: can't be read (${cause.code ?? cause.message})`, { cause });
  });
  return parseKubeconfig(decode(bytes, file), file, server, warn);
}

function decode(bytes: Uint8Array, file: string): string {
  try {
    return decodeText(bytes);
  } catch (cause) {
    throw new ConnectionConfigError(`${file}: ${cause instanceof Error ? cause.message : cause}`, { cause });
  }
}

/** {@link readKubeconfig} on a text; `file` gives the folder for relative paths and the name in messages. */
export function parseKubeconfig(
  text: string,
  file: string,
  server?: string,
  warn: Warn = () => undefined,
): Connection {
  const config = checkShape(text, file, warn);
  const { clusterName, userName } = currentNames(config, file, server !== undefined);
  const clusterIndex = config.clusters.findIndex(({ name }) => name === clusterName);
  const userIndex = config.users.findIndex(({ name }) => name === userName);
  const cluster = config.clusters[clusterIndex]?.cluster;
  const user = config.users[userIndex]?.user;
  if (cluster === undefined && server === undefined) {
    throw new ConnectionConfigError(`${file}: clusters[]: there is no cluster named "${clusterName}"`);
  }
  if (user === undefined && userName !== '') {
    throw new ConnectionConfigError(`${file}: users[]: there is no user named "${userName}"`);
  }
  const reached =
    cluster === undefined
      ? plainConnection(server ?? '')
      : reach(cluster, new Place(file, `clusters[${clusterIndex}].cluster`), server);
  return user === undefined
    ? reached
    : logIn(reached, user, new Place(file, `users[${userIndex}].user`), cluster);
}

/** Where in which file a part of the configuration stands. */
class Place {
  readonly #file: string;
  readonly #path: string;

  constructor(file: string, path: string) {
    this.#file = file;
    this.#path = path;
  }

  name(field: string): string {
    return `${this.#file}: ${this.#path}${field === '' ? '' : `.${field}`}`;
  }

  error(field: string, message: string): ConnectionConfigError {
    return new ConnectionConfigError(`${this.name(field)}: ${message}`);
  }

  /** A path as written in the file. */
  resolve(path: string): string {
    return resolve(dirname(this.#file), path);
  }
}

function checkShape(text: string, file: string, warn: Warn): Kubeconfig {
  const { document, ignoredLine } = parseFirstDocument(text);
  const { error, repeated, value } = document;
  if (error !== undefined) {
    throw new ConnectionConfigError(`${file}:${error.line}: not readable as YAML (${error.discreet})`);
  }
  for (const { field, line } of repeated) {
    warn(`${file}:${line}: ${field} is set more than once; the last one is used`);
  }
  if (ignoredLine !== undefined) warn(`${file}:${ignoredLine}: only the first document is used`);
  const checked = v.safeParse(Kubeconfig, value ?? {}, { abortEarly: true });
  if (checked.success) return checked.output;
  const issue = checked.issues[0];
  const path = (issue.path ?? [])
    .map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
    .join('')
    .replace(/^\./, '');
  // The value itself is left out: it may be a secret in the wrong place.
  throw new ConnectionConfigError(
    `${file}: ${path === '' ? '' : `${path}: `}must be ${describe(issue.expected)}`,
  );
}

function describe(expected: string | null): string {
  const words: Record<string, string> = {
    Object: 'a map',
    Array: 'a list',
    string: 'text',
    boolean: 'true or false',
  };
  const first = (expected ?? '').replace(/[()]/g, '').split(' | ')[0] ?? '';
  return words[first] ?? first;
}

/** Names of the cluster and user in use. Without a context there are none, which only `--master` makes good. */
function currentNames(config: Kubeconfig, file: string, serverKnown: boolean) {
  const current = config['current-context'];
  if (current === '') {
    if (serverKnown) return { clusterName: '', userName: '' };
    throw new ConnectionConfigError(`${file}: current-context: is not set`);
  }
  const context = config.contexts.find(({ name }) => name === current)?.context;
  if (context === undefined) {
    throw new ConnectionConfigError(`${file}: current-context: there is no context named "${current}"`);
  }
  return { clusterName: context.cluster, userName: context.user };
}

function reach(cluster: KubeconfigCluster, place: Place, server: string | undefined): Connection {
  if (cluster.server === '' && server === undefined) throw place.error('server', 'is not set');
  const certificateAuthority = pem(
    cluster['certificate-authority-data'],
    cluster['certificate-authority'],
    'certificate-authority',
    place,
  );
  const skipTlsVerify = cluster['insecure-skip-tls-verify'];
  if (skipTlsVerify && certificateAuthority !== undefined) {
    throw place.error('insecure-skip-tls-verify', 'contradicts the certificate-authority given');
  }
  return {
    ...plainConnection(server ?? parseServerUrl(cluster.server, place.name('server'))),
    certificateAuthority,
    skipTlsVerify,
    tlsServerName: cluster['tls-server-name'] === '' ? undefined : cluster['tls-server-name'],
    proxyUrl:
      cluster['proxy-url'] === '' ? undefined : parseProxyUrl(cluster['proxy-url'], place.name('proxy-url')),
    disableCompression: cluster['disable-compression'],
  };
}

function logIn(
  connection: Connection,
  user: KubeconfigUser,
  place: Place,
  cluster: KubeconfigCluster | undefined,
): Connection {
  return {
    ...connection,
    impersonation: impersonation(user, place),
    clientCertificate: clientCertificate(user, place),
    login: login(user, place, cluster),
  };
}

function clientCertificate(user: KubeconfigUser, place: Place): ClientCertificate | undefined {
  const certificate = pem(
    user['client-certificate-data'],
    user['client-certificate'],
    'client-certificate',
    place,
  );
  const key = pem(user['client-key-data'], user['client-key'], 'client-key', place);
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined) throw place.error('client-certificate', 'is missing beside client-key');
  if (key === undefined) throw place.error('client-key', 'is missing beside client-certificate');
  return { certificate, key };
}

function login(user: KubeconfigUser, place: Place, cluster: KubeconfigCluster | undefined): Login {
  if (user['auth-provider'] !== undefined && user['auth-provider'] !== null) {
    throw place.error('auth-provider', 'was removed from Kubernetes clients in 1.26; use exec');
  }
  const hasToken = user.token !== '' || user.tokenFile !== '';
  const ways = [hasToken && 'token', user.username !== '' && 'username', user.exec && 'exec'].filter(Boolean);
  if (ways.length > 1) throw place.error('', `${ways.join(' and ')} are given, only one can be used`);
  if (user.exec) return { kind: 'exec', plugin: execPlugin(user.exec, place, cluster) };
  if (user.username !== '') return { kind: 'basic', username: user.username, password: user.password };
  // The file wins, since it is the one that rotates (client-go does the same).
  if (user.tokenFile !== '') return { kind: 'token', token: { file: place.resolve(user.tokenFile) } };
  return hasToken ? { kind: 'token', token: { text: user.token } } : { kind: 'none' };
}

function impersonation(user: KubeconfigUser, place: Place): Connection['impersonation'] {
  const headers: Record<string, string | readonly string[]> = {};
  const extra = Object.entries(user['as-user-extra']);
  if (user.as === '') {
    if (user['as-uid'] !== '' || user['as-groups'].length > 0 || extra.length > 0) {
      throw place.error('as', 'is missing beside as-uid, as-groups or as-user-extra');
    }
    return headers;
  }
  headers['impersonate-user'] = user.as;
  if (user['as-uid'] !== '') headers['impersonate-uid'] = user['as-uid'];
  if (user['as-groups'].length > 0) headers['impersonate-group'] = user['as-groups'];
  for (const [key, values] of extra) {
    headers[`impersonate-extra-${encodeURIComponent(key.toLowerCase())}`] = values;
  }
  return headers;
}

function execPlugin(exec: KubeconfigExec, place: Place, cluster: KubeconfigCluster | undefined): ExecPlugin {
  const apiVersion = EXEC_API_VERSIONS.find((version) => version === exec.apiVersion);
  if (apiVersion === undefined) {
    throw place.error('exec.apiVersion', `must be ${EXEC_API_VERSIONS.join(' or ')}`);
  }
  if (exec.command === '') throw place.error('exec.command', 'is not set');
  if (exec.interactiveMode === 'Always') {
    throw place.error('exec.interactiveMode', 'is Always, but a daemon has nobody to ask');
  }
  return {
    apiVersion,
    // A bare name is looked up in PATH; a path is relative to the kubeconfig file.
    command: exec.command.includes('/') ? place.resolve(exec.command) : exec.command,
    args: exec.args,
    env: Object.fromEntries(exec.env.map(({ name, value }) => [name, value])),
    installHint: exec.installHint,
    provideClusterInfo: exec.provideClusterInfo,
    clusterConfig: cluster?.extensions.find(({ name }) => name === EXEC_EXTENSION)?.extension ?? undefined,
  };
}

/** A certificate or key given as `NAME-data` (base64 of PEM, which wins) or as the path `NAME`. */
function pem(data: string, path: string, name: string, place: Place): Material | undefined {
  if (data === '') return path === '' ? undefined : { file: place.resolve(path) };
  const field = `${name}-data`;
  if (!/^[A-Za-z0-9+/\s]+=*\s*$/.test(data)) throw place.error(field, 'is not base64');
  const text = Buffer.from(data, 'base64').toString('utf8');
  if (!text.includes('-----BEGIN ')) throw place.error(field, 'is not a PEM file in base64');
  if (name !== 'client-key') checkCertificate(text, field, place);
  return { text };
}

function checkCertificate(text: string, field: string, place: Place): void {
  try {
    new X509Certificate(text);
  } catch (cause) {
    throw place.error(
      field,
      `is not a certificate (${cause instanceof Error ? cause.message : 'unreadable'})`,
    );
  }
}
