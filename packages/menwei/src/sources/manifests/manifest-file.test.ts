import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../kubernetes/objects.ts';
import { DEFAULT_NODE_PORT_RANGE } from './allocation.ts';
import { formatManifestError, readManifestFile } from './manifest-file.ts';

function read(text: string, range = DEFAULT_NODE_PORT_RANGE) {
  return readManifestFile('services.yaml', text, range);
}

/** A Service as a document of one line. */
function service(name: string, spec = 'clusterIP: 172.30.0.41, ports: [{port: 80}]'): string {
  return `{apiVersion: v1, kind: Service, metadata: {name: ${name}}, spec: {${spec}}}\n`;
}

function jsonService(name: string, indent = 0): string {
  const spec = { clusterIP: '172.30.0.41', ports: [{ port: 80 }] };
  return JSON.stringify({ apiVersion: 'v1', kind: 'Service', metadata: { name }, spec }, null, indent);
}

function messagesOf(text: string): readonly string[] {
  const { problems, errors } = read(text);
  return [...problems.map(formatProblem), ...errors.map(formatManifestError)];
}

describe('the objects of a file', () => {
  it.each([
    ['a Service', service('web'), ['Service/default/web']],
    ['several documents', `${service('a')}---\n${service('b')}`, ['Service/default/a', 'Service/default/b']],
    ['a Node', 'apiVersion: v1\nkind: Node\nmetadata: {name: node-1}\n', ['Node//node-1']],
    [
      'a slice',
      'apiVersion: discovery.k8s.io/v1\nkind: EndpointSlice\nmetadata: {name: s, labels: {kubernetes.io/service-name: web}}\n',
      ['EndpointSlice/default/s'],
    ],
    [
      'Endpoints',
      'apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\nsubsets: [{addresses: [{ip: 10.0.0.1}], ports: [{port: 80}]}]\n',
      ['EndpointSlice/default/web.subset-0.ipv4'],
    ],
    [
      'a List',
      `apiVersion: v1\nkind: List\nitems:\n- ${service('a')}- ${service('b')}`,
      ['Service/default/a', 'Service/default/b'],
    ],
    [
      'a List of a kind',
      'apiVersion: v1\nkind: NodeList\nitems: [{metadata: {name: node-1}}]\n',
      ['Node//node-1'],
    ],
    [
      'a ServiceCIDR',
      'apiVersion: networking.k8s.io/v1\nkind: ServiceCIDR\nmetadata: {name: kubernetes}\nspec: {cidrs: [10.96.0.0/12]}\n',
      ['ServiceCIDR//kubernetes'],
    ],
    [
      'a List of ServiceCIDRs of the time before v1',
      'apiVersion: networking.k8s.io/v1beta1\nkind: ServiceCIDRList\nitems: [{metadata: {name: kubernetes}}]\n',
      ['ServiceCIDR//kubernetes'],
    ],
    ['an empty List', 'apiVersion: v1\nkind: ServiceList\nitems: null\n', []],
    ['comments', '# nothing here\n', []],
    ['a separator at the end', `${service('a')}---\n`, ['Service/default/a']],
    [
      'JSON objects in lines',
      `${jsonService('a')}\n${jsonService('b')}\n`,
      ['Service/default/a', 'Service/default/b'],
    ],
    [
      'JSON objects in several lines each',
      `${jsonService('a', 2)}\n${jsonService('b', 2)}\n---\n${service('c')}`,
      ['Service/default/a', 'Service/default/b', 'Service/default/c'],
    ],
    [
      'Windows line ends',
      `${service('a')}---\n${service('b')}`.replaceAll('\n', '\r\n'),
      ['Service/default/a', 'Service/default/b'],
    ],
    [
      'anchors and merges',
      `apiVersion: v1\nkind: List\nitems:\n- &a ${service('a')}- {<<: *a, metadata: {name: b}}\n`,
      ['Service/default/a', 'Service/default/b'],
    ],
  ])('%s', (_, text, keys) => {
    const file = read(text);
    expect([...file.objects.keys()]).toEqual(keys);
    expect(file).toMatchObject({
      problems: [],
      errors: [],
      unreadable: false,
      broken: new Set(),
      ignoredKinds: new Set(),
    });
  });

  it('of other kinds are named and passed over', () => {
    const other = 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n';
    const file = read(
      `${other}---\n${other}---\napiVersion: v1\nkind: List\nitems: [{apiVersion: v1, kind: Secret}]\n`,
    );
    expect([...file.ignoredKinds]).toEqual(['apps/v1 Deployment', 'v1 Secret']);
    expect(file).toMatchObject({ problems: [], errors: [], unreadable: false });
  });
});

