/** What deploy/ gives for load balancing: that kubectl, helm and Kubernetes' types take it, and that its rights are enough. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resourceOf } from 'menwei/cluster/kinds/resources.ts';
import { shapeOf } from 'menwei/cluster/schema/shape.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findKubectl } from '../../scripts/kubectl.ts';
import { DeployedCluster, DeployedProcess } from './deployed.ts';
import { Helm } from './helm.ts';
import { findUnknownFields } from './known-fields.ts';
import {
  applyDry,
  CHART,
  DEPLOY,
  find,
  kustomize,
  kustomizeWith,
  type Manifest,
  parse,
  renderChart,
} from './rendered.ts';

const helm = new Helm();
const folder = mkdtempSync(join(tmpdir(), 'menwei-deploy-lb-'));
afterAll(() => {
  helm[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const CONTROLLER = kustomize(join(DEPLOY, 'load-balancer'));
const ANNOUNCER = kustomize(join(DEPLOY, 'load-balancer/announcer'));
const ANNOUNCING = kustomizeWith(folder, 'load-balancer/announce');
const ENABLED = ['loadBalancer.enabled=true', 'loadBalancer.announce=true'];
const CHARTED = renderChart(helm, ENABLED);
const WITH_VALUES = renderChart(helm, [
  ...ENABLED,
  ...[
    'crds=false',
    'createNamespace=false',
    'namespace=lb',
    'default=menwei.dev/l2',
    'classes[0]=a.dev/b',
  ].map((each) => `loadBalancer.${each}`),
  'loadBalancer.extraArgs[0]=--release-on-pool-change',
]);

const ALL: readonly (readonly [string, string])[] = [
  ['the manifests of the controller', CONTROLLER],
  ['the manifests of a proxy that announces', ANNOUNCING],
  ['the manifests of an announcer beside another proxy', ANNOUNCER],
  ['the chart', CHARTED],
  ['the chart with other values', WITH_VALUES],
];

it.each(ALL)('kubectl takes %s', async (_what, text) => {
  const lines = await applyDry(text, folder);
  expect(lines.filter((line) => !line.endsWith(' created (dry run)'))).toEqual([]);
  expect(lines).toHaveLength(parse(text).length);
});

it.each(ALL)("Kubernetes' types have all fields of %s", (_what, text) => {
  expect(parse(text).flatMap(findUnknownFields)).toEqual([]);
});

describe('the chart', () => {
  it('has the definitions of the manifests', () => {
    const read = (path: string) => readFileSync(join(DEPLOY, path), 'utf8');
    expect(read('helm/menwei/files/crds.yaml')).toBe(read('load-balancer/crds.yaml'));
    const names = (text: string) =>
      parse(text).flatMap(({ kind, metadata }) =>
        kind === 'CustomResourceDefinition' ? [metadata.name] : [],
      );
    expect(names(CHARTED)).toEqual(['ipaddresspools.menwei.dev', 'l2advertisements.menwei.dev']);
    expect(names(WITH_VALUES)).toEqual([]);
  });

  it('passes helm lint', () => {
    const set = ['apiServer.host=x', ...ENABLED].flatMap((each) => ['--set', each]);
    expect(helm.run('lint', CHART, '--strict', ...set)).toContain('0 chart(s) failed');
  });

  it('says what the manifests say', () => {
    const untagged = ({ image: _image, imagePullPolicy: _policy, ...container }: Manifest) => container;
    const withoutNames = (value: Manifest): Manifest =>
      JSON.parse(
        JSON.stringify(value)
          .replaceAll(/"app\.kubernetes\.io\/(name|instance)":"[^"]*",?/g, '')
          .replaceAll(/"k8s-app":"[^"]*"/g, ''),
      );
    const podOf = (text: string) => {
      const { containers, ...spec } = find(parse(text), 'Deployment', 'menwei-lb').spec.template.spec;
      return withoutNames({ ...spec, containers: containers.map(untagged) });
    };
    expect(podOf(CHARTED)).toEqual(podOf(CONTROLLER));
    for (const kind of ['ClusterRole', 'Role']) {
      const rules = (text: string, name: string) => find(parse(text), kind, name).rules;
      expect(rules(CHARTED, 'menwei-lb')).toEqual(rules(CONTROLLER, 'menwei-lb'));
      expect(rules(CHARTED, 'menwei-announce')).toEqual(rules(ANNOUNCING, 'menwei-announce'));
    }
    const argsOf = (text: string) => find(parse(text), 'DaemonSet').spec.template.spec.containers[0].args;
    expect(argsOf(CHARTED)).toEqual(argsOf(ANNOUNCING));
  });

  it('passes its values on', () => {
    const [container] = find(parse(WITH_VALUES), 'Deployment').spec.template.spec.containers;
    expect(container.args).toEqual([
      'lb',
      '--namespace=lb',
      '--bind-address=0.0.0.0:10264',
      '--load-balancer-class=a.dev/b',
      '--default-load-balancer=menwei.dev/l2',
      '--release-on-pool-change',
    ]);
    expect(find(parse(WITH_VALUES), 'Namespace')).toBeUndefined();
  });
});

describe('the definitions', () => {
  const definitions: readonly (readonly [string, string])[] = [
    ['ipaddresspools', 'ipaddresspools.menwei.dev'],
    ['l2advertisements', 'l2advertisements.menwei.dev'],
  ];

  it.each(definitions)('of %s have the fields that menwei cluster has', (resource, name) => {
    const { spec } = find(parse(CONTROLLER), 'CustomResourceDefinition', name);
    const [version] = spec.versions;
    const known = resourceOf('menwei.dev', resource);
    expect([spec.names.kind, version.name]).toEqual([known.kind, known.version]);
    const message = shapeOf(known.message).fields.find((field) => field.name === 'spec')?.type;
    if (message?.is !== 'message') throw new Error('no spec');
    expect(fieldsOf(version.schema.openAPIV3Schema.properties.spec)).toEqual(fieldsIn(message.name));
  });
});

/** The paths of all fields. */
function fieldsOf(schema: Manifest, path = ''): readonly string[] {
  const inner = schema.items ?? schema;
  return Object.entries<Manifest>(inner.properties ?? {})
    .flatMap(([name, field]) => [`${path}.${name}`, ...fieldsOf(field, `${path}.${name}`)])
    .sort();
}

