/** Where the cluster of a lab keeps its files, below the folder of the lab. */
import { join } from 'node:path';
import { kubeconfigPath } from '../cluster/kubeconfigs.ts';

export function clusterFolder(labFolder: string): string {
  return join(labFolder, 'cluster');
}

/** The server that it names is reached from the wire and the nodes. */
export function labKubeconfig(labFolder: string, user: 'admin' | 'proxy' | 'announcer'): string {
  return kubeconfigPath(clusterFolder(labFolder), user);
}
