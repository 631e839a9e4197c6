/** What userspace mode makes of the reference case: its rules and listeners, word for word. */
import { fileURLToPath } from 'node:url';
import { aNodeView } from '@menwei/testing/services/testing.ts';
import { TrackedFamily } from '@menwei/testing/services/tracked-family.ts';
import { UserspaceRules } from 'menwei/backends/userspace/rules.ts';
import { readManifests } from 'menwei/sources/manifests/read-manifests.ts';
import { expect, it } from 'vitest';

const OBJECTS = fileURLToPath(new URL('../data/reference-case/objects.yaml', import.meta.url));
const PODS = '10.244.0.0/16';
const NODE = aNodeView({
  name: 'minikube',
  ip: '192.168.49.2',
  detectLocal: { by: 'cidr', cidr: PODS },
});

async function render(): Promise<readonly string[]> {
  const { objects } = await readManifests([OBJECTS]);
  const tracker = new TrackedFamily({ family: 'IPv4', nodeName: NODE.name, startedAtMs: 0 });
  for (const object of objects) {
    if (object.kind === 'Service') tracker.put(object);
    if (object.kind === 'EndpointSlice') tracker.put(object);
  }
  tracker.takeChanges();
  const rules = new UserspaceRules({
    family: 'IPv4',
    localhostNodePorts: true,
    answeredVIPs: 'pools',
    portRange: { first: 32_768, last: 60_999 },
    listenIP: undefined,
  });
  const plan = rules.plan();
  plan.update(NODE, new Map([...tracker.ports].map(([key, port]) => [key, rules.compile(port, NODE)])));
  return rules.format(rules.diff(rules.nothing(), plan.complete())).trimEnd().split('\n');
}

interface Row {
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP';
  readonly portal: readonly [ip: string, port: number];
  /** What the key is hashed to: a restart finds its ports again, whatever version comes next. */
  readonly relayPort: number;
  readonly endpoints: string;
}

const ROWS: readonly Row[] = [
  {
    name: 'default/kubernetes:https',
    protocol: 'TCP',
    portal: ['10.96.0.1', 443],
    relayPort: 44_571,
    endpoints: '192.168.49.2:8443',
  },
  {
    name: 'default/nginx-service',
    protocol: 'TCP',
    portal: ['10.101.57.97', 80],
    relayPort: 43_270,
    endpoints: '10.244.0.27:80 10.244.0.28:80 10.244.0.30:80',
  },
  {
    name: 'kube-system/kube-dns:dns',
    protocol: 'UDP',
    portal: ['10.96.0.10', 53],
    relayPort: 50_537,
    endpoints: '10.244.0.29:53',
  },
  {
    name: 'kube-system/kube-dns:dns-tcp',
    protocol: 'TCP',
    portal: ['10.96.0.10', 53],
    relayPort: 57_144,
    endpoints: '10.244.0.29:53',
  },
  {
    name: 'kube-system/kube-dns:metrics',
    protocol: 'TCP',
    portal: ['10.96.0.10', 9153],
    relayPort: 42_863,
    endpoints: '10.244.0.29:9153',
  },
];

const lines = await render();

it.each(ROWS)('$name', ({ name, protocol, portal: [ip, port], relayPort, endpoints }) => {
  const lower = protocol.toLowerCase();
  const match = `-m comment --comment ${name} -m ${lower} -p ${lower} -d ${ip} --dport ${port}`;
  const dnat = `-j DNAT --to-destination 192.168.49.2:${relayPort}`;
  const incoming =
    protocol === 'UDP' ? [dnat] : [`-s ${PODS} ${dnat}`, `-j REDIRECT --to-ports ${relayPort}`];
  const listening = protocol === 'UDP' ? '192.168.49.2' : '0.0.0.0';
  expect(lines.filter((line) => line.includes(` ${name} `))).toEqual([
    ...incoming.map((rest) => `-A KUBE-PORTALS-CONTAINER ${match} ${rest}`),
    `-A KUBE-PORTALS-HOST ${match} ${dnat}`,
    `# listen ${protocol} ${listening}:${relayPort} for ${name} → ${endpoints}`,
  ]);
});

it('has no rule beside those and the jumps', () => {
  const rules = lines.filter((line) => line.startsWith('-A '));
  const tcp = ROWS.filter(({ protocol }) => protocol === 'TCP');
  expect(rules).toHaveLength(2 * ROWS.length + tcp.length);
  const jumps = lines.filter((line) => line.startsWith('-I '));
  expect(jumps.map((line) => `${line.split(' ')[1]} ${line.split(' ').at(-1)}`)).toEqual([
    'INPUT KUBE-EXTERNAL-SERVICES',
    'INPUT KUBE-NODEPORTS',
    'INPUT KUBE-NODEPORT-NON-LOCAL',
    'INPUT KUBE-PROXY-FIREWALL',
    'FORWARD KUBE-EXTERNAL-SERVICES',
    'FORWARD KUBE-SERVICES',
    'FORWARD KUBE-PROXY-FIREWALL',
    'OUTPUT KUBE-SERVICES',
    'OUTPUT KUBE-PROXY-FIREWALL',
    'OUTPUT KUBE-NODEPORT-HOST',
    'OUTPUT KUBE-PORTALS-HOST',
    'PREROUTING KUBE-NODEPORT-CONTAINER',
    'PREROUTING KUBE-PORTALS-CONTAINER',
  ]);
});
