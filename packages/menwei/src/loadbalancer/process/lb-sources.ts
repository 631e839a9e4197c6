/** What the controller of load balancers reads, and who only looks at the same. */
import type { ApiClient } from '../../kubernetes/api-client.ts';
import { formatProblem, type Problem } from '../../kubernetes/objects.ts';
import { formatErrorChain } from '../../log/error-text.ts';
import type { Logger } from '../../log/logger.ts';
import { UserError } from '../../setup/failure.ts';
import { createLbConfigSource } from '../../setup/lb-config-source.ts';
import { createApiServerSource } from '../../sources/api-server.ts';
import { controllerFollowing, LOAD_BALANCER_KINDS } from '../../sources/following.ts';
import { createManifestSource } from '../../sources/manifests/manifest-source.ts';
import type { ObjectSource } from '../../sources/source.ts';
import { ObjectTables } from '../../state/object-tables.ts';
import { StatusFileTables } from './status-file.ts';

/** For what {@link apiServerSource} reads, or the same from the store of a cluster. */
export function openTables(): ObjectTables {
  return new ObjectTables('', { endpointNodes: true });
}

/** For what {@link manifestSource} reads. @param logger is told what could not be written behind somebody's back */
export async function openStatusFile(path: string, logger: Logger): Promise<StatusFileTables> {
  try {
    return await StatusFileTables.open(path, logger);
  } catch (error) {
    throw new UserError(`--status-file: ${formatErrorChain(error)}`);
  }
}

/** @param namespace of the Leases of nodes */
export function apiServerSource(client: ApiClient, namespace: string, logger: Logger): ObjectSource {
  const following = controllerFollowing(namespace);
  return createApiServerSource({ client, nodeName: '', following, logger, report: reporter(logger) });
}

export function manifestSource(paths: readonly string[], logger: Logger): ObjectSource {
  return createManifestSource({ paths, kinds: LOAD_BALANCER_KINDS, logger, report: reporter(logger) });
}

/** @param paths of `--lb-config` */
export function withConfiguration(
  source: ObjectSource,
  paths: readonly string[],
  logger: Logger,
): readonly ObjectSource[] {
  return paths.length === 0 ? [source] : [source, createLbConfigSource(paths, logger, reporter(logger))];
}

function reporter(logger: Logger): (problem: Problem) => void {
  return (problem) => logger.warn({}, formatProblem(problem));
}

/** Until all sources have listed everything that the controller needs, or the signal fires. */
export async function untilSynced(tables: ObjectTables, sources: number, signal: AbortSignal): Promise<void> {
  const reader = tables.syncedLoadBalancing.reader();
  try {
    reader.take();
    while (!signal.aborted && tables.syncedLoadBalancing.rows.size < sources) {
      await reader.changed(signal);
      reader.take();
    }
  } finally {
    reader.close();
  }
}
