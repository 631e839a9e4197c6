/** Services, EndpointSlices and the own Node from an API server. */
import type { ApiClient } from '../kubernetes/api-client.ts';
import type { ApiError } from '../kubernetes/api-error.ts';
import { decodeEndpointSlice, decodeNode, decodeService } from '../kubernetes/decode.ts';
import type { EndpointSlice, Node, Service, WatchedObject } from '../kubernetes/objects.ts';
import {
  Reflector,
  type ReflectorObserver,
  type ReflectorTiming,
  type WatchedResource,
} from '../kubernetes/reflector.ts';
import type { Logger } from '../log/logger.ts';
import type { ObjectSink, ObjectSource } from './source.ts';

export interface ApiServerSourceOptions {
  /** Closed by its maker, after the source has ended. */
  readonly client: ApiClient;
  /** The own Node: the only one that is read. */
  readonly nodeName: string;
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

function ownNode(nodeName: string): WatchedResource<Node> {
  return {
    kind: 'Node',
    path: '/api/v1/nodes',
    fieldSelector: `metadata.name=${nodeName}`,
    decode: decodeNode,
  };
}

/**
 * A source that lists and watches, for ever, whatever the server does. `synced` is told when Services and
 * EndpointSlices are complete; nothing waits for the Node here (spec § 1.1).
 *
 * There is no periodic re-delivery of unchanged objects (configSyncPeriod): upstream's informers have it to make up
 * for handlers that failed, while a sink can't fail, and the sync loop retries by itself.
 */
export function createApiServerSource(options: ApiServerSourceOptions): ObjectSource {
  return { run: (sink, signal) => runReflectors(options, sink, signal) };
}

async function runReflectors(
  options: ApiServerSourceOptions,
  sink: ObjectSink,
  signal: AbortSignal,
): Promise<void> {
  const { client, nodeName, logger, timing } = options;
  const failures = new FailureLog(logger);
  const waitingFor = new Set<WatchedObject['kind']>(['Service', 'EndpointSlice']);
  const listed = (kind: WatchedObject['kind']): void => {
    if (waitingFor.delete(kind) && waitingFor.size === 0) sink.synced();
  };
  // One that breaks through a mistake of the program ends the others too.
  const broken = new AbortController();
  const anySignal = AbortSignal.any([signal, broken.signal]);
  const reflect = <T extends WatchedObject>(resource: WatchedResource<T>): Promise<void> =>
    new Reflector({
      client,
      resource,
      sink,
      observer: observe(resource, failures, listed),
      ...(timing !== undefined && { timing }),
    })
      .run(anySignal)
      .finally(() => broken.abort());
  await Promise.all([reflect(SERVICES), reflect(ENDPOINT_SLICES), reflect(ownNode(nodeName))]);
}

function observe(
  { kind }: WatchedResource<WatchedObject>,
  failures: FailureLog,
  listed: (kind: WatchedObject['kind']) => void,
): ReflectorObserver {
  return {
    working: () => failures.working(kind),
    failed: (error) => failures.failed(kind, error),
    listed: () => listed(kind),
  };
}

/** One line when a reason for failure appears, however many kinds it stops and however often they retry. */
class FailureLog {
  readonly #logger: Logger;
  readonly #reasons = new Map<WatchedObject['kind'], string>();

  constructor(logger: Logger) {
    this.#logger = logger;
  }

  failed(kind: WatchedObject['kind'], { message, failure }: ApiError): void {
    const isNew = !this.#isKnown(message);
    this.#reasons.set(kind, message);
    if (isNew) this.#logger.error({ failure }, `${message}; retrying, what is known stays in force`);
  }

  working(kind: WatchedObject['kind']): void {
    const message = this.#reasons.get(kind);
    this.#reasons.delete(kind);
    if (message !== undefined && !this.#isKnown(message))
      this.#logger.info({}, `works again after: ${message}`);
  }

  #isKnown(message: string): boolean {
    return [...this.#reasons.values()].includes(message);
  }
}
