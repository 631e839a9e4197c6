/** `menwei lb explain` and `menwei lb pools`: asks the controller that runs, or reads the objects and says what one would decide. */
import { formatHostPort, parseHostPort } from '@menwei/addresses/ip.ts';
import { request } from 'undici';
import { type ApiClient, createApiClient } from '../../kubernetes/api-client.ts';
import { chooseConnection } from '../../kubernetes/connection-choice.ts';
import { formatErrorChain } from '../../log/error-text.ts';
import type { Logger } from '../../log/logger.ts';
import { createLogger } from '../../log/pino-logger.ts';
import { UserError } from '../../setup/failure.ts';
import { requireManifestsOrFail } from '../../setup/manifests-input.ts';
import { VERSION } from '../../setup/version.ts';
import type { ObjectSource } from '../../sources/source.ts';
import type { ObjectTables } from '../../state/object-tables.ts';
import { type KnownCluster, knowledgeOptions, readKnownCluster } from '../explain/known-cluster.ts';
import { HAPROXY_CLASS } from './haproxy-options.ts';
import { type InspectionFormat, printExplanation, printPools } from './inspection.ts';
import { type LbFlags, type LbOptions, parseLbFlags } from './lb-options.ts';
import {
  apiServerSource,
  manifestSource,
  openStatusFile,
  openTables,
  untilSynced,
  withConfiguration,
} from './lb-sources.ts';

/** A controller that begins with thousands of Services takes a while to answer. */
const TIMEOUT_MS = 30_000;

export interface InspectFlags extends LbFlags {
  /** Of the controller that is asked. */
  readonly address: string;
  readonly output?: 'json';
}

/** @param service `namespace/name`; undefined: all */
export async function explainServices(service: string | undefined, flags: InspectFlags): Promise<void> {
  if (service !== undefined && !/^[^/]+\/[^/]+$/.test(service)) {
    throw new UserError(`${service} is not a Service such as default/web`, 2);
  }
  const query = service === undefined ? {} : { service };
  if (readsObjects(flags)) {
    const text = printExplanation(await readKnown(flags), service, formatOf(flags));
    if (text === undefined) throw new UserError(`there is no Service ${service}`);
    process.stdout.write(text);
  } else process.stdout.write(await ask('/explain', query, flags));
}

export async function showPools(flags: InspectFlags): Promise<void> {
  if (readsObjects(flags)) process.stdout.write(printPools(await readKnown(flags), formatOf(flags)));
  else process.stdout.write(await ask('/pools', {}, flags));
}

function formatOf({ output }: InspectFlags): InspectionFormat {
  return output ?? 'text';
}

function readsObjects({ kubeconfig, master, manifests }: InspectFlags): boolean {
  return kubeconfig !== undefined || master !== undefined || manifests !== undefined;
}

async function ask(
  path: '/explain' | '/pools',
  query: Readonly<Record<string, string>>,
  { address, output }: InspectFlags,
): Promise<string> {
  const parsed = parseHostPort(address);
  if (parsed === undefined) {
    throw new UserError(`--address: ${address} is not an address and port such as 127.0.0.1:10264`, 2);
  }
  const place = formatHostPort(parsed.ip, parsed.port);
  const url = new URL(`http://${place}${path}`);
  const asked = output === undefined ? query : { ...query, output };
  for (const [name, value] of Object.entries(asked)) url.searchParams.set(name, value);
  const { status, text } = await fetchText(url, place);
  if (status === 200) return text;
  const told = text.trim();
  throw new UserError(
    status === 503 || (status === 404 && told.startsWith('there is no Service'))
      ? told
      : `${place} has no ${path}: what answers there is not menwei lb of this version (HTTP ${status})`,
  );
}

async function fetchText(url: URL, place: string) {
  try {
    const { statusCode, body } = await request(url, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    return { status: statusCode, text: await body.text() };
  } catch (error) {
    throw new UserError(
      `can't ask http://${place}: ${formatErrorChain(error)}; does menwei lb run here? (--address names another place; with --kubeconfig or --manifests it is found out from the objects)`,
    );
  }
}

async function readKnown(flags: InspectFlags): Promise<KnownCluster> {
  const options = optionsOf(flags);
  const logger = createLogger({ format: 'text', verbosity: 0, level: 'warn' });
  await requireManifestsOrFail(options.configuration);
  const tables = await readTables(options, logger);
  const { classes, classlessAs } = options;
  const claims = { classes, classlessAs, providerClasses: new Set([HAPROXY_CLASS]) };
  const knowledge = knowledgeOptions(options, claims, options.objects.from === 'api-server');
  const { releaseOnPoolChange } = options;
  return readKnownCluster(tables, { ...knowledge, releaseOnPoolChange }, Date.now());
}

function optionsOf(flags: InspectFlags): LbOptions {
  const parsed = parseLbFlags({ ...flags, leaderElect: 'false', bindAddress: '' });
  if ('errors' in parsed) throw new UserError(parsed.errors, 2);
  const { options } = parsed;
  if (flags.loadBalancerClass !== undefined) return options;
  // Whether a load balancer is set up is known to the controller alone.
  return { ...options, classes: new Set([...options.classes, HAPROXY_CLASS]) };
}

async function readTables(
  { objects, configuration, namespace }: LbOptions,
  logger: Logger,
): Promise<ObjectTables> {
  if (objects.from === 'manifests') {
    await requireManifestsOrFail(objects.paths);
    const tables = await openStatusFile(objects.statusFile, logger);
    await readOnce(withConfiguration(manifestSource(objects.paths, logger), configuration, logger), tables);
    return tables;
  }
  const { kubeconfig, master, qps, burst } = objects;
  const connection = await chooseConnection({ kubeconfig, master }, (message) => logger.warn({}, message));
  const client: ApiClient = createApiClient(connection, { userAgent: `menwei-lb/${VERSION}`, qps, burst });
  try {
    const tables = openTables();
    const source = apiServerSource(client, namespace, logger);
    await readOnce(withConfiguration(source, configuration, logger), tables);
    return tables;
  } finally {
    await client.close();
  }
}

/** Takes in the objects as they are now. */
async function readOnce(sources: readonly ObjectSource[], tables: ObjectTables): Promise<void> {
  const stop = new AbortController();
  const running = Promise.all(sources.map((source) => source.run(tables, stop.signal)));
  const synced = untilSynced(tables, sources.length, AbortSignal.timeout(TIMEOUT_MS));
  await Promise.race([running, synced]);
  const isSynced = tables.syncedLoadBalancing.rows.size >= sources.length;
  stop.abort();
  await running;
  if (!isSynced) throw new UserError(`the objects could not be read within ${TIMEOUT_MS / 1000} s`);
}
