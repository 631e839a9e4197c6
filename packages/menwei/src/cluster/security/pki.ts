/**
 * The keys and certificates of a cluster, as files of one folder: made where they are missing, made anew when they are about to
 * run out or lack a name, and left alone otherwise.
 */
import { createPrivateKey, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { type CertificateRequest, createAuthority, issueCertificate, type KeyPair } from './certificates.ts';
import { changing, codeOf, FileError, readOptionalFile } from './file-error.ts';
import { ADMINS } from './fixed-roles.ts';
import { makePrivateFolder, writePrivateFile } from './private-file.ts';
import { TokenKey } from './web-token.ts';

/** Of the data folder: the one with what is made here. */
export const PKI_FOLDER = 'pki';

const AUTHORITY_NAME = 'menwei-ca';
const RENEW_BEFORE_MS = 30 * 86_400_000;

const CLIENTS = {
  admin: { commonName: 'kubernetes-admin', organizations: [ADMINS], usage: 'client' },
  viewer: { commonName: 'menwei-viewer', organizations: ['menwei:viewers'], usage: 'client' },
  proxy: { commonName: 'system:kube-proxy', usage: 'client' },
  announcer: { commonName: 'menwei-announcer', organizations: ['menwei:announcers'], usage: 'client' },
  'load-balancer': {
    commonName: 'menwei-load-balancer',
    organizations: ['menwei:loadbalancers'],
    usage: 'client',
  },
} satisfies Readonly<Record<string, CertificateRequest>>;

export type ClientName = keyof typeof CLIENTS;
export const CLIENT_NAMES: readonly ClientName[] = ['admin', 'viewer', 'proxy', 'announcer', 'load-balancer'];

/** What the server is called by its clients. */
export interface ServerNames {
  readonly dnsNames: readonly string[];
  readonly addresses: readonly string[];
}

export interface Pki {
  /** Certificate of the authority, in PEM. */
  readonly authority: string;
  readonly server: KeyPair;
  readonly clients: Readonly<Record<ClientName, KeyPair>>;
}

/** @throws FileError */
export async function ensurePki(folder: string, names: ServerNames, nowMs: number): Promise<Pki> {
  await changing(folder, () => makePrivateFolder(folder));
  const authority = await ensureAuthority(folder, nowMs);
  const ensure = (name: string, request: CertificateRequest) =>
    ensureCertificate(folder, name, authority, request, nowMs);
  const [server, admin, viewer, proxy, announcer, loadBalancer] = await Promise.all([
    ensure('apiserver', { commonName: 'kube-apiserver', usage: 'server', ...names }),
    ensure('admin', CLIENTS.admin),
    ensure('viewer', CLIENTS.viewer),
    ensure('proxy', CLIENTS.proxy),
    ensure('announcer', CLIENTS.announcer),
    ensure('load-balancer', CLIENTS['load-balancer']),
  ]);
  const clients = { admin, viewer, proxy, announcer, 'load-balancer': loadBalancer };
  return { authority: authority.certificate, server, clients };
}

/** For one client of a cluster that has run. @throws FileError */
export async function ensureClient(folder: string, name: ClientName, nowMs: number): Promise<KeyPair> {
  return await ensureCertificate(folder, name, await ensureAuthority(folder, nowMs), CLIENTS[name], nowMs);
}

/** What signs the tokens of ServiceAccounts. @throws FileError */
export async function ensureTokenKey(folder: string): Promise<TokenKey> {
  const path = join(folder, 'sa.key');
  await changing(folder, () => makePrivateFolder(folder));
  let pem = await readOptionalFile(path);
  if (pem === undefined) {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    await write(path, pem);
  }
  try {
    return new TokenKey(createPrivateKey(pem));
  } catch (error) {
    throw new FileError(path, `is no key for tokens (${codeOf(error)})`, { cause: error });
  }
}

async function ensureAuthority(folder: string, nowMs: number): Promise<KeyPair> {
  const { certificatePath, keyPath } = pathsOf(folder, 'ca');
  const certificate = await readOptionalFile(certificatePath);
  const key = await readOptionalFile(keyPath);
  if (certificate === undefined) {
    const made = await createAuthority(AUTHORITY_NAME, nowMs);
    // The certificate last: what has none has signed nothing yet.
    await write(keyPath, made.key);
    await write(certificatePath, made.certificate);
    return made;
  }
  if (key === undefined) throw new FileError(keyPath, `is not there, though ${certificatePath} is`);
  const fault = authorityFault({ certificate, key }, nowMs);
  if (fault !== undefined) throw new FileError(certificatePath, fault);
  return { certificate, key };
}

/** What can't be mended here: everything that trusts it would have to be told of another one. */
function authorityFault(pair: KeyPair, nowMs: number): string | undefined {
  const certificate = parse(pair);
  if (certificate === undefined) return 'is no certificate, or ca.key is not its key';
  if (!certificate.ca) return 'is not the certificate of an authority';
  if (Date.parse(certificate.validTo) <= nowMs) return 'has run out; remove the folder to begin anew';
  return undefined;
}

async function ensureCertificate(
  folder: string,
  name: string,
  authority: KeyPair,
  request: CertificateRequest,
  nowMs: number,
): Promise<KeyPair> {
  const { certificatePath, keyPath } = pathsOf(folder, name);
  const certificate = await readOptionalFile(certificatePath);
  const key = await readOptionalFile(keyPath);
  if (certificate !== undefined && key !== undefined) {
    const found = { certificate, key };
    if (isGood(found, authority, request, nowMs)) return found;
  }
  const made = await issueCertificate(authority, request, nowMs).catch((error: unknown) => {
    const why = `can't sign certificates (${codeOf(error)})`;
    throw new FileError(pathsOf(folder, 'ca').keyPath, why, { cause: error });
  });
  await write(keyPath, made.key);
  await write(certificatePath, made.certificate);
  return made;
}

function isGood(
  pair: KeyPair,
  authority: KeyPair,
  { dnsNames = [], addresses = [] }: CertificateRequest,
  nowMs: number,
): boolean {
  const certificate = parse(pair);
  const signer = new X509Certificate(authority.certificate);
  if (!certificate?.verify(signer.publicKey)) return false;
  const endMs = Date.parse(certificate.validTo);
  // One that ends with its authority can't be made any longer.
  const lasts = endMs - nowMs >= RENEW_BEFORE_MS || (endMs > nowMs && endMs >= Date.parse(signer.validTo));
  return (
    lasts &&
    dnsNames.every((name) => certificate.checkHost(name) !== undefined) &&
    addresses.every((address) => certificate.checkIP(address) !== undefined)
  );
}

/** Undefined: it can't be read, or the key is not its key. */
function parse({ certificate, key }: KeyPair): X509Certificate | undefined {
  try {
    const parsed = new X509Certificate(certificate);
    return parsed.checkPrivateKey(createPrivateKey(key)) ? parsed : undefined;
  } catch {
    return undefined;
  }
}

function pathsOf(folder: string, name: string) {
  return { certificatePath: join(folder, `${name}.crt`), keyPath: join(folder, `${name}.key`) };
}

function write(path: string, text: string): Promise<void> {
  return changing(path, () => writePrivateFile(path, text));
}
