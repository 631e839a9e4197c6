/** Objects for the rows of the reference's Tables (`tables.jsonl`): by the resource's plural, as they are stored. */

/** When the Tables were asked for. */
export const TABLES_NOW_MS = Date.parse('2026-11-30T05:41:36Z');

interface TableObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly namespace: string;
    readonly creationTimestamp: string;
  };
}

const ago = (seconds: number) => new Date(TABLES_NOW_MS - seconds * 1000).toISOString().replace('.000Z', 'Z');

/** @param rest with metadata, if there is more of it */
function made(
  apiVersion: string,
  kind: string,
  name: string,
  rest: object = {},
  ageSeconds = 1,
): TableObject {
  const { metadata = {}, ...fields }: { readonly metadata?: object } = rest;
  const creationTimestamp = ago(ageSeconds);
  return {
    apiVersion,
    kind,
    metadata: { name, namespace: 'tab', creationTimestamp, ...metadata },
    ...fields,
  };
}

const service = (name: string, spec: object, status: object = {}) =>
  made('v1', 'Service', name, { spec: { type: 'ClusterIP', ...spec }, status });

const SERVICES = [
  service('a-cluster', {
    clusterIPs: ['10.96.1.1'],
    ports: [
      { port: 80, protocol: 'TCP' },
      { port: 53, protocol: 'UDP' },
    ],
    selector: { tier: 'y', app: 'x' },
  }),
  service('b-headless', { clusterIPs: ['None'], selector: { a: 'b' } }),
  service('c-nodeport', {
    type: 'NodePort',
    clusterIPs: ['10.96.1.3'],
    ports: [{ port: 80, nodePort: 30_801, protocol: 'TCP' }],
  }),
  service('d-lb-pending', {
    type: 'LoadBalancer',
    clusterIPs: ['10.96.1.4'],
    ports: [{ port: 80, nodePort: 30_802, protocol: 'TCP' }],
  }),
  service(
    'e-lb',
    {
      type: 'LoadBalancer',
      clusterIPs: ['10.96.1.5'],
      ports: [{ port: 80, nodePort: 30_803, protocol: 'TCP' }],
    },
    { loadBalancer: { ingress: [{ hostname: 'lb.example.com' }, { ip: '203.0.113.9' }] } },
  ),
  service('f-external', { type: 'ExternalName', externalName: 'example.com' }),
  service('g-eip', {
    clusterIPs: ['10.96.1.7'],
    externalIPs: ['198.51.100.1', '198.51.100.2'],
    ports: [{ port: 443, protocol: 'TCP' }],
  }),
];

const addresses = (...ips: readonly string[]) => ips.map((ip) => ({ ip }));
const FOUR_IPS = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'];
const endpoints = (name: string, subsets?: object) =>
  made('v1', 'Endpoints', name, subsets === undefined ? {} : { subsets });

const ENDPOINTS = [
  endpoints('e-four', [{ addresses: addresses(...FOUR_IPS), ports: [{ port: 80 }] }]),
  endpoints('e-none'),
  endpoints('e-noports', [{ addresses: addresses('10.0.0.1'), notReadyAddresses: addresses('10.0.0.2') }]),
  endpoints('e-two-ports', [
    { addresses: addresses('10.0.0.1', '10.0.0.2'), ports: [{ port: 80 }, { port: 443 }] },
  ]),
];

const slice = (name: string, addressType: string, ports: unknown, ips: readonly string[]) =>
  made('discovery.k8s.io/v1', 'EndpointSlice', name, {
    addressType,
    ports,
    endpoints: ips.length === 0 ? null : ips.map((ip) => ({ addresses: [ip] })),
  });

const ENDPOINT_SLICES = [
  slice('s-empty', 'IPv4', null, []),
  slice('s-four', 'IPv4', [{ port: 80 }, { port: 81 }, { port: 82 }, { port: 83 }], FOUR_IPS),
  slice('s-noport', 'FQDN', [{ name: 'x' }], ['a.example.com']),
  slice('s-v6', 'IPv6', [{ name: '', port: 80 }], ['2001:db8::1']),
];

const ready = (status: string) => ({ conditions: [{ type: 'Ready', status }] });

const NODES = [
  made('v1', 'Node', 'node-a', {
    metadata: { labels: { 'node-role.kubernetes.io/worker': '', zone: 'a' } },
    status: {
      ...ready('True'),
      addresses: [
        { type: 'Hostname', address: 'node-a' },
        { type: 'InternalIP', address: '192.0.2.1' },
        { type: 'ExternalIP', address: '203.0.113.1' },
      ],
      nodeInfo: {
        kubeletVersion: 'v1.36.2',
        osImage: 'Debian',
        kernelVersion: '6.18',
        architecture: 'amd64',
        containerRuntimeVersion: 'menwei://0.1',
      },
    },
  }),
  made('v1', 'Node', 'node-b', { spec: { unschedulable: true }, status: ready('False') }),
  made('v1', 'Node', 'node-c'),
];

const CONTAINERS = [{ name: 'c', image: 'i' }];
const onNodeA = (
  name: string,
  status: object,
  more: { readonly spec?: object; readonly metadata?: object } = {},
) =>
  made('v1', 'Pod', name, {
    metadata: more.metadata ?? {},
    spec: { nodeName: 'node-a', containers: CONTAINERS, ...more.spec },
    status,
  });
