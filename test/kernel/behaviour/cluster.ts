/**
 * The cluster under test: two nodes in two zones, each with a proxy of the mode, six pods and a client outside.
 * Both proxies read their objects from one folder.
 */
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { V1Service } from '@kubernetes/client-node';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { IpFamily } from '../../../src/addresses/ip.ts';
import { hasSctp } from '../../../src/kernel/features.ts';
import type { Protocol } from '../../../src/kubernetes/objects.ts';
import type { LabHost } from '../../../src/lab/host.ts';
import type { ExecResult } from '../../../src/lab/host-process.ts';
import { createLab, type Lab, type LabNode } from '../../../src/lab/lab.ts';
import type { LabSpec } from '../../../src/lab/topology.ts';
import { type Command, MODES, type Mode } from './modes.ts';
import { NodeProxy } from './node-proxy.ts';
import { type Identity, type Offer, POD_PORT } from './offer.ts';
import { type NoPage, type Page, PageReader } from './page-reader.ts';
import { PublishedService } from './published-service.ts';

export const FAMILIES: readonly IpFamily[] = ['IPv4', 'IPv6'];
/** What traffic can be sent over on this machine. */
export const TRANSPORTS: readonly Protocol[] = ['TCP', 'UDP', ...(hasSctp() ? (['SCTP'] as const) : [])];

/** Whoever sends from these belongs to the world outside. */
export const CLIENT_RANGE: Readonly<Record<IpFamily, string>> = {
  IPv4: '203.0.113.0/24',
  IPv6: 'fd00:113::/64',
};

const CLIENT_COUNT = 24;

/** A further address of the outside client, from CLIENT_RANGE; `index` counts from 1 to 24. */
export function clientAddress(family: IpFamily, index: number): string {
  return family === 'IPv4' ? `203.0.113.${index}` : `fd00:113::${index.toString(16)}`;
}

/** The outside client's further addresses. */
export function clientAddresses(family: IpFamily): readonly string[] {
  return Array.from({ length: CLIENT_COUNT }, (_, index) => clientAddress(family, index + 1));
}

const TOPOLOGY: LabSpec = {
  nodes: [
    {
      name: 'one',
      ip: '192.168.49.2',
      ip6: 'fd00:49::2',
      podCIDR: '10.244.0.0/24',
      podCIDR6: 'fd00:10:244::/64',
      zone: 'east',
    },
    {
      name: 'two',
      ip: '192.168.49.3',
      ip6: 'fd00:49::3',
      podCIDR: '10.244.1.0/24',
      podCIDR6: 'fd00:10:244:1::/64',
      zone: 'west',
    },
  ],
  pods: [
    { name: 'a1', node: 'one', ip: '10.244.0.11', ip6: 'fd00:10:244::11', ports: [POD_PORT] },
    { name: 'a2', node: 'one', ip: '10.244.0.12', ip6: 'fd00:10:244::12', ports: [POD_PORT] },
    { name: 'visitor-a', node: 'one', ip: '10.244.0.13', ip6: 'fd00:10:244::13', ports: [POD_PORT] },
    { name: 'b1', node: 'two', ip: '10.244.1.11', ip6: 'fd00:10:244:1::11', ports: [POD_PORT] },
    { name: 'visitor-b', node: 'two', ip: '10.244.1.13', ip6: 'fd00:10:244:1::13', ports: [POD_PORT] },
    { name: 'host-b', node: 'two', hostNetwork: true, ports: [POD_PORT] },
  ],
  client: {
    ip: '192.168.49.100',
    ip6: 'fd00:49::100',
    moreAddresses: FAMILIES.flatMap(clientAddresses),
  },
};

const SERVICE_RANGES = ['172.30.0.0/16', 'fd00:172:30::/64', '198.51.100.0/24', 'fd00:198:51:100::/64'];

/** Below the ports that the kernel chooses from, and above those that pods answer on. */
const FIRST_SOURCE_PORT = 10_000;
const SOURCE_PORT_COUNT = 20_000;

export interface ClusterOptions {
  /** How often the proxies look whether somebody has removed their rules. */
  readonly syncPeriod?: string;
  /** Flags for all proxies of the cluster; later ones win. */
  readonly flags?: readonly string[];
}

/** Kubernetes objects of any kind, as JSON will have them. */
export type Manifest = object;

export class Cluster {
  readonly mode: Mode;
  readonly #options: ClusterOptions;
  readonly #proxies = new Map<string, NodeProxy>();
  readonly #readers = new Map<string, PageReader>();
  #lab: Lab | undefined;
  #folder = '';
  #services = 0;
  #sentinels = 0;
  #sourcePorts = 0;

