/** A node whose proxy changes its mode, and what clients get of Services that are gone meanwhile. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { formatHostPort, IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import type { ExecResult, HostProcess } from '@menwei/lab/host-process.ts';
import { createLab, type Lab, type LabNode } from '@menwei/lab/lab.ts';
import { isFailure } from '@menwei/lab/outcome.ts';
import { expect } from 'vitest';
import { TestFolder } from './run-cluster.ts';
import { LAUNCHER } from './run-process.ts';
import { type Stream, Traffic } from './traffic.ts';

const NODE = 'minikube';
/** Where the reference case has them, so that the rules that kube-proxy made for it lead there. */
const PODS = { 'nginx-1': 27, 'nginx-2': 28, dns: 29, 'nginx-3': 30 } as const;
const DNS = { clusterIP: '10.96.0.10', port: 53 } as const;
const SUBNETS = {
  IPv4: { service: '10.101.57.', pod: '10.244.0.', pods: '10.244.0.0/16' },
  IPv6: { service: 'fd00:30::', pod: 'fd00:10:244::', pods: 'fd00:10:244::/64' },
} as const;
const SERVICES = { steady: 95, drained: 96, gone: 97 } as const;
type Service = keyof typeof SERVICES;
/** Of `steady`. */
const NODE_PORTS = { IPv4: 30_095, IPv6: 30_096 } as const;

const NODE_IPS = { IPv4: '192.168.49.2', IPv6: 'fd00:49::2' } as const;
const NODE_OBJECT = {
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: NODE },
  status: {
    addresses: Object.values(NODE_IPS).map((address) => ({ type: 'InternalIP', address })),
  },
};

const BINARIES = { legacy: '/usr/sbin/xtables-legacy-multi', nft: '/usr/sbin/xtables-nft-multi' } as const;

export type Variant = keyof typeof BINARIES;

/** A proxy mode, with the variant of the tools that are called iptables. */
export interface RunningMode {
  readonly mode: 'iptables' | 'nftables' | 'userspace' | 'ipvs';
  readonly tools: Variant;
}

interface RunOptions {
  readonly flags?: readonly string[];
  /** Where programs are found. */
  readonly path?: string;
}

const START = { timeout: 60_000 };

/** The families in which it has had its first sync; what it said instead if it has ended. */
function syncedFamilies(run: HostProcess): readonly IpFamily[] | string {
  if (!run.isRunning) return run.output();
  return IP_FAMILIES.filter((family) =>
    new RegExp(`full sync complete .*\\bfamily=${family}\\b`).test(run.output()),
  );
}

export class LeftoversCluster implements AsyncDisposable {
  readonly lab: Lab;
  readonly #folder = new TestFolder();
  /** Traffic that has yet to find out that nobody answers. */
  readonly #ending: Promise<unknown>[] = [];
  #run: HostProcess | undefined;

