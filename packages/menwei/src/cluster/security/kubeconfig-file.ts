/** Kubeconfigs: a whole one for one user, and one that is merged into a file with others' entries. */

import { dirname } from 'node:path';
import { parseFirstDocument } from '@menwei/yaml/documents.ts';
import { formatYaml } from '@menwei/yaml/format.ts';
import { isObject } from '../schema/values.ts';
import type { KeyPair } from './certificates.ts';
import { changing, FileError, readOptionalFile } from './file-error.ts';
import { makePrivateFolder, writePrivateFile } from './private-file.ts';

/** How one user reaches the cluster. */
export interface KubeconfigEntry {
  /** Of the context and the user: `menwei`, `menwei-viewer`. */
  readonly name: string;
  /** `https://127.0.0.1:6443` */
  readonly server: string;
  /** In PEM; absent where the server has no TLS. */
  readonly authority?: string;
  readonly client?: KeyPair;
}

type Fields = Readonly<Record<string, unknown>>;

const CLUSTER = 'menwei';
const EXTENSION = 'menwei.dev/cluster';
const LISTS = ['clusters', 'contexts', 'users'] as const;

/** A whole kubeconfig, as YAML. */
export function formatKubeconfig(entry: KubeconfigEntry): string {
  return formatYaml(merge({}, entry));
}

/**
 * Adds the entry to a file, or renews it there. All others, and the current context, stay.
 *
 * @param owner tells one's own entries from others' of the same name: the cluster's data folder
 * @throws FileError
 */
export async function mergeKubeconfig(path: string, entry: KubeconfigEntry, owner: string): Promise<void> {
  const text = (await readOptionalFile(path)) ?? '';
  const fields = parse(path, text);
  const foreign = findForeign(fields, entry.name, owner);
  if (foreign !== undefined) {
    const why = `${foreign} is of another cluster than that of ${owner}; rename it, or name another file`;
    throw new FileError(path, why);
  }
  const merged = formatYaml(merge(fields, entry, owner));
  if (merged === text) return;
  await changing(path, async () => {
    await makePrivateFolder(dirname(path));
    await writePrivateFile(path, merged);
  });
}

/** Where one that {@link formatKubeconfig} has made leads to. @throws FileError */
export function readServer(path: string, text: string): Pick<KubeconfigEntry, 'server' | 'authority'> {
  const { clusters } = parse(path, text);
  const entry: unknown = Array.isArray(clusters) ? clusters[0] : undefined;
  const cluster = isObject(entry) && isObject(entry.cluster) ? entry.cluster : {};
  const { server, 'certificate-authority-data': data } = cluster;
  if (typeof server !== 'string') throw new FileError(path, 'names no server');
  return {
    server,
    ...(typeof data === 'string' ? { authority: Buffer.from(data, 'base64').toString() } : {}),
  };
}

/** What another reader might take for something else is refused: it would be lost. */
function parse(path: string, text: string): Fields {
  const { document, ignoredLine } = parseFirstDocument(text);
  const { error, repeated, value } = document;
  // Never a part of the text: it may be a secret.
  if (error !== undefined) throw new FileError(path, `line ${error.line}: ${error.discreet}`);
  if (ignoredLine !== undefined) throw new FileError(path, `line ${ignoredLine}: there is a second document`);
  const [twice] = repeated;
  if (twice !== undefined)
    throw new FileError(path, `line ${twice.line}: ${twice.field} is set more than once`);
  const fields = value ?? {};
  if (!isObject(fields) || (fields.kind !== undefined && fields.kind !== 'Config')) {
    throw new FileError(path, 'is no kubeconfig');
  }
  for (const list of LISTS) {
    const entries = fields[list] ?? [];
    if (!Array.isArray(entries) || !entries.every(isObject)) {
      throw new FileError(path, `${list} is not a list of named entries`);
    }
  }
  return fields;
}

/** An entry that has a name of ours and was not made for this owner: `clusters[] menwei`. */
function findForeign(fields: Fields, name: string, owner: string): string | undefined {
  const cluster = findEntry(fields.clusters, CLUSTER);
  const isOurs = isObject(cluster?.cluster) && ownerOf(cluster.cluster) === owner;
  if (isOurs) return undefined;
  if (cluster !== undefined) return `clusters[] ${CLUSTER}`;
  if (findEntry(fields.contexts, name) !== undefined) return `contexts[] ${name}`;
  return findEntry(fields.users, name) === undefined ? undefined : `users[] ${name}`;
}

function ownerOf({ extensions }: Fields): unknown {
  const extension = findEntry(extensions, EXTENSION)?.extension;
  return isObject(extension) ? extension.data : undefined;
}

function findEntry(list: unknown, name: string): Fields | undefined {
  const entries: readonly unknown[] = Array.isArray(list) ? list : [];
  return entries.filter(isObject).find((entry) => entry.name === name);
}

function merge(fields: Fields, { name, server, authority, client }: KubeconfigEntry, owner?: string): Fields {
  const cluster = {
    ...(authority === undefined ? {} : { 'certificate-authority-data': base64(authority) }),
    ...(owner === undefined ? {} : { extensions: [{ name: EXTENSION, extension: { data: owner } }] }),
    server,
  };
  const user =
    client === undefined
      ? {}
      : { 'client-certificate-data': base64(client.certificate), 'client-key-data': base64(client.key) };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    ...fields,
    clusters: withEntry(fields.clusters, { name: CLUSTER, cluster }),
    contexts: withEntry(fields.contexts, { name, context: { cluster: CLUSTER, user: name } }),
    'current-context': fields['current-context'] || name,
    users: withEntry(fields.users, { name, user }),
  };
}

/** In the place of the one of that name, or as the last. */
function withEntry(list: unknown, entry: Fields): readonly unknown[] {
  const entries: readonly unknown[] = Array.isArray(list) ? list : [];
  const index = entries.findIndex((each) => isObject(each) && each.name === entry.name);
  return index < 0 ? [...entries, entry] : entries.with(index, entry);
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
