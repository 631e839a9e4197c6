/** What the API server shows to its clients, and by what it knows them: made, renewed, or taken from the operator's files. */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { isWildcard, parseIp } from '@menwei/addresses/ip.ts';
import type { TlsOptions } from '../http/http-server.ts';
import { machineAddresses } from './cluster-addresses.ts';
import type { ClusterOptions, ServerTls } from './cluster-options.ts';
import { firstServiceAddress } from './controllers/service-network/kubernetes-service.ts';
import type { KeyPair } from './security/certificates.ts';
import { codeOf, FileError, readTextFile } from './security/file-error.ts';
import { ensurePki, PKI_FOLDER, type Pki, type ServerNames } from './security/pki.ts';

/** Certificates and keys, read at one moment. */
export interface ServingTls {
  readonly pki: Pki;
  readonly server: TlsOptions;
  /** What clients are to trust, in PEM. */
  readonly trusted: string;
}

/** Reads all of it again at each call, which rejects with FileError; undefined without TLS. */
export function tlsLoader(options: ClusterOptions): () => Promise<ServingTls | undefined> {
  const { tls, dataFolder } = options;
  if (tls === undefined) return async () => undefined;
  return () => loadServingTls(join(dataFolder, PKI_FOLDER), tls, serverNames(options, tls.names), Date.now());
}

function serverNames(
  { listen, advertiseAddress, serviceRanges }: ClusterOptions,
  more: readonly string[],
): ServerNames {
  const addresses = [
    ...['127.0.0.1', '::1', ...serviceRanges.map(firstServiceAddress)],
    ...(advertiseAddress === undefined ? [] : [advertiseAddress]),
    ...(isWildcard(listen.ip) ? machineAddresses() : [listen.ip]),
    ...more.flatMap((name) => parseIp(name) ?? []),
  ];
  const service = 'kubernetes.default.svc';
  const dnsNames = [
    ...['kubernetes', 'kubernetes.default', service, `${service}.cluster.local`, 'localhost'],
    ...more.filter((name) => parseIp(name) === undefined),
  ];
  return { dnsNames: [...new Set(dnsNames)], addresses: [...new Set(addresses)] };
}

/** @throws FileError */
export async function loadServingTls(
  folder: string,
  { certFile, keyFile, clientCaFile }: ServerTls,
  names: ServerNames,
  nowMs: number,
): Promise<ServingTls> {
  const pki = await ensurePki(folder, names, nowMs);
  const given =
    certFile === undefined || keyFile === undefined ? undefined : await readKeyPair(certFile, keyFile);
  const { certificate: cert, key } = given ?? pki.server;
  const ca = [pki.authority, ...(clientCaFile === undefined ? [] : [await readAuthorities(clientCaFile)])];
  return {
    pki,
    server: { cert, key, ca, requestCert: true },
    trusted: given === undefined ? pki.authority : given.certificate,
  };
}

async function readKeyPair(certFile: string, keyFile: string): Promise<KeyPair> {
  const pair = { certificate: await readTextFile(certFile), key: await readTextFile(keyFile) };
  const certificate = parseCertificate(certFile, pair.certificate);
  let isKey: boolean;
  try {
    isKey = certificate.checkPrivateKey(createPrivateKey(pair.key));
  } catch (error) {
    throw new FileError(keyFile, `is no private key (${codeOf(error)})`, { cause: error });
  }
  if (!isKey) throw new FileError(keyFile, `is not the key of ${certFile}`);
  return pair;
}

async function readAuthorities(file: string): Promise<string> {
  const text = await readTextFile(file);
  // Whoever reads the file takes those before one that can't be read, and no word of the others.
  for (const one of text.match(CERTIFICATE) ?? [text]) parseCertificate(file, one);
  return text;
}

/** In PEM, one after the other; the last may have no end. */
const CERTIFICATE = /-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(?:(?!-----BEGIN ).)*/gs;

function parseCertificate(file: string, text: string): X509Certificate {
  try {
    return new X509Certificate(text);
  } catch (error) {
    throw new FileError(file, `is no certificate (${codeOf(error)})`, { cause: error });
  }
}
