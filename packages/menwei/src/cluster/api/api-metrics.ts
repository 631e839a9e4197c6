/** What Prometheus reads of the API server, under the names that dashboards know. */
import { counter, gauge, histogram } from '../../metrics/definition.ts';
import { Registry } from '../../metrics/registry.ts';
import type { Counter, Histogram } from '../../metrics/series.ts';
import { findResource, RESOURCES } from '../kinds/resources.ts';
import type { Store } from '../store/store.ts';
import type { InFlight } from './in-flight.ts';
import type { ParsedRequest } from './request-info.ts';
import type { WatchHub } from './watch-hub.ts';

const REQUESTS = counter('apiserver_request_total', {
  help: 'Requests that were answered, by verb, resource and HTTP status.',
  labels: ['code', 'group', 'resource', 'subresource', 'verb', 'version'],
  stability: 'STABLE',
});

const DURATIONS = histogram('apiserver_request_duration_seconds', {
  help: 'How long requests took until their answers were complete; not of watches.',
  labels: ['group', 'resource', 'subresource', 'verb', 'version'],
  stability: 'STABLE',
  buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
});

const IN_FLIGHT = gauge('apiserver_current_inflight_requests', {
  help: 'Requests that are worked on now; watches are not among them.',
  labels: ['request_kind'],
  stability: 'STABLE',
});

const WATCHES = gauge('apiserver_registered_watchers', {
  help: 'Watches that are open now.',
});

const OBJECTS = gauge('apiserver_resource_objects', {
  help: 'Objects that are stored now, by resource.',
  labels: ['group', 'resource'],
});

const REVISION = gauge('menwei_cluster_store_revision', {
  help: 'The revision of the newest write.',
});

const WRITES_FAIL = gauge('menwei_cluster_store_writes_fail', {
  help: '1 while the store can not make writes durable.',
});

const WRITES = counter('menwei_cluster_store_writes_total', {
  help: 'Objects that were created, changed and deleted, by resource.',
  labels: ['resource', 'type'],
});

const WRITTEN_BYTES = counter('menwei_cluster_store_written_bytes_total', {
  help: 'Bytes of the objects that were created and changed.',
});

const QUEUE_DEPTH = gauge('workqueue_depth', {
  help: 'Objects that a controller has still to look at.',
  labels: ['name'],
});

const QUEUE_WORK = counter('workqueue_adds_total', {
  help: 'Objects that a controller has looked at, each time counted.',
  labels: ['name'],
});

const QUEUE_RETRIES = counter('workqueue_retries_total', {
  help: 'Times that a controller failed on an object, and has to try again.',
  labels: ['name'],
});

const QUEUE_SECONDS = counter('menwei_cluster_controller_work_seconds_total', {
  help: 'How long a controller has worked on objects; with those that were looked at: how long on each.',
  labels: ['name'],
});

/** What a controller has done and has still to do. */
interface QueueCounts {
  readonly waiting: number;
  readonly done: number;
  readonly failed: number;
  readonly workSeconds: number;
}

/** By the name of the controller. */
export type Queues = ReadonlyMap<string, { readonly counts: QueueCounts }>;

interface Sources {
  readonly store: Store;
  readonly hub: WatchHub;
  readonly inFlight: InFlight;
  readonly queues: Queues;
}

type RequestLabel = 'group' | 'resource' | 'subresource' | 'verb' | 'version';

/** The registry of `/metrics`, filled as requests are answered and when it is read. */
export class ApiMetrics {
  // The proxy's modes make no difference here.
  readonly registry = new Registry('nftables');
  readonly #writes: Disposable;
  readonly #requests: Counter<RequestLabel | 'code'>;
  readonly #durations: Histogram<RequestLabel>;

  constructor({ store, hub, inFlight, queues }: Sources) {
    this.#requests = this.registry.counter(REQUESTS);
    this.#durations = this.registry.histogram(DURATIONS);
    this.registry.collected(IN_FLIGHT, () => [
      { labels: { request_kind: 'mutating' }, value: inFlight.writes },
      { labels: { request_kind: 'readOnly' }, value: inFlight.reads },
    ]);
    this.registry.collected(WATCHES, () => [{ labels: {}, value: hub.count }]);
    this.registry.collected(OBJECTS, () => objectCounts(store));
    this.registry.collected(REVISION, () => [{ labels: {}, value: store.revision }]);
    this.registry.collected(WRITES_FAIL, () => [{ labels: {}, value: store.trouble === undefined ? 0 : 1 }]);
    this.#countQueues(queues);
    this.#writes = this.#countWrites(store);
  }

  #countQueues(queues: Queues): void {
    const perQueue = (value: (counts: QueueCounts) => number) => () =>
      Array.from(queues, ([name, { counts }]) => ({ labels: { name }, value: value(counts) }));
    this.registry.collected(
      QUEUE_DEPTH,
      perQueue(({ waiting }) => waiting),
    );
    this.registry.collected(
      QUEUE_WORK,
      perQueue(({ done }) => done),
    );
    this.registry.collected(
      QUEUE_RETRIES,
      perQueue(({ failed }) => failed),
    );
    this.registry.collected(
      QUEUE_SECONDS,
      perQueue(({ workSeconds }) => workSeconds),
    );
  }

  #countWrites(store: Store): Disposable {
    const writes = this.registry.counter(WRITES);
    const bytes = this.registry.counter(WRITTEN_BYTES);
    return store.subscribe(({ type, object }) => {
      writes.add({ resource: object.resource, type: type.toLowerCase() }, 1);
      if (type !== 'DELETED') bytes.add({}, object.bytes.length);
    });
  }

  close(): void {
    this.#writes[Symbol.dispose]();
  }

  /** @param status 0: the client has gone before */
  observe(info: ParsedRequest, status: number, durationMs: number): void {
    const labels = labelsOf(info);
    this.#requests.add({ ...labels, code: String(status) }, 1);
    if (labels.verb !== 'WATCH') this.#durations.observe(labels, durationMs / 1000);
  }
}

/** What clients may make up is not told: there would be no end of series. */
function labelsOf(info: ParsedRequest): Readonly<Record<RequestLabel, string>> {
  const none = { group: '', version: '', resource: '', subresource: '' };
  const known = 'resource' in info ? findResource(info.group, info.resource) : undefined;
  if (known === undefined || !('resource' in info)) return { ...none, verb: METHODS[info.verb] ?? 'other' };
  const { group, version, resource, subresources } = known;
  const subresource = subresources.includes(info.subresource) ? info.subresource : '';
  return { group, version, resource, subresource, verb: METHODS[info.verb] ?? 'other' };
}

const METHODS: Readonly<Record<string, string>> = {
  create: 'POST',
  delete: 'DELETE',
  deletecollection: 'DELETECOLLECTION',
  get: 'GET',
  list: 'LIST',
  patch: 'PATCH',
  update: 'PUT',
  watch: 'WATCH',
};

function objectCounts(store: Store) {
  return RESOURCES.flatMap(({ group, resource, storedAs }) =>
    storedAs === undefined ? [] : [{ labels: { group, resource }, value: store.count(storedAs) }],
  );
}
