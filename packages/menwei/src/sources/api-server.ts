/** What a proxy, the controller of load balancers or an announcer looks at, from an API server. */
import type { ApiClient } from '../kubernetes/api-client.ts';
import { isWithheld } from '../kubernetes/api-error.ts';
import type { WatchedObject } from '../kubernetes/objects.ts';
import { Reflector } from '../kubernetes/reflector.ts';
import {
  isExpected,
  type ReflectorObserver,
  type ReflectorTiming,
  type WatchedResource,
} from '../kubernetes/reflector-options.ts';
import type { Logger } from '../log/logger.ts';
import { sideBySide } from '../scheduling/side-by-side.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import { followedResources } from './api-resources.ts';
import { FailureLog } from './failure-log.ts';
import { type Following, PROXY } from './following.ts';
import { ObjectWriter } from './object-writer.ts';
import type { ObjectSource, SourceReports } from './source.ts';

export interface ApiServerSourceOptions extends SourceReports {
  /** Closed by its maker, after the source has ended. */
  readonly client: ApiClient;
  /** The own Node. */
  readonly nodeName: string;
  /** Without: what a proxy looks at. */
  readonly following?: Following;
  /** Be synced only when the Node and ServiceCIDRs are complete too, or withheld: for who looks only once. */
  readonly waitForAll?: boolean;
  readonly logger: Logger;
  readonly timing?: Partial<ReflectorTiming>;
}

/** How long a server that does not answer at all about what is optional can hold up the others. */
const OPTIONAL_GRACE_MS = 5_000;

/** What the first sync waits for as long as the server may yet answer. */
const AWAITED_KINDS: readonly WatchedObject['kind'][] = ['ServiceCIDR'];

/** Without these nothing can be programmed. */
const REQUIRED_KINDS: readonly WatchedObject['kind'][] = ['Service', 'EndpointSlice'];

/** Without its Namespace a name that is there would be said not to exist. */
const NAMED_KINDS: readonly WatchedObject['kind'][] = [...REQUIRED_KINDS, 'Namespace'];

/** Kinds that somebody installs are there soon after. */
const LOAD_BALANCING_TIMING: Partial<ReflectorTiming> = { withheldRetry: { firstMs: 800, maxMs: 60_000 } };

/**
 * A source that lists and watches, for ever, whatever the server does. It is synced when Services and
 * EndpointSlices are complete; the Node is not waited for here (spec § 1.1). ServiceCIDRs are until the server has
 * answered, if that is soon: else a restart would take rules away that are right, to bring them back a moment later.
 * What is for load balancing is complete when all of it is, or is not installed.
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
  const { client, nodeName, following = PROXY, waitForAll = false, logger, report } = options;
  const failures = new FailureLog(logger);
  const followed = followedResources(following, nodeName);
  const resources = followed.map(({ resource }) => resource);
  const required = following.services === 'named' ? NAMED_KINDS : REQUIRED_KINDS;
  const isBasic = ({ kind }: WatchedResource<WatchedObject>) =>
    waitForAll || required.includes(kind) || AWAITED_KINDS.includes(kind);
  const synced = new Completion(resources.filter(isBasic), () =>
    objects.syncedSources.put('api-server', { sinceMs: Date.now() }),
  );
  const isBalancing = following.loadBalancing !== undefined;
  const balancing = new Completion(isBalancing ? resources : [], () =>
    objects.syncedLoadBalancing.put('api-server', { sinceMs: Date.now() }),
  );
  if (!waitForAll) {
    const awaited = resources.filter(({ kind }) => AWAITED_KINDS.includes(kind));
    const giveUp = () => {
      for (const resource of awaited) synced.settled(resource);
    };
    setTimeout(giveUp, OPTIONAL_GRACE_MS).unref();
  }
  const timing = { ...(isBalancing && LOAD_BALANCING_TIMING), ...options.timing };
  const reflectors = followed.map(({ resource, origin }) => {
    const writer = new ObjectWriter(objects, report, origin);
    const observer = observe(resource, failures, writer, { synced, balancing });
    const known = objects.keysOf(resource.kind, origin);
    return new Reflector({ client, resource, sink: writer, known, observer, timing });
  });
  // They end by themselves only through a mistake of the program.
  await sideBySide(
    reflectors.map((reflector) => (signal) => reflector.run(signal)),
    signal,
  );
}

function observe(
  resource: WatchedResource<WatchedObject>,
  failures: FailureLog,
  writer: ObjectWriter,
  { synced, balancing }: { readonly synced: Completion; readonly balancing: Completion },
): ReflectorObserver {
  return {
    working: () => failures.working(resource),
    failed: (error) => {
      if (isExpected(resource, error)) {
        failures.withheld(resource, error);
        balancing.settled(resource);
      } else failures.failed(resource, error);
      if (isWithheld(error) && !REQUIRED_KINDS.includes(resource.kind)) synced.settled(resource);
    },
    listed: () => {
      writer.listed(resource.kind);
      synced.settled(resource);
      balancing.settled(resource);
    },
  };
}

/** Tells once that all resources have been listed, or can't be. */
class Completion {
  readonly #missing: Set<WatchedResource<WatchedObject>>;
  readonly #done: () => void;

  constructor(resources: readonly WatchedResource<WatchedObject>[], done: () => void) {
    this.#missing = new Set(resources);
    this.#done = done;
  }

  settled(resource: WatchedResource<WatchedObject>): void {
    if (this.#missing.delete(resource) && this.#missing.size === 0) this.#done();
  }
}