describe('a key that stands twice', () => {
  it.each([
    [
      'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  labels:\n    app: a\n    app: b\nspec: {clusterIP: 172.30.0.41}\n',
      'services.yaml:7: Service default/web: metadata.labels.app is set more than once; the last one is used',
    ],
    [
      `apiVersion: v1\nkind: List\nitems:\n- ${service('a')}- ${service('b', 'clusterIP: None,\n    clusterIP: 172.30.0.41')}`,
      'services.yaml:6: Service default/b: spec.clusterIP is set more than once; the last one is used',
    ],
    [
      `apiVersion: v1\nkind: List\nitems: []\nitems:\n- ${service('a')}`,
      'services.yaml:4: v1 List: items is set more than once; the last one is used',
    ],
    [
      jsonService('web').replace('"spec"', '"spec":{},\n"spec"'),
      'services.yaml:2: Service default/web: spec is set more than once; the last one is used',
    ],
    [
      'apiVersion: v1\nkind: Endpoints\nmetadata: {name: web, name: db}\nsubsets: []\n',
      'services.yaml:3: Endpoints default/db: metadata.name is set more than once; the last one is used',
    ],
  ])('counts as it stands last, and is warned of: %j', (text, expected) => {
    const file = read(text);
    expect(file.warnings.map(formatManifestError)).toEqual([expected]);
    expect(file).toMatchObject({ problems: [], errors: [], unreadable: false });
    for (const { object } of file.objects.values()) {
      expect(object).toMatchObject({ clusterIPs: { IPv4: '172.30.0.41' } });
    }
  });
});

describe('what is wrong with an object', () => {
  it.each<[string, string, string, number?]>([
    [
      'a field',
      service('web', 'clusterIP: 172.30.0.41,\nports: [{port: 0}]'),
      'services.yaml:2: Service default/web: spec.ports[0].port: 0 is outside 1-65535',
    ],
    [
      'no address',
      service('web', 'ports: [{port: 80}]'),
      'services.yaml:1: Service default/web: spec.clusterIP: missing; a manifest must set it to an address or None',
    ],
    [
      'two addresses',
      service('web', 'clusterIP: 172.30.0.41, clusterIPs: [172.30.0.42]'),
      'services.yaml:1: Service default/web: spec.clusterIPs[0]: 172.30.0.42 is not spec.clusterIP, 172.30.0.41',
    ],
    [
      'a node port out of range',
      service('web', 'type: NodePort, clusterIP: 172.30.0.41, ports: [{port: 80, nodePort: 8080}]'),
      'services.yaml:1: Service default/web: spec.ports[0].nodePort: 8080 is outside 30000-32767',
    ],
    [
      'a node port missing',
      service('web', 'type: NodePort, clusterIP: 172.30.0.41, ports: [{port: 80}]'),
      'services.yaml:1: Service default/web: spec.ports[0].nodePort: missing; a manifest must set it',
    ],
    [
      'a health check port out of range',
      service('web', 'type: LoadBalancer, clusterIP: 172.30.0.41, healthCheckNodePort: 80'),
      'services.yaml:1: Service default/web: spec.healthCheckNodePort: 80 is outside 30000-32767',
    ],
    [
      'source ranges that nobody reads',
      'apiVersion: v1\nkind: Service\nmetadata:\n  name: web\n  annotations:\n    service.beta.kubernetes.io/load-balancer-source-ranges: 10.0.0.0/8\nspec: {clusterIP: None}\n',
      'services.yaml:5: Service default/web: metadata.annotations.service.beta.kubernetes.io/load-balancer-source-ranges: is not supported, so all sources are allowed; use spec.loadBalancerSourceRanges',
      1,
    ],
    [
      'source ranges',
      service('web', 'clusterIP: 172.30.0.41, loadBalancerSourceRanges: [198.51.100.7]'),
      'services.yaml:1: Service default/web: spec.loadBalancerSourceRanges[0]: 198.51.100.7 is not a CIDR; it allows no source',
      1,
    ],
    [
      'a name that is a number',
      service('7'),
      'services.yaml:1: Service default/7: metadata.name: 7 is not a name (lower-case letters, digits and "-", at most 63)',
    ],
  ])('is said with file, line, object and field: %s', (_, text, expected, usable = 0) => {
    expect(messagesOf(text)).toEqual([expected]);
    expect(read(text).objects.size).toBe(usable);
  });

  it('is summed, however often it is wrong', () => {
    const endpoints = Array.from({ length: 61_000 }, () => ({ addresses: ['x'] }));
    const metadata = { name: 'web', labels: { 'kubernetes.io/service-name': 'web' } };
    const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, endpoints };
    const messages = messagesOf(JSON.stringify(slice));
    expect(messages).toHaveLength(6);
    expect(messages[0]).toContain(
      'endpoints[0].addresses[0]: x is not an IPv4 address; the endpoint is left out',
    );
    expect(messages[5]).toMatch(/EndpointSlice default\/web: and 60995 more problems$/);
  });

  it.each([
    ['ExternalName', service('web', 'type: ExternalName, externalName: example.com')],
    ['headless', service('web', 'clusterIP: None, ports: [{port: 80}]')],
    [
      'load balancer without node ports',
      service('web', 'type: LoadBalancer, clusterIP: 172.30.0.41, ports: [{port: 80}]'),
    ],
  ])('is not that it has nothing to allocate: %s', (_, text) => {
    expect(messagesOf(text)).toEqual([]);
    expect(read(text).objects.size).toBe(1);
  });

  it('is no node port in the configured range', () => {
    const text = service(
      'web',
      'type: NodePort, clusterIP: 172.30.0.41, ports: [{port: 80, nodePort: 8080}]',
    );
    expect(read(text, { first: 8000, last: 9000 }).problems).toEqual([]);
  });

  it('is told by the line of the item in a list and of the subset in Endpoints', () => {
    const list = `apiVersion: v1\nkind: List\nitems:\n- ${service('a')}- apiVersion: v1\n  kind: Service\n  metadata:\n    name: b\n  spec:\n    clusterIP: x\n`;
    expect(messagesOf(list)).toEqual([
      'services.yaml:10: Service default/b: spec.clusterIP: x is not an IP address',
    ]);
    const endpoints =
      'apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\nsubsets:\n- addresses:\n  - {ip: x}\n';
    expect(messagesOf(endpoints)).toEqual([
      'services.yaml:6: EndpointSlice default/web.subset-0.ipv4: subsets[0].addresses[0].ip: x is not an IPv4 address; the endpoint is left out',
    ]);
  });

  it('does not touch its neighbours', () => {
    const file = read(`${service('a')}---\n${service('b', 'clusterIP: x')}---\n${service('c')}`);
    expect([...file.objects.keys()]).toEqual(['Service/default/a', 'Service/default/c']);
    expect(file).toMatchObject({ broken: new Set(['Service/default/b']), unreadable: false });
  });

  it('is that it is there twice', () => {
    expect(messagesOf(`${service('a')}---\n${service('a')}`)).toEqual([
      'services.yaml:3: Service default/a: is in this file twice; the first one is used',
    ]);
  });
});