const container = (state: object, more: object = {}) => ({
  containerStatuses: [{ name: 'c', ready: false, restartCount: 0, state, ...more }],
});
const READY_STATUS = {
  phase: 'Running',
  podIPs: [{ ip: '10.0.0.1' }],
  ...ready('True'),
  ...container(
    { running: {} },
    { ready: true, restartCount: 2, lastState: { terminated: { exitCode: 1, finishedAt: ago(41 * 60) } } },
  ),
};

const PODS = [
  onNodeA('p-crash', {
    phase: 'Running',
    ...container({ waiting: { reason: 'CrashLoopBackOff' } }, { restartCount: 5 }),
  }),
  onNodeA('p-done', {
    phase: 'Succeeded',
    ...container({ terminated: { exitCode: 0, reason: 'Completed' } }),
  }),
  onNodeA('p-failed', { phase: 'Failed', reason: 'Evicted' }),
  onNodeA(
    'p-notready',
    { phase: 'Running', ...container({ running: {} }) },
    { spec: { readinessGates: [{ conditionType: 'example.com/gate' }] } },
  ),
  made('v1', 'Pod', 'p-pending', { spec: { containers: CONTAINERS }, status: { phase: 'Pending' } }),
  onNodeA('p-ready', READY_STATUS),
  onNodeA('p-terminating', READY_STATUS, {
    metadata: { creationTimestamp: ago(0), deletionTimestamp: ago(-30), deletionGracePeriodSeconds: 30 },
  }),
];

const event = (name: string, about: string, fields: object) =>
  made('v1', 'Event', name, {
    involvedObject: { kind: 'Service', name: about, namespace: 'tab' },
    ...fields,
  });

const EVENTS = [
  event('e-lb.18ecbc36f21d686b', 'e-lb', {
    type: 'Warning',
    reason: 'ClusterIPNotAllocated',
    message: 'Cluster IP [IPv4]: 10.96.1.5 is not allocated; repairing',
    eventTime: ago(0).replace('Z', '.123456Z'),
    reportingComponent: 'ipallocator-repair-controller',
    reportingInstance: 'ipallocator-repair-controller-vm',
  }),
  event('ev1', 'a-cluster', {
    type: 'Warning',
    reason: 'R',
    message: 'hello world\n',
    source: { component: 'comp', host: 'h' },
    firstTimestamp: ago(41 * 60),
    lastTimestamp: ago(31 * 60),
    count: 3,
  }),
];

const NETWORKING = 'networking.k8s.io/v1';
const ipAddress = (name: string, namespace: string, service: string, ageSeconds: number) =>
  made(
    NETWORKING,
    'IPAddress',
    name,
    { spec: { parentRef: { resource: 'services', namespace, name: service } } },
    ageSeconds,
  );

/** In the order of the rows. */
export const TABLE_OBJECTS: Readonly<Record<string, readonly TableObject[]>> = {
  services: SERVICES,
  endpoints: ENDPOINTS,
  endpointslices: ENDPOINT_SLICES,
  nodes: NODES,
  pods: PODS,
  events: EVENTS,
  configmaps: [made('v1', 'ConfigMap', 'cm', { data: { a: '1' }, binaryData: { b: 'AA==' } }, 0)],
  leases: [made('coordination.k8s.io/v1', 'Lease', 'l', { spec: { holderIdentity: 'me' } }, 0)],
  serviceaccounts: [made('v1', 'ServiceAccount', 'default')],
  ingresses: [
    made(
      NETWORKING,
      'Ingress',
      'i',
      { spec: { ingressClassName: 'ic', rules: [{ host: 'a.b' }], tls: [{ hosts: ['a.b'] }] } },
      0,
    ),
  ],
  ingressclasses: [
    made(
      NETWORKING,
      'IngressClass',
      'ic',
      {
        metadata: { annotations: { 'ingressclass.kubernetes.io/is-default-class': 'true' } },
        spec: { controller: 'menwei.dev/ingress' },
      },
      0,
    ),
  ],
  servicecidrs: [
    made(NETWORKING, 'ServiceCIDR', 'extra', { spec: { cidrs: ['10.200.0.0/24'] } }, 0),
    made(
      NETWORKING,
      'ServiceCIDR',
      'kubernetes',
      { spec: { cidrs: ['10.96.0.0/16', 'fd00:96::/112'] } },
      221,
    ),
  ],
  ipaddresses: [
    ipAddress('10.96.0.1', 'default', 'kubernetes', 220),
    ipAddress('10.96.1.1', 'tab', 'a-cluster', 1),
    ipAddress('10.96.1.3', 'tab', 'c-nodeport', 1),
    ipAddress('10.96.1.4', 'tab', 'd-lb-pending', 1),
    ipAddress('10.96.1.5', 'tab', 'e-lb', 1),
    ipAddress('10.96.1.7', 'tab', 'g-eip', 1),
    ipAddress('10.96.50.19', 'default', 'gen-5trmw', 152),
  ],
  namespaces: [
    ...['default', 'kube-node-lease', 'kube-public', 'kube-system'].map((name) =>
      made('v1', 'Namespace', name, { status: { phase: 'Active' } }, 221),
    ),
    made('v1', 'Namespace', 'svc', { status: { phase: 'Active' } }, 79),
    made('v1', 'Namespace', 'tab', { status: { phase: 'Active' } }),
  ],
};
