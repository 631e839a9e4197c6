/**
 * Nodes that announce, on one segment in memory and with an API server in memory: what happens to a cluster can happen to it.
 * For fake timers.
 */

import type { AnnounceReports } from 'menwei/announce/announce-reports.ts';
import { Announcer, type AnnouncerOptions } from 'menwei/announce/announcer.ts';
import { NODE_LEASE_PREFIX } from 'menwei/announce/node-lease.ts';
import { ApiError } from 'menwei/kubernetes/api-error.ts';
import type { LeaseClient, LeaseContent, LeaseOutcome, StoredLease } from 'menwei/kubernetes/lease-client.ts';
import type { Service, WatchedObject } from 'menwei/kubernetes/objects.ts';
import { refKey } from 'menwei/kubernetes/objects.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { ObjectTables } from 'menwei/state/object-tables.ts';
import { aLoadBalancer, aNode, aService, aSlice } from '../services/testing.ts';
import { anAddressPool, anAdvertisement } from './election.ts';
import { FakeSegment } from './segment.ts';
import { SegmentNode } from './segment-node.ts';

const NAMESPACE = 'menwei-system';

/** Who is told of every write, a little later. */
interface Watcher {
  readonly name: string;
  readonly tables: ObjectTables;
}

const WATCH_DELAY_MS = 500;

class FakeApi {
  readonly #objects = new Map<string, WatchedObject>();
  readonly #leases = new Map<string, StoredLease>();
  readonly #watchers = new Set<Watcher>();
  /** Clients that can't reach it: their requests fail, and they are told of nothing. */
  readonly #cut = new Set<string>();
  readonly #delayMs = 2;
  #revision = 0;