describe('a document that can not be read', () => {
  it('is put down to its object when that can still be told', () => {
    const file = read('apiVersion: v1\nkind: Service\nmetadata:\n  name: web\nspec:\n  ports: [\n');
    expect(file).toMatchObject({ broken: new Set(['Service/default/web']), unreadable: false, errors: [] });
    expect(file.problems.map(formatProblem)).toEqual([
      expect.stringMatching(/^services.yaml:\d: Service default\/web: /),
    ]);
  });

  it.each([
    ['syntax', 'a: [', /^services.yaml:1: /],
    ['no object', 'just a text', /^services.yaml:1: not a Kubernetes object/],
    ['a list of objects', `- ${service('web')}`, /^services.yaml:1: not a Kubernetes object/],
    ['no kind', 'apiVersion: v1\nmetadata: {name: web}\n', /^services.yaml:1: not a Kubernetes object/],
    [
      'a list within a list',
      'apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: List, items: []}\n',
      /^services.yaml:4: v1 List: a list within a list/,
    ],
    [
      'a list of nothing',
      'apiVersion: v1\nkind: List\nitems: 7\n',
      /^services.yaml:3: v1 List: items: 7 is not a list/,
    ],
    ['a list item', 'apiVersion: v1\nkind: List\nitems:\n- 7\n', /^services.yaml:4: not a Kubernetes object/],
    [
      'no name',
      'apiVersion: v1\nkind: Service\nmetadata: {}\nspec: {clusterIP: None}\n',
      /^services.yaml:3: Service default\/\(no name\): metadata.name: missing/,
    ],
    [
      'Endpoints',
      'apiVersion: v1\nkind: Endpoints\nmetadata: {name: web}\nsubsets: 7\n',
      /^services.yaml:4: EndpointSlice default\/web: subsets: 7 is not a list/,
    ],
  ])('may have been any object: %s', (_, text, expected) => {
    expect(read(text).unreadable).toBe(true);
    expect(messagesOf(text)).toEqual([expect.stringMatching(expected)]);
  });
});

describe('a field that Kubernetes does not have', () => {
  it.each([
    ['misspelt', 'loadBalancerSourceRange: [10.0.0.0/8]', 'spec.loadBalancerSourceRange'],
    ['with another case', 'externaltrafficPolicy: Local', 'spec.externaltrafficPolicy'],
    ['that is one of every map here', 'constructor: Local', 'spec.constructor'],
    ['of a port', 'ports: [{port: 80, nodeport: 30080}]', '"spec.ports[0].nodeport"'],
    ['that steers a terminal', '"a\\e[2J": x', '"spec.a\\u001b[2J"'],
  ])('is told: %s', (_, field, told) => {
    const file = read(service('web', `clusterIP: 172.30.0.41, ${field}`));
    expect(file.warnings.map(formatManifestError)).toEqual([
      `services.yaml:1: Service default/web: ${told} is not a field of a Service; ignored`,
    ]);
    expect([...file.objects.keys()]).toEqual(['Service/default/web']);
  });
});
