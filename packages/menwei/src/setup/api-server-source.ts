/** An API server as the source of the objects, as the settings say. */
import { findMode } from '../backends/modes.ts';
import type { Settings } from '../config/settings.ts';
import { type ClientObserver, createApiClient } from '../kubernetes/api-client.ts';
import type { Connection } from '../kubernetes/connection.ts';
import { chooseConnection } from '../kubernetes/connection-choice.ts';
import type { Logger } from '../log/logger.ts';
import { createApiServerSource } from '../sources/api-server.ts';
import { type Following, PROXY } from '../sources/following.ts';
import type { ObjectSource, SourceReports } from '../sources/source.ts';
import { VERSION } from './version.ts';

export interface SourceOptions extends SourceReports {
  /** See ApiServerSourceOptions; manifests are complete in any case. */
  readonly waitForAll?: boolean;
  /** What a proxy looks at, unless it is told otherwise; ServiceCIDRs as the mode needs them. */
  readonly following?: Following;
  /** Is told of the requests to an API server. */
  readonly clientObserver?: ClientObserver | undefined;
}

/** Each kind beside those of a proxy is listed and watched, and a watch that waits misses who comes and goes. */
const LOAD_BALANCING_REQUESTS = 30;

/** Throws ConnectionConfigError. */
export async function openApiServer(
  settings: Settings,
  logger: Logger,
  { report, following = PROXY, waitForAll = false, clientObserver: observer }: SourceOptions,
): Promise<ObjectSource> {
  const { mode, nodeName } = settings;
  const { kubeconfig, master, qps, burst } = settings.client;
  const connection = await chooseConnection({ kubeconfig, master }, (message) => logger.warn({}, message));
  logger.info(
    { server: connection.server, login: describeLogin(connection) },
    'objects are read from the API server',
  );
  return {
    run: async (objects, signal) => {
      const limits = {
        qps,
        burst: burst + (following.loadBalancing === undefined ? 0 : LOAD_BALANCING_REQUESTS),
      };
      const client = createApiClient(connection, { userAgent: `menwei/${VERSION}`, ...limits, observer });
      const source = createApiServerSource({
        client,
        nodeName,
        following: { ...following, serviceCIDRs: findMode(mode).usesServiceCIDRs },
        waitForAll,
        logger,
        report,
      });
      try {
        await source.run(objects, signal);
      } finally {
        await client.close();
      }
    },
  };
}

/** As whom, without the secret. */
function describeLogin({ clientCertificate, login }: Connection): string {
  return login.kind === 'none' && clientCertificate !== undefined ? 'client certificate' : login.kind;
}