  put(object: WatchedObject): void {
    this.#objects.set(refKey(object), object);
    for (const watcher of this.#watchers) this.#tell(watcher, () => watcher.tables.put(object));
  }

  delete(object: WatchedObject): void {
    this.#objects.delete(refKey(object));
    for (const watcher of this.#watchers) this.#tell(watcher, () => watcher.tables.delete(object));
  }

  lease(node: string): StoredLease | undefined {
    return this.#leases.get(NODE_LEASE_PREFIX + node);
  }

  /** As somebody else who patches a Lease. */
  annotateLease(node: string, annotations: Readonly<Record<string, string>>): void {
    const before = this.lease(node);
    if (before !== undefined) this.#write(NODE_LEASE_PREFIX + node, { ...before, annotations });
  }

  /** Lists at once, and watches a little later, as a client whose requests have to wait for each other. */
  watch(name: string, tables: ObjectTables): Disposable {
    const watcher = { name, tables };
    this.#list(watcher);
    setTimeout(() => {
      this.#watchers.add(watcher);
      if (!this.#cut.has(name)) this.#list(watcher);
    }, WATCH_DELAY_MS);
    return { [Symbol.dispose]: () => this.#watchers.delete(watcher) };
  }

  /** From now on a client can't reach it. */
  cut(name: string): void {
    this.#cut.add(name);
  }

  heal(name: string): void {
    if (!this.#cut.delete(name)) return;
    for (const watcher of this.#watchers) if (watcher.name === name) this.#list(watcher);
  }

  client(name: string, node: string): Pick<LeaseClient, 'read' | 'create' | 'update'> {
    const key = NODE_LEASE_PREFIX + node;
    const ask = async <Answer>(signal: AbortSignal, answer: () => Answer): Promise<Answer> => {
      await new Promise((resolve) => setTimeout(resolve, this.#delayMs));
      signal.throwIfAborted();
      if (this.#cut.has(name)) throw new ApiError('unreachable', 'https://api: connection refused');
      return answer();
    };
    return {
      read: (signal) => ask(signal, () => this.#leases.get(key)),
      create: (content, signal) =>
        ask(signal, () => (this.#leases.has(key) ? { outcome: 'lost' } : this.#write(key, content))),
      update: (from, content, signal) =>
        ask(signal, () => {
          const now = this.#leases.get(key);
          if (now === undefined) return { outcome: 'missing' };
          return now.resourceVersion === from.resourceVersion
            ? this.#write(key, content)
            : { outcome: 'lost' };
        }),
    };
  }

  #write(key: string, content: LeaseContent): LeaseOutcome {
    const before = this.#leases.get(key)?.annotations ?? {};
    const annotations = Object.fromEntries(
      Object.entries({ ...before, ...content.annotations }).filter(
        (entry): entry is [string, string] => entry[1] !== null,
      ),
    );
    const lease: StoredLease = {
      ...content,
      annotations,
      resourceVersion: String(++this.#revision),
      object: {},
    };
    this.#leases.set(key, lease);
    this.put({
      ...{ kind: 'Lease', namespace: NAMESPACE, name: key },
      holderIdentity: lease.holderIdentity,
      leaseDurationMs: lease.leaseDurationSeconds * 1_000,
      renewTimeMs: lease.renewTimeMs,
      annotations: new Map(Object.entries(annotations)),
    });
    return { outcome: 'written', lease };
  }

  #tell({ name }: Watcher, change: () => void): void {
    setTimeout(() => {
      if (!this.#cut.has(name)) change();
    }, this.#delayMs);
  }

  #list({ tables }: Watcher): void {
    for (const object of this.#objects.values()) tables.put(object);
    for (const kind of ['Service', 'Node', 'Lease', 'EndpointSlice'] as const) {
      for (const key of [...tables.keysOf(kind)]) {
        const [namespace = '', name = ''] = key.split('/');
        if (!this.#objects.has(refKey({ kind, namespace, name }))) tables.delete({ kind, namespace, name });
      }
    }
    tables.syncedLoadBalancing.put('api-server', { sinceMs: Date.now() });
  }
}

interface Told {
  readonly atMs: number;
  readonly node: string;
  readonly what: keyof AnnounceReports;
  readonly address: string;
  readonly detail: string;
}

export class FakeCluster {
  readonly segment = new FakeSegment();
  readonly api = new FakeApi();
  readonly told: Told[] = [];
  readonly nodes = new Map<string, FakeNode>();

  constructor() {
    this.api.put(anAddressPool());
    this.api.put(anAdvertisement());
  }

  /** Starts an announcer on a new node. */
  add(name: string, options: Partial<AnnouncerOptions> = {}): FakeNode {
    this.api.put(aNode({ name }));
    const node = new FakeNode(this, name, options);
    this.nodes.set(name, node);
    return node;
  }

  /** A Service with addresses and an endpoint somewhere. */
  serve(name: string, addresses: readonly string[], fields: Partial<Service> = {}): void {
    this.api.put(
      aService({
        ...{ name, type: 'LoadBalancer', loadBalancer: aLoadBalancer() },
        loadBalancerIngress: addresses.map((ip) => ({ ip, ipMode: 'VIP' as const })),
        ...fields,
      }),
    );
    this.serveFrom(name, 'elsewhere');
  }

  /** On which nodes it has a ready endpoint. */
  serveFrom(name: string, ...nodes: readonly string[]): void {
    for (const family of ['IPv4', 'IPv6'] as const) {
      const endpoints = nodes.map((nodeName, index) => ({
        ip: family === 'IPv4' ? `10.0.0.${index}` : `fd00::${index}`,
        nodeName,
      }));
      this.api.put(aSlice({ name: `${name}-${family}`, serviceName: name, addressType: family, endpoints }));
    }
  }

  /** Which nodes answer for the address now. */
  answering(address: string): readonly string[] {
    return [...this.nodes.values()].filter((node) => node.answers(address)).map(({ name }) => name);
  }

  [Symbol.dispose](): void {
    for (const node of this.nodes.values()) node.kill();
  }
}

let lives = 0;

class FakeNode {
  readonly name: string;
  readonly station: SegmentNode;
  readonly tables: ObjectTables;
  readonly announcer: Announcer;
  readonly ended: Promise<void>;
  /** Services that its proxy has not programmed. */
  readonly unprogrammed = new Set<string>();
  #programmedChanged: () => void = () => undefined;
  readonly #stop = new AbortController();
  readonly #watch: Disposable;
  #isDead = false;
  readonly #api: FakeApi;
  /** Of this life of the node. */
  readonly #client: string;

  constructor(cluster: FakeCluster, name: string, options: Partial<AnnouncerOptions>) {
    this.name = name;
    this.#api = cluster.api;
    this.#client = `${name}#${++lives}`;
    const number = name.charCodeAt(name.length - 1) % 256;
    this.station = new SegmentNode(cluster.segment, name, {
      mac: `02:00:00:00:00:${number.toString(16).padStart(2, '0')}`,
      linkLocal: `fe80::${number.toString(16)}`,
    });
    this.tables = new ObjectTables(name, { endpointNodes: true });
    this.#watch = cluster.api.watch(this.#client, this.tables);
    const report =
      (what: keyof AnnounceReports) =>
      (address: string, ...details: readonly unknown[]) => {
        cluster.told.push({ atMs: Date.now(), node: name, what, address, detail: JSON.stringify(details) });
      };
    this.announcer = new Announcer({
      node: name,
      tables: this.tables,
      sources: 1,
      speaker: this.station.speaker,
      openProgrammed: (onChange) => {
        this.#programmedChanged = onChange;
        return {
          isProgrammed: (service) => !this.unprogrammed.has(service),
          take: () => 'all',
          [Symbol.dispose]: () => undefined,
        };
      },
      lease: {
        client: cluster.api.client(this.#client, name),
        namespace: NAMESPACE,
        timing: { renewMs: 2_000, durationMs: 6_000 },
      },
      classes: new Set(['menwei.dev/l2']),
      ignoresExcludeLabel: false,
      announcesWithoutEndpoints: false,
      restartGraceMs: 0,
      runHeartbeats: undefined,
      reports: {
        announced: report('announced'),
        withdrawn: report('withdrawn'),
        stoodBy: report('stoodBy'),
        failedOver: report('failedOver'),
        conflict: report('conflict'),
        inUse: report('inUse'),
        failed: report('failed'),
        checked: (result) => {
          cluster.told.push({ atMs: Date.now(), node: name, what: 'checked', address: '', detail: result });
        },
      },
      logger: silentLogger,
      ...options,
    });
    this.ended = this.announcer.run(this.#stop.signal, () => undefined);
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  /** Its proxy tells that something of it is otherwise. */
  programmedChanged(): void {
    this.#programmedChanged();
  }

  answers(address: string): boolean {
    return this.station.speaker.observe().some((state) => state.address === address && state.isAnswering);
  }

  /** SIGTERM. */
  stop(): void {
    this.#stop.abort();
  }

  /** SIGKILL, as far as others see: nothing is answered, written or read by it any more. */
  kill(): void {
    if (this.#isDead) return;
    this.#isDead = true;
    this.#api.cut(this.#client);
    this.announcer[Symbol.dispose]();
    this.#watch[Symbol.dispose]();
    this.station[Symbol.dispose]();
  }

  /** It can't reach the API server. */
  cutFromApi(): void {
    this.#api.cut(this.#client);
  }

  healApi(): void {
    this.#api.heal(this.#client);
  }
}
