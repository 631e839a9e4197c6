/** Which connection the command line asks for. */
import { type Connection, plainConnection } from './connection.ts';
import { inClusterConnection } from './in-cluster.ts';
import { readKubeconfig, type Warn } from './kubeconfig.ts';
import { parseServerUrl } from './server-url.ts';

interface ConnectionChoice {
  /** `--kubeconfig`. */
  readonly kubeconfig?: string | undefined;
  /** `--master`: the URL of the API server, before the one in the kubeconfig. */
  readonly master?: string | undefined;
}

/**
 * The connection kube-proxy would use: the kubeconfig file with `master` in place of its server; only `master`
 * when there is no file; the service account of the pod when there is neither (spec § 10.5).
 * @throws ConnectionConfigError
 */
export async function chooseConnection(
  { kubeconfig, master }: ConnectionChoice,
  warn?: Warn,
): Promise<Connection> {
  const hasFile = kubeconfig !== undefined && kubeconfig !== '';
  // client-go speaks http to a bare `host:port` unless certificates are configured, and no file means none are.
  const server = master ? parseServerUrl(master, '--master', hasFile ? 'https' : 'http') : undefined;
  if (hasFile) return readKubeconfig(kubeconfig, server, warn);
  return server === undefined ? inClusterConnection() : plainConnection(server);
}
