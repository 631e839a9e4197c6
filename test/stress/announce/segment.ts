/** A lab whose nodes announce addresses of Services of all kinds, and what its faults and judges need to know of it. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AnyObject } from '@menwei/lab/lab-api.ts';
import { LabSession } from '@menwei/lab/lab-session.ts';
import { isFailure } from '@menwei/lab/outcome.ts';
import { until } from '@menwei/lab/until.ts';

const SERVICES = '/api/v1/namespaces/default/services';
const POOL = '/apis/menwei.dev/v1alpha1/namespaces/kube-system/ipaddresspools/lab';
const LEASES = '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases';
const PREFIX = 'menwei-announce-';

interface Wanted {
  readonly name: string;
  readonly spec?: object;
  readonly sharing?: string;
  readonly addresses?: number;
}

const SERVICE_LIST: readonly Wanted[] = [
  { name: 'cluster-1' },
  { name: 'cluster-2' },
  { name: 'cluster-3' },
  { name: 'six-1', spec: { ipFamilies: ['IPv6'], ipFamilyPolicy: 'SingleStack' } },
  { name: 'local-1', spec: { externalTrafficPolicy: 'Local' } },
  { name: 'local-2', spec: { externalTrafficPolicy: 'Local' } },
  { name: 'dual-1', spec: { ipFamilyPolicy: 'RequireDualStack' }, addresses: 2 },
  {
    name: 'dual-local',
    spec: { ipFamilyPolicy: 'RequireDualStack', externalTrafficPolicy: 'Local' },
    addresses: 2,
  },
  { name: 'shared-1', sharing: 'one' },
  { name: 'shared-2', sharing: 'one', spec: { ports: [{ port: 81, targetPort: 81 }] } },
];

interface OfferedService {
  readonly name: string;
  readonly isLocal: boolean;
  readonly port: number;
  readonly addresses: readonly string[];
}

export class Segment implements AsyncDisposable {
  readonly session: LabSession;
  readonly nodes: readonly string[];
  readonly services: OfferedService[] = [];
  readonly nodeOfMac = new Map<string, string>();
  wireLink = { index: 0, mac: '' };
  /** With which the proxies of all nodes are started, beside those of the lab. */
  flags: readonly string[] = [];

  private constructor(session: LabSession, nodes: readonly string[]) {
    this.session = session;
    this.nodes = nodes;
  }

  static async up(count: number): Promise<Segment> {
    const folder = mkdtempSync(join(tmpdir(), 'menwei-announce-'));
    const file = join(folder, 'lab.yaml');
    writeFileSync(file, labFile(count));
    const nodes = numbers(count).map((number) => `node-${number}`);
    try {
      const name = `stress-announce-${process.pid}`;
      const segment = new Segment(await LabSession.up({ name, file, mode: 'nftables' }), nodes);
      await segment.#prepare();
      return segment;
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  get addresses(): readonly string[] {
    return [...new Set(this.services.flatMap(({ addresses }) => addresses))];
  }

  /** All pods, or these, are behind the Service. */
  async putBehind(service: string, nodes: readonly string[]): Promise<void> {
    for (const node of this.nodes) {
      const labels = { [`behind-${service}`]: nodes.includes(node) ? 'yes' : null };
      await this.session.api.patch(`/api/v1/namespaces/default/pods/${podOf(node)}`, {
        metadata: { labels },
      });
    }
  }

  label(node: string, value: string | null): Promise<AnyObject> {
    const labels = { 'node.kubernetes.io/exclude-from-external-load-balancers': value };
    return this.session.api.patch(`/api/v1/nodes/${node}`, { metadata: { labels } });
  }

  setReady(node: string, status: string): Promise<AnyObject> {
    const conditions = [{ type: 'Ready', status }];
    return this.session.api.patch(`/api/v1/nodes/${node}/status`, { status: { conditions } });
  }

  annotateLease(node: string, annotations: Readonly<Record<string, string | null>>): Promise<AnyObject> {
    return this.session.api.patch(`${LEASES}/${PREFIX}${node}`, { metadata: { annotations } });
  }

  async setPool(addresses: readonly string[]): Promise<void> {
    await this.session.api.patch(POOL, { spec: { addresses } });
  }

  /** By the Leases: who says that an address is theirs. */
  async owners(): Promise<ReadonlyMap<string, readonly string[]>> {
    const { items } = await this.session.api.get(LEASES);
    const owners = new Map<string, string[]>();
    for (const { metadata, spec } of items.filter(({ metadata }: AnyObject) =>
      metadata.name.startsWith(PREFIX),
    )) {
      if (spec.holderIdentity === '') continue;
      const owns: string = metadata.annotations?.['menwei.dev/owns'] ?? '';
      for (const line of owns.split('\n').filter((line) => line !== '')) {
        const [address = ''] = line.split(' ');
        owners.set(address, [...(owners.get(address) ?? []), metadata.name.slice(PREFIX.length)]);
      }
    }
    return owners;
  }

  get(service: string): Promise<AnyObject> {
    return this.session.api.get(`${SERVICES}/${service}`);
  }

  /** The pod that answers the client, or why none does. */
  async reach(address: string, port: number): Promise<string> {
    const host = address.includes(':') ? `[${address}]` : address;
    const outcome = await this.session.host('client').http(`${host}:${port}`, { timeoutMs: 400 });
    return isFailure(outcome) ? `!${outcome.error}` : outcome.pod;
  }

  /** Of the process on a node that announces; undefined: there is none. */
  async proxyPid(node: string): Promise<number | undefined> {
    const { pid } = await this.session.status();
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
    return children.map(Number).find((child) => isProxyOf(child, node));
  }

  /** Its Services go, with all that was made for them. */
  async removeServices(): Promise<void> {
    for (const { name } of this.services) await this.session.api.delete(`${SERVICES}/${name}`);
    for (const { name } of this.services) {
      await until(
        async () => (await this.session.api.status('GET', `${SERVICES}/${name}`)) === 404,
        `the Service ${name} keeps a finalizer`,
      );
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.session[Symbol.asyncDispose]();
  }

  async #prepare(): Promise<void> {
    for (const node of this.nodes) {
      const pod = podOf(node);
      await this.session.host(pod).serve({ pod, node }, [80, 81]);
      this.nodeOfMac.set((await this.#link(node, 'eth0')).mac, node);
    }
    this.wireLink = await this.#link('wire', 'wire');
    for (const wanted of SERVICE_LIST) await this.#offer(wanted);
  }

  async #link(host: string, name: string): Promise<{ readonly index: number; readonly mac: string }> {
    const { stdout } = await this.session.host(host).exec('ip', ['-o', 'link', 'show', name]);
    const [, index, mac] = /^(\d+):.*link\/ether (\S+)/.exec(stdout) ?? [];
    if (mac === undefined) throw new Error(`${host} has no ${name}: ${stdout}`);
    return { index: Number(index), mac };
  }

  async #offer({ name, spec = {}, sharing, addresses: count = 1 }: Wanted): Promise<void> {
    const annotations = sharing === undefined ? {} : { 'menwei.dev/allow-shared-ip': sharing };
    const ports = [{ port: 80, targetPort: 80 }];
    const selector = { [`behind-${name}`]: 'yes' };
    const object = await this.session.api.create(SERVICES, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, annotations },
      spec: { type: 'LoadBalancer', selector, ports, ...spec },
    });
    await this.putBehind(name, this.nodes);
    let addresses: readonly string[] = [];
    await until(async () => {
      const { status } = await this.get(name);
      addresses = (status.loadBalancer?.ingress ?? []).map(({ ip }: AnyObject) => ip);
      return addresses.length === count;
    }, `${name} gets no address`);
    const isLocal = object.spec.externalTrafficPolicy === 'Local';
    this.services.push({ name, isLocal, port: object.spec.ports[0].port, addresses });
  }
}

function podOf(node: string): string {
  return node.replace('node', 'web');
}

function isProxyOf(pid: number, node: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`\0${node}\0`);
  } catch {
    return false;
  }
}

function numbers(count: number): readonly number[] {
  return Array.from({ length: count }, (_, index) => index + 1);
}

function labFile(count: number): string {
  const nodes = numbers(count).map(
    (n) =>
      `  - {name: node-${n}, ip: 192.168.49.${n + 1}, ip6: "fd00:49::${n + 1}", podCIDR: 10.244.${n}.0/24, podCIDR6: "fd00:10:244:${n}::/64"}`,
  );
  const pods = numbers(count).map(
    (n) =>
      `  - {name: web-${n}, node: node-${n}, ip: 10.244.${n}.11, ip6: "fd00:10:244:${n}::11", ports: []}`,
  );
  return [
    'nodes:',
    ...nodes,
    'pods: # the test answers in their name',
    ...pods,
    'client: {ip: 192.168.49.100, ip6: "fd00:49::100"}',
    'loadBalancer: {pools: ["192.168.49.200-192.168.49.220", "fd00:49::c8-fd00:49::dc"]}',
    '',
  ].join('\n');
}
