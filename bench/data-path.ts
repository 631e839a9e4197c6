/**
 * Namespaces for bench/dataplane.ts, joined by veth pairs:
 *
 *   client ─── node ──── pods      the node routes and holds the rules
 *      └────── plain ──────┘       a router that has no rules and tracks no connections, for comparison
 *
 * The client counts as a pod of the node, so that nothing is masqueraded. It speaks to Services from an address of
 * its own: a connection to a Service never meets what the node remembers of a direct one from the same port.
 */
import { readFileSync } from 'node:fs';
import { createNamespace, type NetworkNamespace, withNamespace } from '@menwei/kernel/netns.ts';
import { readSysctl, writeSysctl } from '@menwei/kernel/sysctl.ts';
import { configure } from '@menwei/lab/wiring.ts';
import { NODE_VIEW } from './objects.ts';

/** A router between client and pods: the networks on its two sides, and where the pods are behind it. */
interface Router {
  readonly name: 'node' | 'plain';
  readonly toClient: string;
  readonly toPods: string;
  readonly podNetwork: string;
}

const NODE: Router = {
  name: 'node',
  toClient: '10.255.0',
  toPods: '10.254.0',
  podNetwork: '10.128.0.0/9',
};

const PLAIN: Router = {
  name: 'plain',
  toClient: '10.253.0',
  toPods: '10.252.0',
  podNetwork: '10.251.0.0/24',
};

const SERVICE_NETWORK = '10.96.0.0/12';

const LOWEST_PORT = 16_384;
const MOST_PORTS = 40_000;

/** Far more than a run needs, and most of the table stays free. */
const CONNTRACK_SHARE = 0.6;

export interface DataPath extends Disposable {
  readonly client: NetworkNamespace;
  readonly node: NetworkNamespace;
  readonly pods: NetworkNamespace;
  /** The pods' addresses by way of the plain router. */
  readonly plainAddresses: readonly string[];
}

/** @param endpoints the pods' addresses by way of the node */
export function createDataPath(endpoints: readonly string[]): DataPath {
  using created = new DisposableStack();
  const host = () => created.use(createNamespace());
  const path = { client: host(), node: host(), plain: host(), pods: host() };
  const plainAddresses = endpoints.map((_, index) => `10.251.0.${index + 1}`);
  applySettings(path, dataPathSettings(endpoints.length));
  for (const name of ['client', 'pods'] as const) configure(path[name], ['link set lo up']);
  connect(path, path.node, NODE);
  connect(path, path.plain, PLAIN);
  // Where userspace mode leads packets to.
  configure(path.node, [`addr add ${NODE_VIEW.ip}/32 dev lo`]);
  configure(path.client, [
    `addr add ${NODE.toClient}.3/24 dev node`,
    `route add ${SERVICE_NETWORK} via ${NODE.toClient}.1 src ${NODE.toClient}.3`,
  ]);
  configure(
    path.pods,
    [...endpoints, ...plainAddresses].map((address) => `addr add ${address}/32 dev lo`),
  );
  const kept = created.move();
  return { ...path, plainAddresses, [Symbol.dispose]: () => kept.dispose() };
}

function connect(
  { client, pods }: Pick<DataPath, 'client' | 'pods'>,
  namespace: NetworkNamespace,
  { name, toClient, toPods, podNetwork }: Router,
): void {
  configure(namespace, [
    'link set lo up',
    `link add client type veth peer name ${name} netns ${client.path}`,
    `link add pods type veth peer name ${name} netns ${pods.path}`,
    `addr add ${toClient}.1/24 dev client`,
    `addr add ${toPods}.1/24 dev pods`,
    'link set client up',
    'link set pods up',
  ]);
  configure(client, [
    `addr add ${toClient}.2/24 dev ${name}`,
    `link set ${name} up`,
    `route add ${podNetwork} via ${toClient}.1`,
  ]);
  configure(pods, [
    `addr add ${toPods}.2/24 dev ${name}`,
    `link set ${name} up`,
    `route add ${toClient}.0/24 via ${toPods}.1`,
  ]);
  configure(namespace, [`route add ${podNetwork} via ${toPods}.2`]);
}

type HostSettings = Readonly<Record<string, string | number>>;

/** What is set where, so that neither ports nor room for connections run out. */
interface DataPathSettings {
  readonly client: HostSettings;
  readonly node: HostSettings;
  readonly plain: HostSettings;
  readonly pods: HostSettings;
}

/**
 * A port of the client makes one entry of connection tracking for each endpoint and one for the Service, and a new
 * connection takes its entry over. The table's size belongs to the whole machine, so the ports are as many as fit.
 */
export function dataPathSettings(endpoints: number): DataPathSettings {
  const entries = Number(readSysctl('net/netfilter/nf_conntrack_max') ?? 65_536);
  const ports = Math.min(MOST_PORTS, Math.floor((entries * CONNTRACK_SHARE) / (endpoints + 1)));
  return {
    client: {
      'net/ipv4/ip_local_port_range': `${LOWEST_PORT} ${LOWEST_PORT + ports - 1}`,
      'net/ipv4/tcp_tw_reuse': 1,
    },
    node: { 'net/ipv4/ip_forward': 1, 'net/netfilter/nf_conntrack_tcp_timeout_close': 1 },
    plain: { 'net/ipv4/ip_forward': 1 },
    pods: { 'net/core/somaxconn': 65_535, 'net/ipv4/tcp_max_syn_backlog': 65_535 },
  };
}

function applySettings(
  path: Readonly<Record<keyof DataPathSettings, NetworkNamespace>>,
  settings: DataPathSettings,
): void {
  for (const name of ['client', 'node', 'plain', 'pods'] as const) {
    withNamespace(path[name], () => {
      for (const [setting, value] of Object.entries(settings[name])) writeSysctl(setting, value);
    });
  }
}

/**
 * How many packets and connections the connection tracking of the calling thread's namespace had no room for; 0 where
 * the kernel does not tell.
 */
export function conntrackLosses(): number {
  let text: string;
  try {
    text = readFileSync('/proc/thread-self/net/stat/nf_conntrack', 'utf8');
  } catch {
    return 0;
  }
  const [names = [], ...cpus] = text
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/));
  const columns = ['insert_failed', 'drop', 'early_drop'].map((name) => names.indexOf(name));
  return cpus
    .flatMap((counts) => columns.map((column) => Number.parseInt(counts[column] ?? '0', 16)))
    .reduce((sum, count) => sum + count, 0);
}