  constructor(mode: Mode, options: ClusterOptions = {}) {
    this.mode = mode;
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#folder = await mkdtemp(join(tmpdir(), 'behaviour-'));
    await mkdir(this.manifests);
    await mkdir(this.tools);
    for (const [name, file] of Object.entries(this.mode.tools)) await symlink(file, join(this.tools, name));
    await this.write('nodes', TOPOLOGY.nodes.map(describeNode));
    this.#lab = await createLab(TOPOLOGY);
    // The world knows the virtual addresses at node one.
    for (const range of SERVICE_RANGES) this.lab.client.route(range, this.node('one'));
    for (const node of this.lab.nodes) {
      const proxy = new NodeProxy(node, this.#flags(node), this.environment(node));
      this.#proxies.set(node.name, proxy);
      proxy.start();
    }
    await this.apply('first', []);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.proxies, ...this.#readers.values()].map((each) => each.close()));
    await this.#lab?.close();
    await rm(this.#folder, { recursive: true, force: true });
  }

  get lab(): Lab {
    if (this.#lab === undefined) throw new Error('BUG: the cluster was not started');
    return this.#lab;
  }

  /** Where the proxies read their objects. */
  get manifests(): string {
    return join(this.#folder, 'manifests');
  }

  /** The mode's own programs, in front of the PATH. */
  get tools(): string {
    return join(this.#folder, 'tools');
  }

  node(name: string): LabNode {
    return this.lab.node(name);
  }

  host(name: string): LabHost {
    const found = this.lab.hosts.find((host) => host.name === name);
    if (found === undefined) throw new Error(`BUG: the cluster has no ${name}`);
    return found;
  }

  proxy(node: string): NodeProxy {
    const found = this.#proxies.get(node);
    if (found === undefined) throw new Error(`BUG: the cluster has no node ${node}`);
    return found;
  }

  get proxies(): readonly NodeProxy[] {
    return [...this.#proxies.values()];
  }

  addressOf(host: string, family: IpFamily): string {
    const { ip, ip6 } = this.host(host);
    const address = family === 'IPv4' ? ip : ip6;
    if (address === undefined) throw new Error(`BUG: ${host} has no ${family} address`);
    return address;
  }

  /** The environment of what runs on a node. Each has a lock of its own, as nodes that are machines have. */
  environment(node: LabNode): Readonly<Record<string, string>> {
    return {
      PATH: `${this.tools}:${process.env.PATH ?? ''}`,
      XTABLES_LOCKFILE: join(this.#folder, `xtables-${node.name}.lock`),
    };
  }

  /** Programs a Service that nobody else has, and resolves once every proxy has programmed it. */
  async publish(offer: Offer): Promise<PublishedService> {
    const service = new PublishedService(this, this.newIdentity(offer.family), offer);
    await service.update({});
    return service;
  }

  /**
   * A port to send datagrams from that was not used before. The kernel's own choice may be one it remembers, by
   * chance: such a datagram would belong to the former flow, and follow it to its pod.
   */
  newSourcePort(): number {
    this.#sourcePorts += 1;
    return FIRST_SOURCE_PORT + (this.#sourcePorts % SOURCE_PORT_COUNT);
  }

  newIdentity(family: IpFamily): Identity {
    this.#services += 1;
    const number = this.#services;
    const suffix = number.toString(16);
    return {
      namespace: 'test',
      name: `service-${number}`,
      clusterIP: family === 'IPv4' ? `172.30.${number >> 8}.${number & 255}` : `fd00:172:30::${suffix}`,
      externalIP: family === 'IPv4' ? `198.51.100.${number}` : `fd00:198:51:100::1:${suffix}`,
      loadBalancerIP: family === 'IPv4' ? `198.51.100.${number + 127}` : `fd00:198:51:100::2:${suffix}`,
      nodePort: 30_000 + number,
      healthCheckNodePort: 32_000 + number,
    };
  }

  /**
   * Puts objects in force that replace those of the same title, and resolves once every running proxy has
   * programmed them: a Service of no use but this stands in the same file.
   */
  async apply(title: string, objects: readonly Manifest[]): Promise<void> {
    this.#sentinels += 1;
    const sentinel = describeSentinel(this.#sentinels);
    const number = this.#sentinels;
    await this.write(title, [...objects, sentinel]);
    await this.synced(number);
  }

  /** Waits until every running proxy has programmed what was applied last, or some time before. */
  async synced(sentinel = this.#sentinels): Promise<void> {
    await Promise.all(
      this.proxies
        .filter((proxy) => proxy.isRunning)
        .map((proxy) => this.#syncedOn(proxy, `${sentinelName(sentinel)}/TCP`)),
    );
  }

  async #syncedOn(proxy: NodeProxy, servicePort: string): Promise<void> {
    const deadline = performance.now() + 30_000;
    for (;;) {
      const states = (await proxy.status()).filter((status) => status.servicePort === servicePort);
      if (states.filter(({ state }) => state === 'programmed').length === FAMILIES.length) return;
      if (!proxy.isRunning || performance.now() > deadline) {
        throw new Error(
          `node ${proxy.node.name} has not programmed ${servicePort}: ${JSON.stringify(states)}\n${proxy.output}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Writes a manifest without waiting for anything. */
  async write(title: string, objects: readonly Manifest[]): Promise<void> {
    const text = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    const draft = join(this.#folder, `${title}.draft`);
    await writeFile(draft, text);
    await rename(draft, join(this.manifests, `${title}.json`));
  }

  /** Takes objects away again, without waiting. */
  async withdraw(title: string): Promise<void> {
    await rm(join(this.manifests, `${title}.json`), { force: true });
  }

  /** Reads a page as a host of the cluster does. */
  read(from: string, url: string): Promise<Page | NoPage> {
    const reader = this.#readers.get(from) ?? new PageReader(this.host(from).namespace);
    this.#readers.set(from, reader);
    return reader.read(url);
  }

  /** What the mode keeps in a node's kernel, without what changes by itself: dates and the traffic of all chains. */
  async dump(node: string): Promise<string> {
    return withoutNoise(await this.run(node, this.mode.dump));
  }

  /** The lines of the counted dump that are about one Service, so that nobody else's traffic shows. */
  async countedLines(node: string, service: PublishedService): Promise<readonly string[]> {
    const { namespace, name } = service.identity;
    const mention = new RegExp(`\\b${namespace}/${name}\\b`);
    const dump = withoutNoise(await this.run(node, this.mode.dumpCounted));
    return dump.split('\n').filter((line) => mention.test(line));
  }

  /** Runs programs of the mode on a node; all must succeed. Returns what they print. */
  async run(node: string, commands: readonly Command[]): Promise<string> {
    const results = await this.attempt(node, commands);
    for (const [index, { status, stderr }] of results.entries()) {
      if (status !== 0) throw new Error(`${node}: ${commands[index]?.join(' ')}: ${stderr}`);
    }
    return results.map(({ stdout }) => stdout).join('');
  }

  /** Runs programs of the mode on a node, one after another, whatever becomes of them. */
  async attempt(node: string, commands: readonly Command[]): Promise<readonly ExecResult[]> {
    const environment = Object.entries(this.environment(this.node(node)));
    const variables = environment.map(([name, value]) => `${name}=${value}`);
    const results: ExecResult[] = [];
    for (const command of commands) {
      results.push(await this.node(node).exec('env', [...variables, ...command]));
    }
    return results;
  }

  #flags(node: LabNode): readonly string[] {
    return [
      ...this.mode.flags,
      `--manifests=${this.manifests}`,
      `--hostname-override=${node.name}`,
      '--cluster-cidr=10.244.0.0/16,fd00:10:244::/56',
      '--iptables-min-sync-period=0s',
      `--iptables-sync-period=${this.#options.syncPeriod ?? '30s'}`,
      '--oom-score-adj=0',
      ...(this.#options.flags ?? []),
    ];
  }
}

function describeNode(node: LabSpec['nodes'][number]): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: node.name,
      labels: { 'kubernetes.io/hostname': node.name, 'topology.kubernetes.io/zone': node.zone },
    },
    spec: { podCIDR: node.podCIDR, podCIDRs: [node.podCIDR, node.podCIDR6] },
    status: {
      addresses: [node.ip, node.ip6].map((address) => ({ type: 'InternalIP', address })),
    },
  };
}

function sentinelName(number: number): string {
  return `sentinels/sentinel-${number}`;
}

function withoutNoise(dump: string): string {
  return dump
    .split('\n')
    .filter((line) => !line.startsWith('#'))
    .map((line) => (line.startsWith(':') ? line.replace(/ \[\d+:\d+\]$/, '') : line))
    .join('\n');
}

function describeSentinel(number: number): V1Service {
  const [namespace = '', name = ''] = sentinelName(number).split('/');
  const clusterIP = `172.30.${128 + (number >> 8)}.${number & 255}`;
  const clusterIP6 = `fd00:172:30::5:${number.toString(16)}`;
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { namespace, name },
    spec: {
      type: 'ClusterIP',
      clusterIP,
      clusterIPs: [clusterIP, clusterIP6],
      ipFamilies: [...FAMILIES],
      ipFamilyPolicy: 'RequireDualStack',
      ports: [{ port: 1, protocol: 'TCP', targetPort: 1 }],
    },
  };
}

/** Registers the same tests for every mode, each with a cluster that is started once for all of them. */
export function describeModes(
  title: string,
  define: (cluster: Cluster) => void,
  options: ClusterOptions = {},
): void {
  describe.each(MODES)(`$name: ${title}`, (mode) => {
    const cluster = new Cluster(mode, options);
    beforeAll(() => cluster.start());
    afterAll(() => cluster.stop());
    define(cluster);
  });
}

/**
 * Registers the same tests for every IP family and transport protocol. Several of them run at a time, since most of
 * what they do is waiting; so they must keep to their own Services.
 */
export function describeTraffic(define: (family: IpFamily, protocol: Protocol) => void): void {
  describe.concurrent.each(FAMILIES)('over %s', (family) => {
    describe.each(TRANSPORTS)('and %s', (protocol) => define(family, protocol));
  });
}

/** Asks until the expectation holds; for what happens some time after its cause. */
export function eventually<T>(ask: () => T | Promise<T>): ReturnType<typeof expect.poll<T>> {
  return expect.poll(ask, { timeout: 30_000, interval: 50 });
}
