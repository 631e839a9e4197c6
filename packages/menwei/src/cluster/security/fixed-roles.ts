/** The roles that every cluster has (cluster § 13.3). */
import { RESOURCES } from '../kinds/resources.ts';
import type { PolicyRule, Role, Subject } from './policy.ts';

export const ADMINS = 'system:masters';
export const NODES = 'system:nodes';
export const AUTHENTICATED = 'system:authenticated';
export const UNAUTHENTICATED = 'system:unauthenticated';

const READ = ['get', 'list', 'watch'];
const HEALTH_AND_VERSION = ['/healthz', '/livez', '/readyz', '/version', '/version/'];

const EVENT_WRITER: PolicyRule = {
  verbs: ['create', 'patch', 'update'],
  apiGroups: ['', 'events.k8s.io'],
  resources: ['events'],
};

function group(name: string): Subject {
  return { kind: 'Group', name };
}

function rule(verbs: readonly string[], apiGroup: string, ...resources: readonly string[]): PolicyRule {
  return { verbs, apiGroups: [apiGroup], resources };
}

/** What a proxy reads. */
const PROXY_READS: readonly PolicyRule[] = [
  rule(['list', 'watch'], '', 'services', 'endpoints'),
  rule(['list', 'watch'], 'discovery.k8s.io', 'endpointslices'),
  rule(['list', 'watch'], 'networking.k8s.io', 'servicecidrs'),
  rule(READ, '', 'nodes'),
];

/**
 * Leases that nodes announce by, and one by which the controller is chosen; what load balancing is set up with. Who asks for
 * kinds of Cilium is to hear that there are none.
 */
const LOAD_BALANCING: readonly PolicyRule[] = [
  rule([...READ, 'create', 'patch', 'update'], 'coordination.k8s.io', 'leases'),
  {
    verbs: READ,
    apiGroups: ['metallb.io', 'menwei.dev'],
    resources: ['ipaddresspools', 'l2advertisements'],
  },
  rule(READ, 'cilium.io', 'ciliumloadbalancerippools', 'ciliuml2announcementpolicies'),
];

/** In the order in which a review of rules tells them. */
export const FIXED_ROLES: readonly Role[] = [
  {
    role: 'public-info-viewer',
    subjects: [group(AUTHENTICATED), group(UNAUTHENTICATED)],
    rules: [{ verbs: ['get'], nonResourceURLs: HEALTH_AND_VERSION }],
  },
  {
    role: 'admin',
    subjects: [group(ADMINS)],
    rules: [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ],
  },
  {
    role: 'basic-user',
    subjects: [group(AUTHENTICATED)],
    rules: [
      rule(['create'], 'authorization.k8s.io', 'selfsubjectaccessreviews', 'selfsubjectrulesreviews'),
      rule(['create'], 'authentication.k8s.io', 'selfsubjectreviews'),
    ],
  },
  {
    role: 'discovery',
    subjects: [group(AUTHENTICATED)],
    rules: [
      { verbs: ['get'], nonResourceURLs: ['/.well-known', '/.well-known/*'] },
      {
        verbs: ['get'],
        nonResourceURLs: [
          ...['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez'],
          ...['/openapi', '/openapi/*', '/readyz', '/version', '/version/'],
        ],
      },
    ],
  },
  { role: 'viewer', subjects: [group('menwei:viewers')], rules: viewerRules() },
  {
    role: 'proxy',
    subjects: [{ kind: 'User', name: 'system:kube-proxy' }, group('menwei:proxies')],
    rules: [...PROXY_READS, EVENT_WRITER],
  },
  {
    role: 'announcer',
    subjects: [group('menwei:announcers')],
    rules: [...PROXY_READS, ...LOAD_BALANCING, EVENT_WRITER],
  },
  { role: 'node', subjects: [group(NODES)], rules: [EVENT_WRITER] },
  {
    role: 'load-balancer',
    subjects: [group('menwei:loadbalancers')],
    rules: [
      rule(READ, '', 'services', 'nodes', 'namespaces'),
      rule(READ, 'discovery.k8s.io', 'endpointslices'),
      rule(['get', 'patch', 'update'], '', 'services/status'),
      ...LOAD_BALANCING,
      EVENT_WRITER,
    ],
  },
  {
    role: 'dns',
    subjects: [group('menwei:dns')],
    rules: [
      rule(READ, '', 'services', 'namespaces', 'pods'),
      rule(READ, 'discovery.k8s.io', 'endpointslices'),
    ],
  },
];

/** Each kind by its name: a subresource such as `pods/exec` is got, too, and is nothing to look at. */
function viewerRules(): readonly PolicyRule[] {
  const kept = RESOURCES.filter(({ storedAs }) => storedAs !== undefined);
  const byGroup = Map.groupBy(kept, (resource) => resource.group);
  return Array.from(byGroup, ([apiGroup, resources]) => {
    const names = resources.flatMap(({ resource, subresources }) => [
      resource,
      ...subresources
        .filter((each) => each === 'status' || each === 'log')
        .map((each) => `${resource}/${each}`),
    ]);
    return rule(READ, apiGroup, ...names);
  });
}
