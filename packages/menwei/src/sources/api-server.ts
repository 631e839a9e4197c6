/** Services, EndpointSlices, the own Node and, where wanted, ServiceCIDRs from an API server. */
import type { ApiClient } from '../kubernetes/api-client.ts';
import { type ApiError, isWithheld } from '../kubernetes/api-error.ts';
import { decodeEndpointSlice, decodeNode, decodeService, decodeServiceCIDR } from '../kubernetes/decode.ts';
import type { EndpointSlice, Node, Service, ServiceCIDR, WatchedObject } from '../kubernetes/objects.ts';
import { Reflector } from '../kubernetes/reflector.ts';
import type { ReflectorObserver, ReflectorTiming, WatchedResource } from '../kubernetes/reflector-options.ts';
import type { Logger } from '../log/logger.ts';
import { sideBySide } from '../scheduling/side-by-side.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import { ObjectWriter } from './object-writer.ts';
import type { ObjectSource, SourceReports } from './source.ts';

export interface ApiServerSourceOptions extends SourceReports {
  /** Closed by its maker, after the source has ended. */
  readonly client: ApiClient;
  /** The own Node: the only one that is read. */
  readonly nodeName: string;
  /** Without need, nobody has to be allowed to read them. */
  readonly watchServiceCIDRs?: boolean;
  /** Be synced only when the Node and ServiceCIDRs are complete too, or withheld: for who looks only once. */
  readonly waitForAll?: boolean;
  readonly logger: Logger;
  readonly timing?: Partial<ReflectorTiming>;
}

/** Services of other proxies and headless ones are not even sent by the server (spec § 1.1). */
const SERVICES: WatchedResource<Service> = {
  kind: 'Service',
  path: '/api/v1/services',
  labelSelector: '!service.kubernetes.io/service-proxy-name',
  fieldSelector: 'spec.clusterIP!=None',
  decode: decodeService,
};

const ENDPOINT_SLICES: WatchedResource<EndpointSlice> = {
  kind: 'EndpointSlice',
  path: '/apis/discovery.k8s.io/v1/endpointslices',
  labelSelector: '!service.kubernetes.io/headless',
  decode: decodeEndpointSlice,
};

/** How long a server that does not answer at all about what is optional can hold up the others. */
const OPTIONAL_GRACE_MS = 5_000;

/** Without these nothing can be programmed. */
const REQUIRED_KINDS: readonly WatchedObject['kind'][] = ['Service', 'EndpointSlice'];

function ownNode(nodeName: string): WatchedResource<Node> {
  return {
    kind: 'Node',
    path: '/api/v1/nodes',
    fieldSelector: `metadata.name=${nodeName}`,
    decode: decodeNode,
  };
}

/** Not there before 1.33, and the roles of older set-ups don't name them. */
const SERVICE_CIDRS: WatchedResource<ServiceCIDR> = {
  kind: 'ServiceCIDR',
  path: '/apis/networking.k8s.io/v1/servicecidrs',
  optional: true,
  decode: decodeServiceCIDR,
};

/**
 * A source that lists and watches, for ever, whatever the server does. It is synced when Services and
 * EndpointSlices are complete; the Node is not waited for here (spec § 1.1). ServiceCIDRs are until the server has
 * answered, if that is soon: else a restart would take rules away that are right, to bring them back a moment later.
 *
 * There is no periodic re-delivery of unchanged objects (configSyncPeriod): upstream's informers have it to make up
 * for handlers that failed, while tables can't fail, and the sync loop retries by itself.
 */
export function createApiServerSource(options: ApiServerSourceOptions): ObjectSource {
  return { run: (objects, signal) => runReflectors(options, objects, signal) };
}

async function runReflectors(
  options: ApiServerSourceOptions,
  objects: ObjectTables,
  signal: AbortSignal,
): Promise<void> {
  const { client, nodeName, watchServiceCIDRs = false, waitForAll = false, logger, timing, report } = options;
  const failures = new FailureLog(logger);
  const writer = new ObjectWriter(objects, report);
  const resources: readonly WatchedResource<WatchedObject>[] = [
    SERVICES,
    ENDPOINT_SLICES,
    ownNode(nodeName),
    ...(watchServiceCIDRs ? [SERVICE_CIDRS] : []),
  ];
  const kinds = resources.map(({ kind }) => kind);
  const optionalKinds = resources.filter(({ optional }) => optional).map(({ kind }) => kind);
  const waitingFor = new Set(
    kinds.filter((kind) => waitForAll || REQUIRED_KINDS.includes(kind) || optionalKinds.includes(kind)),
  );
  const settled = (kind: WatchedObject['kind']): void => {
    if (waitingFor.delete(kind) && waitingFor.size === 0)
      objects.syncedSources.put('api-server', { sinceMs: Date.now() });
  };
  if (!waitForAll) setTimeout(() => optionalKinds.forEach(settled), OPTIONAL_GRACE_MS).unref();
  const reflectors = resources.map(
    (resource) =>
      new Reflector({
        client,
        resource,
        sink: writer,
        known: objects.keysOf(resource.kind),
        observer: observe(resource, failures, writer, settled),
        ...(timing !== undefined && { timing }),
      }),
  );
  // They end by themselves only through a mistake of the program.
  await sideBySide(
    reflectors.map((reflector) => (signal) => reflector.run(signal)),
    signal,
  );
}

function observe(
  { kind, optional = false }: WatchedResource<WatchedObject>,
  failures: FailureLog,
  writer: ObjectWriter,
  settled: (kind: WatchedObject['kind']) => void,
): ReflectorObserver {
  return {
    working: () => failures.working(kind),
    failed: (error) => {
      if (optional && isWithheld(error)) failures.withheld(kind, error);
      else failures.failed(kind, error);
      if (isWithheld(error) && !REQUIRED_KINDS.includes(kind)) settled(kind);
    },
    listed: () => {
      writer.listed(kind);
      settled(kind);
    },
  };
}

/** One line when a reason for failure appears, however many kinds it stops and however often they retry. */
class FailureLog {
  readonly #logger: Logger;
  readonly #reasons = new Map<WatchedObject['kind'], string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  failed(kind: WatchedObject['kind'], error: ApiError): void {
    if (!this.#isNew(kind, error)) return;
    const { failure, message } = error;
    this.#logger.error({ failure }, `${message}; retrying, keeping the last known objects`);
  }

  /** No failure of anything the proxy could not do without. */
  withheld(kind: WatchedObject['kind'], error: ApiError): void {
    if (!this.#isNew(kind, error)) return;
    const { failure, message } = error;
    this.#logger.info({ failure }, `${message}; continuing without ${kind}s, retrying from time to time`);
  }

  working(kind: WatchedObject['kind']): void {
    const message = this.#reasons.get(kind);
    this.#reasons.delete(kind);
    if (message !== undefined && !this.#isKnown(message)) this.#logger.info({}, `recovered from: ${message}`);
  }

  #isNew(kind: WatchedObject['kind'], { message }: ApiError): boolean {
    const isNew = !this.#isKnown(message);
    this.#reasons.set(kind, message);
    return isNew;
  }

  #isKnown(message: string): boolean {
    return [...this.#reasons.values()].includes(message);
  }
}