  private constructor(lab: Lab) {
    this.lab = lab;
    for (const [variant, binary] of Object.entries(BINARIES)) {
      mkdirSync(join(this.#folder.path, variant));
      for (const name of ['iptables', 'ip6tables']) {
        for (const tool of [name, `${name}-save`, `${name}-restore`]) {
          symlinkSync(binary, join(this.#folder.path, variant, tool));
        }
      }
    }
    mkdirSync(join(this.#folder.path, 'objects'));
  }

  static async start(): Promise<LeftoversCluster> {
    const lab = await createLab({
      nodes: [
        {
          name: NODE,
          ip: NODE_IPS.IPv4,
          ip6: NODE_IPS.IPv6,
          podCIDR: '10.244.0.0/24',
          podCIDR6: SUBNETS.IPv6.pods,
        },
      ],
      pods: Object.entries({ ...PODS, visitor: 11 }).map(([name, number]) => ({
        name,
        node: NODE,
        ip: `${SUBNETS.IPv4.pod}${number}`,
        ip6: `${SUBNETS.IPv6.pod}${number}`,
        ports: name === 'dns' ? [DNS.port] : [80],
      })),
      client: { ip: '192.168.49.100', ip6: 'fd00:49::100' },
    });
    return new LeftoversCluster(lab);
  }

  get node(): LabNode {
    return this.lab.node(NODE);
  }

  /** A folder with the tools of a variant, and nothing else. */
  toolsOf(variant: Variant): string {
    return join(this.#folder.path, variant);
  }

  /** Puts objects in force: these Services, of which `drained` may have no endpoints. */
  publish(services: readonly Service[], isDrained: boolean, others: readonly object[] = []): void {
    const objects = services.flatMap((name) =>
      IP_FAMILIES.flatMap((family) => describe(name, family, name === 'drained' && isDrained)),
    );
    const text = [NODE_OBJECT, ...objects, ...others].map((object) => JSON.stringify(object)).join('\n---\n');
    this.#folder.write('objects/services.yaml', text);
  }

  /** The Services of the reference case beside `steady`, but without the pod nginx-3, to which kube-proxy's rules lead too. */
  publishReference(): void {
    const dns = { name: 'dns', port: DNS.port, protocol: 'UDP' };
    const metadata = { name: 'kube-dns', namespace: 'kube-system' };
    this.publish(['steady', 'gone'], false, [
      { apiVersion: 'v1', kind: 'Service', metadata, spec: { clusterIP: DNS.clusterIP, ports: [dns] } },
      slice(metadata, 'IPv4', [dns], [PODS.dns]),
    ]);
  }

  /** Starts menwei, and waits until `steady` answers in both families. */
  async run(mode: RunningMode, { flags = [], path }: RunOptions = {}): Promise<HostProcess> {
    const env = { ...this.#environment(mode.tools), ...(path === undefined ? {} : { PATH: path }) };
    const run = this.node.spawn(LAUNCHER, ['run', ...this.#flags(mode), ...flags], { env });
    this.#run = run;
    // Who asks before there are rules is led past them as long as conntrack remembers it, and so is who has its port next.
    if (!flags.includes('--dry-run'))
      await expect.poll(() => syncedFamilies(run), START).toEqual(IP_FAMILIES);
    for (const family of IP_FAMILIES) {
      await expect
        .poll(() => (run.isRunning ? this.ask('steady', family) : run.output()), START)
        .toBe('answered');
    }
    return run;
  }

  /** Runs `menwei diff` to its end. */
  diff(mode: RunningMode, flags: readonly string[]): Promise<ExecResult> {
    const argv = ['diff', ...this.#flags(mode), ...flags];
    return this.node.exec(LAUNCHER, argv, { env: this.#environment(mode.tools) });
  }

  #flags({ mode }: RunningMode): readonly string[] {
    return [
      ...['--proxy-mode', mode, '--hostname-override', NODE],
      ...['--manifests', join(this.#folder.path, 'objects')],
      ...['--cluster-cidr', IP_FAMILIES.map((family) => SUBNETS[family].pods).join(',')],
      ...['--iptables-sync-period', '1s', '--ipvs-sync-period', '1s'],
    ];
  }

  /** Ends it; its rules stay. */
  async stop(): Promise<void> {
    await this.#run?.stop('SIGKILL');
  }

  /** Runs `menwei cleanup`, which must succeed; returns what it prints. */
  async cleanUp(kept?: {
    readonly mode: 'iptables' | 'nftables' | 'ipvs';
    readonly tools: Variant;
  }): Promise<string> {
    const argv = ['cleanup', ...(kept === undefined ? [] : ['--keep-kube-proxy', kept.mode])];
    const env = this.#environment(kept?.tools ?? 'nft');
    const { status, stdout, stderr } = await this.lab.node(NODE).exec(LAUNCHER, argv, { env });
    expect({ status, stderr: status === 0 ? '' : stderr }).toEqual({ status: 0, stderr: '' });
    return stdout;
  }

  async ask(service: Service, family: IpFamily): Promise<'answered' | 'not answered'> {
    const address = formatHostPort(`${SUBNETS[family].service}${SERVICES[service]}`, 80);
    const answer = await this.lab.pod('visitor').http(address);
    return isFailure(answer) ? 'not answered' : 'answered';
  }

  /** Of both families, family by family. */
  async askAll(services: readonly Service[]): Promise<readonly string[]> {
    const all = IP_FAMILIES.flatMap((family) => services.map((service) => [service, family] as const));
    return Promise.all(all.map(([service, family]) => this.ask(service, family)));
  }

  /** Everything that clients do with `steady`, all the time: from a pod, from the node itself and from outside. */
  traffic(): Promise<Traffic> {
    const { lab } = this;
    const streams = IP_FAMILIES.flatMap((family): Stream[] => {
      const clusterIP = formatHostPort(`${SUBNETS[family].service}${SERVICES.steady}`, 80);
      const nodePort = formatHostPort(NODE_IPS[family], NODE_PORTS[family]);
      return (['new TCP', 'new UDP', 'long TCP', 'UDP flow'] as const).flatMap((kind) => [
        { kind, from: lab.pod('visitor'), target: clusterIP },
        { kind, from: lab.node(NODE), target: clusterIP },
        { kind, from: lab.client, target: nodePort },
      ]);
    });
    return Traffic.start(streams);
  }

  /** The same with the Services of the reference case, as far as kube-proxy's rules of it go. */
  referenceTraffic(): Promise<Traffic> {
    const { lab } = this;
    const nginx = formatHostPort(`${SUBNETS.IPv4.service}${SERVICES.gone}`, 80);
    const dns = formatHostPort(DNS.clusterIP, DNS.port);
    return Traffic.start(
      [lab.pod('visitor'), lab.node(NODE)].flatMap((from): Stream[] => [
        { kind: 'new TCP', from, target: nginx },
        { kind: 'long TCP', from, target: nginx },
        { kind: 'new UDP', from, target: dns },
        { kind: 'UDP flow', from, target: dns },
      ]),
    );
  }

  /** Begins anew after userspace mode: connections end with its process, and until the next one is there nobody takes new ones. */
  async trafficAfterUserspace(former: Traffic): Promise<Traffic> {
    console.log(`userspace ended: ${former.take()}`);
    this.#ending.push(former.stop());
    await this.forgetConnections();
    return await this.traffic();
  }

  /** Conntrack leads clients to where a userspace mode listened, though it has ended, if they come from the same port. */
  async forgetConnections(): Promise<void> {
    for (const family of ['ipv4', 'ipv6']) {
      for (const protocol of ['tcp', 'udp']) {
        await this.node.exec('conntrack', ['-D', '-f', family, '-p', protocol]);
      }
    }
  }

  /** Runs a program on the node, which must succeed; returns what it prints. */
  async exec(file: string, args: readonly string[], input = ''): Promise<string> {
    const env = this.#environment('nft');
    const { status, stdout, stderr } = await this.lab.node(NODE).exec(file, args, { input, env });
    expect({ file, status, stderr: status === 0 ? '' : stderr }).toEqual({ file, status: 0, stderr: '' });
    return stdout;
  }

  /** The chains and rules of a variant in both families, without counts. */
  async rules(tools: Variant): Promise<readonly string[]> {
    const lines: string[] = [];
    for (const name of ['iptables', 'ip6tables']) {
      for (const table of ['filter', 'nat', 'mangle']) {
        const saved = await this.exec(BINARIES[tools], [`${name}-save`, '-t', table]);
        const kept = saved.split('\n').filter((line) => /^(:|-A )/.test(line));
        lines.push(...kept.map((line) => `${name} ${table} ${line.replace(/ \[\d+:\d+\]$/, '')}`));
      }
    }
    return lines;
  }

  /** Of those that iptables does not make. */
  async nftTables(): Promise<readonly string[]> {
    const tables = (await this.exec('nft', ['list', 'tables'])).split('\n');
    return tables.filter((line) => /(menwei|kube-proxy)$/.test(line)).sort();
  }

  #environment(tools: Variant): Readonly<Record<string, string>> {
    return {
      PATH: `${this.toolsOf(tools)}:${process.env.PATH ?? ''}`,
      XTABLES_LOCKFILE: join(this.#folder.path, 'xtables.lock'),
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#ending);
    await this.lab.close();
    this.#folder[Symbol.dispose]();
  }
}

function describe(service: Service, family: IpFamily, isDrained: boolean): readonly object[] {
  const metadata = { name: `${service}-${family.toLowerCase()}`, namespace: 'default' };
  const clusterIP = `${SUBNETS[family].service}${SERVICES[service]}`;
  const ports = (['TCP', 'UDP'] as const).map((protocol) => ({
    name: protocol.toLowerCase(),
    port: 80,
    protocol,
  }));
  const nodePort = service === 'steady' ? { nodePort: NODE_PORTS[family] } : {};
  const spec = {
    ...(service === 'steady' ? { type: 'NodePort' } : {}),
    clusterIP,
    clusterIPs: [clusterIP],
    ipFamilies: [family],
    ports: ports.map((port) => ({ ...port, ...nodePort })),
  };
  const pods = isDrained ? [] : [PODS['nginx-1'], PODS['nginx-2']];
  return [{ apiVersion: 'v1', kind: 'Service', metadata, spec }, slice(metadata, family, ports, pods)];
}

function slice(
  metadata: { readonly name: string; readonly namespace: string },
  family: IpFamily,
  ports: readonly object[],
  pods: readonly number[],
): object {
  const labels = { 'kubernetes.io/service-name': metadata.name };
  return {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...metadata, labels },
    addressType: family,
    ports,
    endpoints: pods.map((number) => ({
      addresses: [`${SUBNETS[family].pod}${number}`],
      conditions: { ready: true },
      nodeName: NODE,
    })),
  };
}
