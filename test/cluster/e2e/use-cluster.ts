/** The cluster of a test file, and a namespace of its own for each test, as the end-to-end tests of Kubernetes have. */
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll } from 'vitest';
import { type ClusterProcess, startCluster } from '../../kubectl/cluster-process.ts';
import { ApiClient } from './api-client.ts';

interface TestedCluster {
  readonly api: ApiClient;
  /** Makes a namespace, and gives its name. */
  namespace(): Promise<string>;
}

/** To be called at the top of a test file; what it gives works in tests. */
export function useCluster(): TestedCluster {
  let process: ClusterProcess | undefined;
  let api: ApiClient | undefined;
  let namespaces = 0;
  beforeAll(async () => {
    process = await startCluster(
      ...['--insecure-loopback', '--store', 'memory', '--advertise-address', '192.0.2.10'],
      ...['--service-cluster-ip-range', '10.96.0.0/16,fd00:96::/112'],
    );
    const [, server = ''] = /server: "?(\S+?)"?$/m.exec(readFileSync(process.kubeconfig, 'utf8')) ?? [];
    api = new ApiClient(server);
  });
  afterAll(() => process?.stop());
  return {
    get api() {
      if (api === undefined) throw new Error('BUG: asked before the cluster is up');
      return api;
    },
    async namespace() {
      const name = `e2e-${++namespaces}`;
      await this.api.create('/api/v1/namespaces', { metadata: { name } });
      return name;
    },
  };
}
