/** The kubeconfigs of a cluster: in its own folder, and in the operator's file. */
import { join } from 'node:path';
import type { KeyPair } from './security/certificates.ts';
import { changing } from './security/file-error.ts';
import { formatKubeconfig, type KubeconfigEntry, mergeKubeconfig } from './security/kubeconfig-file.ts';
import type { ClientName } from './security/pki.ts';
import { makePrivateFolder, writePrivateFile } from './security/private-file.ts';
import type { ServingTls } from './serving-tls.ts';

/** `<data>/admin.kubeconfig` */
export function kubeconfigPath(dataFolder: string, client: ClientName): string {
  return join(dataFolder, `${client}.kubeconfig`);
}

/** How a user of the cluster reaches it. @param tls undefined: without TLS nobody is asked who they are */
export function kubeconfigEntry(
  client: ClientName,
  server: string,
  tls: { readonly authority: string; readonly client: KeyPair } | undefined,
): KubeconfigEntry {
  return { name: client === 'admin' ? 'menwei' : `menwei-${client}`, server, ...tls };
}

/** @param merged the operator's file. @throws FileError */
export async function writeKubeconfigs(
  dataFolder: string,
  merged: string | undefined,
  server: string,
  tls: ServingTls | undefined,
): Promise<void> {
  await changing(dataFolder, () => makePrivateFolder(dataFolder));
  const entryOf = (client: ClientName) =>
    kubeconfigEntry(
      client,
      server,
      tls === undefined ? undefined : { authority: tls.trusted, client: tls.pki.clients[client] },
    );
  for (const client of ['admin', 'proxy', 'announcer', 'load-balancer'] as const) {
    const path = kubeconfigPath(dataFolder, client);
    const text = formatKubeconfig(entryOf(client));
    await changing(path, () => writePrivateFile(path, text));
  }
  if (merged !== undefined) await mergeKubeconfig(merged, entryOf('admin'), dataFolder);
}
