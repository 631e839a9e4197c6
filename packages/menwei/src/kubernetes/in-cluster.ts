/** The connection of a pod with a service account: what the kubelet mounts and sets in every container. */
import { access } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { join } from 'node:path';
import { type Connection, ConnectionConfigError, plainConnection } from './connection.ts';

const SERVICE_ACCOUNT_FOLDER = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Where the pod finds its API server, with a token that the kubelet renews in place.
 * @throws ConnectionConfigError outside a pod
 */
export async function inClusterConnection(
  environment: NodeJS.ProcessEnv = process.env,
  folder: string = SERVICE_ACCOUNT_FOLDER,
): Promise<Connection> {
  const host = environment.KUBERNETES_SERVICE_HOST ?? '';
  const port = environment.KUBERNETES_SERVICE_PORT ?? '';
  if (host === '' || port === '') {
    throw new ConnectionConfigError(
      'no --kubeconfig and no --master given, and this is no pod of a cluster (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set)',
    );
  }
  const token = join(folder, 'token');
  if (!(await isReadable(token))) {
    throw new ConnectionConfigError(
      `${token}: not readable; the pod needs a mounted service account (spec.automountServiceAccountToken)`,
    );
  }
  const certificateAuthority = join(folder, 'ca.crt');
  return {
    ...plainConnection(`https://${isIPv6(host) ? `[${host}]` : host}:${port}`),
    certificateAuthority: (await isReadable(certificateAuthority))
      ? { file: certificateAuthority }
      : undefined,
    login: { kind: 'token', token: { file: token } },
  };
}

function isReadable(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
