/** Credentials from exec plugins (client.authentication.k8s.io, KEP-541), kept until they expire. */
import { execFile } from 'node:child_process';
import * as v from 'valibot';
import { ApiError, oneLine } from './api-error.ts';
import type { Connection, ExecPlugin } from './connection.ts';

export interface ExecCredential {
  /** Empty when the plugin only gives a certificate. */
  readonly token: string;
  readonly clientCertificate: { readonly certificate: string; readonly key: string } | undefined;
  /** Milliseconds since the epoch; undefined: until the server refuses it. */
  readonly expiresAtMs: number | undefined;
}

const text = v.nullish(v.string(), '');

const Answer = v.object({
  kind: v.literal('ExecCredential'),
  apiVersion: v.string(),
  status: v.object({
    token: text,
    clientCertificateData: text,
    clientKeyData: text,
    expirationTimestamp: v.nullish(v.pipe(v.string(), v.isoTimestamp())),
  }),
});

/** A plugin may have to reach a login service, but a hung one must not hold the proxy for ever. */
const TIMEOUT_MS = 60_000;
const MAX_OUTPUT_BYTES = 1 << 20;

/** Runs a plugin when there is no valid credential; callers at the same time share one run. */
export class ExecCredentialCache {
  readonly #plugin: ExecPlugin;
  readonly #connection: Connection;
  readonly #nowMs: () => number;
  #credential: ExecCredential | undefined;
  #running: Promise<ExecCredential> | undefined;

  constructor(plugin: ExecPlugin, connection: Connection, nowMs: () => number = Date.now) {
    this.#plugin = plugin;
    this.#connection = connection;
    this.#nowMs = nowMs;
  }

  /**
   * @param certificateAuthority PEM text of the cluster's authority, for `provideClusterInfo`
   * @throws ApiError `credentials`
   */
  async get(certificateAuthority: string | undefined): Promise<ExecCredential> {
    const expiry = this.#credential?.expiresAtMs;
    if (this.#credential !== undefined && (expiry === undefined || this.#nowMs() < expiry))
      return this.#credential;
    this.#running ??= this.#run(certificateAuthority).finally(() => {
      this.#running = undefined;
    });
    return this.#running;
  }

  /** The server refused this credential: the next {@link get} runs the plugin, unless a newer one is there already. */
  discard(refused: ExecCredential): void {
    if (this.#credential === refused) this.#credential = undefined;
  }

  async #run(certificateAuthority: string | undefined): Promise<ExecCredential> {
    const info = execInfo(this.#plugin, this.#connection, certificateAuthority);
    this.#credential = readAnswer(this.#plugin, await runPlugin(this.#plugin, info));
    return this.#credential;
  }
}

/** The ExecCredential given to the plugin in KUBERNETES_EXEC_INFO. */
function execInfo(
  plugin: ExecPlugin,
  connection: Connection,
  certificateAuthority: string | undefined,
): string {
  const cluster = {
    server: connection.server,
    ...(connection.tlsServerName !== undefined && { 'tls-server-name': connection.tlsServerName }),
    ...(connection.skipTlsVerify && { 'insecure-skip-tls-verify': true }),
    ...(certificateAuthority !== undefined && {
      'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64'),
    }),
    ...(connection.proxyUrl !== undefined && { 'proxy-url': connection.proxyUrl }),
    ...(connection.disableCompression && { 'disable-compression': true }),
    ...(plugin.clusterConfig !== undefined && { config: plugin.clusterConfig }),
  };
  return JSON.stringify({
    apiVersion: plugin.apiVersion,
    kind: 'ExecCredential',
    spec: { ...(plugin.provideClusterInfo && { cluster }), interactive: false },
  });
}

function runPlugin(plugin: ExecPlugin, info: string): Promise<string> {
  const env = { ...process.env, ...plugin.env, KUBERNETES_EXEC_INFO: info };
  const options = { env, timeout: TIMEOUT_MS, maxBuffer: MAX_OUTPUT_BYTES };
  return new Promise((resolve, reject) => {
    execFile(plugin.command, [...plugin.args], options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(pluginError(plugin, runFailure(plugin, error, stderr)));
    });
  });
}

/** The error's own message repeats the arguments, which may be secret; the last line of stderr says why. */
function runFailure(plugin: ExecPlugin, error: Error, stderr: string): string {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'ENOENT') {
    return `not found${plugin.installHint === '' ? '' : `; ${oneLine(plugin.installHint)}`}`;
  }
  if ('killed' in error && error.killed === true) return `did not finish within ${TIMEOUT_MS / 1000} s`;
  const lastLine = oneLine(stderr.trimEnd().split('\n').at(-1) ?? '');
  return `failed (${typeof code === 'number' ? `exit status ${code}` : String(code)})${lastLine === '' ? '' : `: ${lastLine}`}`;
}

function readAnswer(plugin: ExecPlugin, output: string): ExecCredential {
  const checked = v.safeParse(Answer, parseJson(output), { abortEarly: true });
  if (!checked.success) {
    const field = checked.issues[0].path?.map(({ key }) => String(key)).join('.') ?? '';
    throw pluginError(plugin, `did not print an ExecCredential${field === '' ? '' : ` (look at ${field})`}`);
  }
  const { apiVersion, status } = checked.output;
  if (apiVersion !== plugin.apiVersion) {
    throw pluginError(plugin, `answered in ${oneLine(apiVersion)} but ${plugin.apiVersion} is configured`);
  }
  const { token, clientCertificateData: certificate, clientKeyData: key, expirationTimestamp } = status;
  if ((certificate === '') !== (key === '')) {
    throw pluginError(plugin, 'must give clientCertificateData and clientKeyData together');
  }
  if (token === '' && certificate === '') throw pluginError(plugin, 'gave neither a token nor a certificate');
  return {
    token,
    clientCertificate: certificate === '' ? undefined : { certificate, key },
    expiresAtMs: expirationTimestamp == null ? undefined : Date.parse(expirationTimestamp),
  };
}

function parseJson(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    // The parser's message quotes the output, which may hold a token.
    return undefined;
  }
}

function pluginError(plugin: ExecPlugin, message: string): ApiError {
  return new ApiError('credentials', `exec plugin ${oneLine(plugin.command)}: ${message}`);
}
