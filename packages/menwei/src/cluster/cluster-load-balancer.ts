/** `--load-balancer`: the load-balancer controller, in the same process as the cluster: it reads the store, and writes as everybody does. */
import type { Component, ComponentStates } from '../agent/component.ts';
import { createApiClient } from '../kubernetes/api-client.ts';
import { chooseConnection } from '../kubernetes/connection-choice.ts';
import { formatProblem, type Problem } from '../kubernetes/objects.ts';
import { L2_CLASS, NODE_CLASS } from '../loadbalancer/claim.ts';
import { loadBalancerComponents } from '../loadbalancer/process/lb-components.ts';
import { DEFAULT_NAMESPACE } from '../loadbalancer/process/lb-options.ts';
import { openTables, withConfiguration } from '../loadbalancer/process/lb-sources.ts';
import type { Logger } from '../log/logger.ts';
import { VERSION } from '../setup/version.ts';
import { createClusterSource } from '../sources/cluster.ts';
import { controllerFollowing } from '../sources/following.ts';
import type { LoadBalancerOptions } from './cluster-options.ts';
import type { Store } from './store/store.ts';

interface Surroundings {
  readonly store: Store;
  /** Of its own user; is there as soon as the API server answers. */
  readonly kubeconfig: string;
  readonly states: ComponentStates;
  readonly logger: Logger;
}

/** There is one with this name: two processes can't have one data folder. So it need not wait for its own Lease to expire. */
const IDENTITY = 'menwei-cluster';
/** The server is in this process, and knows by itself when it is asked too much. */
const NO_LIMIT = { qps: -1, burst: 1 };

export function clusterLoadBalancer(
  { configuration, classlessAs, bindAddress }: LoadBalancerOptions,
  { store, kubeconfig, states, logger }: Surroundings,
): readonly Component[] {
  const report = (problem: Problem) => logger.warn({}, formatProblem(problem));
  const following = controllerFollowing(DEFAULT_NAMESPACE);
  const ofStore = createClusterSource({ store, nodeName: '', following, report });
  const openClient = async () => {
    const connection = await chooseConnection({ kubeconfig });
    return createApiClient(connection, { userAgent: `menwei-lb/${VERSION}`, ...NO_LIMIT });
  };
  return loadBalancerComponents({
    options: {
      classes: new Set([L2_CLASS, NODE_CLASS]),
      classlessAs,
      configuration,
      namespace: DEFAULT_NAMESPACE,
      ignoresExcludeLabel: false,
      releaseOnPoolChange: false,
      bindAddress: bindAddress && { host: bindAddress.ip, port: bindAddress.port },
      verbosity: logger.verbosity,
    },
    tables: openTables(),
    sources: withConfiguration(ofStore, configuration, logger),
    writes: {
      to: 'api-server',
      openClient,
      openEventClient: openClient,
      leaderElect: true,
      identity: IDENTITY,
    },
    balancers: new Map(),
    states,
    logger,
  });
}
