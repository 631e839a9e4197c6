/**
 * The cluster under test: two nodes in two zones, each with a proxy of the mode, six pods and a client outside.
 * Both proxies read their objects from one folder.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { LabHost } from '@menwei/lab/host.ts';
import type { ExecResult } from '@menwei/lab/host-process.ts';
import { createLab, type Lab, type LabNode } from '@menwei/lab/lab.ts';
import type { Command, Mode } from './modes.ts';
import { NodeProxy } from './node-proxy.ts';
import { type Identity, identityOf, type Offer } from './offer.ts';
import { type NoPage, type Page, PageReader } from './page-reader.ts';
import { PATIENCE_MS } from './patience.ts';
import { PublishedService } from './published-service.ts';
import { describeSentinel, sentinelKey } from './sentinel.ts';
import { CLIENT_RANGE, CLUSTER_CIDR, describeNode, FAMILIES, SERVICE_RANGES, TOPOLOGY } from './topology.ts';

/** Below the ports that the kernel chooses from, and above those that pods answer on. */
const FIRST_SOURCE_PORT = 10_000;
const SOURCE_PORT_COUNT = 20_000;

/**
 * A prohibited route would answer each IPv4 sender once a second, after a first five (linux/net/ipv4/route.c: ip_error),
 * and no setting of a network namespace changes that. A rule answers every time.
 */
const PROHIBIT_IPV4 = [
  'ip -4 route add default dev lo',
  'iptables -A FORWARD -o lo -j REJECT --reject-with icmp-admin-prohibited',
];

export interface ClusterOptions {
  /** How often the proxies look whether somebody has removed their rules. */
  readonly syncPeriod?: string;
  /** What the proxies are told beside. */
  readonly flags?: readonly string[];
}

/** Kubernetes objects of any kind, as JSON will have them. */
type Manifest = object;

export class Cluster {
  readonly mode: Mode;
  readonly #options: ClusterOptions;
  readonly #proxies = new Map<string, NodeProxy>();
  readonly #readers = new Map<string, PageReader>();
  /** What each of the tests that run at a time has published. */
  readonly #published = new AsyncLocalStorage<PublishedService[]>();
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
    await this.#connectWorld();
    for (const node of this.lab.nodes) {
      const proxy = new NodeProxy(node, this.#flags(node), this.environment(node));
      this.#proxies.set(node.name, proxy);
      proxy.start();
    }
    await this.apply('first', []);
  }

  /**
   * The world knows the virtual addresses at node one, and the wire knows the way to all of the client's addresses.
   * What a node lets out to the wire by mistake is prohibited there, not just unreachable, because UDP sockets hear
   * of that alone: so a packet that a rule has dropped is the only one that nobody answers.
   */
  async #connectWorld(): Promise<void> {
    for (const range of SERVICE_RANGES) this.lab.client.route(range, this.node('one'));
    for (const family of FAMILIES) {
      const ip = family === 'IPv4' ? 'ip -4' : 'ip -6';
      const commands = [
        `${ip} route del unreachable default`,
        ...(family === 'IPv4' ? PROHIBIT_IPV4 : ['ip -6 route add prohibit default']),
        `${ip} route add ${CLIENT_RANGE[family]} dev wire`,
      ];
      const { status, stderr } = await this.host('wire').exec('sh', ['-ec', commands.join('\n')]);
      if (status !== 0) throw new Error(`wire: ${stderr}`);
    }
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

  /** The client that a pod sees when a host asks through a node: see {@link Mode.showsClients}. */
  seenFrom(host: string, through: string, family: IpFamily): string {
    return this.addressOf(this.mode.showsClients ? host : through, family);
  }

