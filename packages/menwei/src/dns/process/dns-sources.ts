/** What names are made of, and where it comes from: tables of their own, so that a proxy does not grow by them. */
import { createApiClient } from '../../kubernetes/api-client.ts';
import { chooseConnection } from '../../kubernetes/connection-choice.ts';
import { formatProblem, type Problem } from '../../kubernetes/objects.ts';
import type { Logger } from '../../log/logger.ts';
import { requireManifestsOrFail } from '../../setup/manifests-input.ts';
import { VERSION } from '../../setup/version.ts';
import { createApiServerSource } from '../../sources/api-server.ts';
import { NAME_KINDS, NAMES } from '../../sources/following.ts';
import { createManifestSource } from '../../sources/manifests/manifest-source.ts';
import type { ObjectSource } from '../../sources/source.ts';
import { ObjectTables } from '../../state/object-tables.ts';
import type { DnsOptions, ObjectsFrom } from './dns-options.ts';

const REQUESTS_PER_SECOND = 20;
const REQUESTS_AT_ONCE = 40;

interface NameSource {
  readonly source: ObjectSource;
  readonly close: () => Promise<void>;
}

export function openNameTables({ endpointPodNames }: Pick<DnsOptions, 'endpointPodNames'>): ObjectTables {
  return new ObjectTables('', { names: true, podNames: endpointPodNames });
}

export async function openNameSource(objects: ObjectsFrom, logger: Logger): Promise<NameSource> {
  const report = (problem: Problem) => logger.warn({}, formatProblem(problem));
  if (objects.from === 'manifests') {
    const { paths } = objects;
    await requireManifestsOrFail(paths);
    const source = createManifestSource({ paths, kinds: NAME_KINDS, forNames: true, logger, report });
    return { source, close: async () => undefined };
  }
  const { kubeconfig, master } = objects;
  const connection = await chooseConnection({ kubeconfig, master }, (message) => logger.warn({}, message));
  const limits = { qps: REQUESTS_PER_SECOND, burst: REQUESTS_AT_ONCE };
  const client = createApiClient(connection, { userAgent: `menwei-dns/${VERSION}`, ...limits });
  logger.info({ server: connection.server }, 'objects are read from the API server');
  const source = createApiServerSource({ client, nodeName: '', following: NAMES, logger, report });
  return { source, close: () => client.close() };
}
