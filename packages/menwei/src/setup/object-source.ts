/** Where the objects come from, as the settings say: manifests or an API server. */

import { findMode } from '../backends/modes.ts';
import type { Settings } from '../config/settings.ts';
import { createApiClient } from '../kubernetes/api-client.ts';
import { chooseConnection } from '../kubernetes/connection-choice.ts';
import type { Logger } from '../log/logger.ts';
import { createApiServerSource, type KnownObjects } from '../sources/api-server.ts';
import { createManifestSource } from '../sources/manifests/manifest-source.ts';
import type { ObjectSource, SourceReports } from '../sources/source.ts';
import { parseNodePortRange, requireManifestsOrFail } from './manifests-input.ts';
import { VERSION } from './version.ts';

interface SourceOptions extends SourceReports {
  /** See ApiServerSourceOptions; manifests are complete in any case. */
  readonly waitForAll?: boolean;
}

export async function openSource(
  settings: Settings,
  nodePortRange: string | undefined,
  logger: Logger,
  { report, waitForAll = false }: SourceOptions,
): Promise<ObjectSource> {
  if (settings.manifests.length > 0) {
    await requireManifestsOrFail(settings.manifests);
    return createManifestSource({
      paths: settings.manifests,
      nodePortRange: parseNodePortRange(nodePortRange),
      logger,
      report,
    });
  }
  const { mode, nodeName } = settings;
  const { kubeconfig, master, qps, burst } = settings.client;
  const connection = await chooseConnection({ kubeconfig, master }, (message) => logger.warn({}, message));
  const known: KnownObjects = new Map();
  return {
    run: async (objects, signal) => {
      const client = createApiClient(connection, { userAgent: `menwei/${VERSION}`, qps, burst });
      const source = createApiServerSource({
        client,
        nodeName,
        watchServiceCIDRs: findMode(mode).usesServiceCIDRs,
        waitForAll,
        known,
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