  /** The environment of what runs on a node. Each has a lock of its own, as nodes that are machines have. */
  environment(node: LabNode): Readonly<Record<string, string>> {
    return {
      PATH: `${this.tools}:${this.mode.path ?? process.env.PATH ?? ''}`,
      XTABLES_LOCKFILE: join(this.#folder, `xtables-${node.name}.lock`),
    };
  }

  /** Programs a Service that nobody else has, and resolves once every proxy has programmed it. */
  async publish(offer: Offer): Promise<PublishedService> {
    const service = new PublishedService(this, this.newIdentity(offer.family), offer);
    this.#published.getStore()?.push(service);
    await service.update({});
    return service;
  }

  /** Runs one test and withdraws what it has published, where too many Services at a time would be in each other's way. */
  async lendTo(test: () => Promise<void>): Promise<void> {
    const published: PublishedService[] = [];
    try {
      await this.#published.run(published, test);
    } finally {
      if (this.mode.gathersAddresses) for (const service of published) await service.withdraw();
    }
  }

  /**
   * A port to send datagrams from that was not used before. The kernel's own choice may be one it remembers, by
   * chance: such a datagram would belong to the former flow, and follow it to its pod.
   */
  newSourcePort(): number {
    this.#sourcePorts += 1;
    return FIRST_SOURCE_PORT + (this.#sourcePorts % SOURCE_PORT_COUNT);
  }

  /** What only one Service has. */
  newIdentity(family: IpFamily): Identity {
    this.#services += 1;
    return identityOf(this.#services, family);
  }

  /**
   * Puts objects in force that replace those of the same title, and resolves once every running proxy has
   * programmed them: a Service of no use but this stands in the same file.
   */
  async apply(title: string, objects: readonly Manifest[]): Promise<void> {
    this.#sentinels += 1;
    const sentinel = this.#sentinels;
    await this.write(title, [...objects, describeSentinel(sentinel)]);
    await this.synced(sentinel);
  }

  /** Waits until every running proxy has programmed what was applied last, or some time before. */
  async synced(sentinel = this.#sentinels): Promise<void> {
    await Promise.all(
      this.proxies
        .filter((proxy) => proxy.isRunning)
        .map((proxy) => this.#syncedOn(proxy, sentinelKey(sentinel))),
    );
  }

  async #syncedOn(proxy: NodeProxy, servicePort: string): Promise<void> {
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const states = (await proxy.status()).filter((status) => status.servicePort === servicePort);
      if (states.filter(({ state }) => state === 'programmed').length === FAMILIES.length) return;
      if (!proxy.isRunning || performance.now() > deadline) {
        throw new Error(
          `node ${proxy.node.name} has not programmed ${servicePort}: ${JSON.stringify(states)}\n${proxy.output}`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, 50));
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

  /** What the mode keeps in a node's kernel. */
  async dump(node: string): Promise<string> {
    const { commands, clean } = this.mode.dump;
    return clean(await this.run(node, commands));
  }

  /** The same once nothing is under way any more: what a test before this one had is withdrawn without waiting. */
  async steadyDump(node: string): Promise<string> {
    let last = await this.dump(node);
    for (let attempt = 0; attempt < 50; attempt++) {
      await new Promise((resolve) => setTimeout(resolve, 300));
      const now = await this.dump(node);
      if (now === last) return now;
      last = now;
    }
    throw new Error(`${node}: what its kernel holds goes on changing`);
  }

  /** The lines of the counted dump that are about one Service, so that nobody else's traffic shows. */
  async countedLines(node: string, service: PublishedService): Promise<readonly string[]> {
    const { countedCommands, clean } = this.mode.dump;
    const mention = this.mode.dump.mention(service.identity);
    const lines = clean(await this.run(node, countedCommands)).split('\n');
    return lines.filter((line) => mention.test(line));
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
    const syncPeriod = this.#options.syncPeriod ?? '30s';
    return [
      ...this.mode.flags,
      `--manifests=${this.manifests}`,
      `--hostname-override=${node.name}`,
      `--cluster-cidr=${CLUSTER_CIDR}`,
      `--health-state-file=${join(this.#folder, `health-${node.name}.json`)}`,
      '--iptables-min-sync-period=0s',
      // No promise of a Service may depend on what becomes of the other ports of its addresses.
      '--load-balancer-answer=all',
      `--iptables-sync-period=${syncPeriod}`,
      '--ipvs-min-sync-period=0s',
      `--ipvs-sync-period=${syncPeriod}`,
      ...(this.#options.flags ?? []),
    ];
  }
}