function fieldsIn(message: string, path = ''): readonly string[] {
  return shapeOf(message)
    .fields.flatMap(({ name, type }) => {
      const inner = type.is === 'list' ? type.of : type;
      return [`${path}.${name}`, ...(inner.is === 'message' ? fieldsIn(inner.name, `${path}.${name}`) : [])];
    })
    .sort();
}

const kubectl = findKubectl('1.20') ?? '';

describe.skipIf(kubectl === '')('the rights of the controller', () => {
  let cluster: DeployedCluster;
  beforeAll(async () => {
    cluster = await DeployedCluster.start(kubectl);
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  it('are enough, and so are its flags: a Service gets an address, and events say so', async () => {
    const manifests = parse(CONTROLLER);
    const kubeconfig = await cluster.admit(manifests, 'menwei-lb');
    await cluster.apply(POOL, SERVICE);
    const [container] = find(manifests, 'Deployment').spec.template.spec.containers;
    const args = container.args.map((arg: string) => arg.replace('0.0.0.0:10264', '127.0.0.1:0'));
    const ingress = ['get', 'service', 'web', '-o', 'jsonpath={.status.loadBalancer.ingress[0].ip}'];
    const reasons = ['get', 'events', '-o', 'jsonpath={.items[*].reason}'];
    await using controller = new DeployedProcess([...args, '--kubeconfig', kubeconfig, '-v', '2']);
    await expect
      .poll(async () => (await cluster.run(ingress)) || controller.log(), { timeout: 15_000 })
      .toBe('192.0.2.0');
    await expect.poll(() => cluster.run(reasons), { timeout: 15_000 }).toContain('IPAllocated');
    expect(controller.log()).not.toContain('forbidden');
    expect(await cluster.run(['-n', 'menwei', 'get', 'leases', '-o', 'name'])).toContain(
      'menwei-load-balancer',
    );
  });
});

const POOL = {
  apiVersion: 'menwei.dev/v1alpha1',
  kind: 'IPAddressPool',
  metadata: { name: 'first', namespace: 'default' },
  spec: { addresses: ['192.0.2.0/24'] },
};
const SERVICE = {
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name: 'web', namespace: 'default' },
  spec: { type: 'LoadBalancer', loadBalancerClass: 'menwei.dev/l2', ports: [{ port: 80 }] },
};
