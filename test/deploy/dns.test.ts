/** What deploy/ gives for names: that kubectl and Kubernetes' types take it, and that the Corefile in it is one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseCorefile } from 'menwei/dns/corefile/corefile.ts';
import { afterAll, describe, expect, it } from 'vitest';
import { Helm } from './helm.ts';
import { findUnknownFields } from './known-fields.ts';
import { applyDry, DEPLOY, find, kustomize, parse, renderChart } from './rendered.ts';

const folder = mkdtempSync(join(tmpdir(), 'menwei-deploy-dns-'));
const helm = new Helm();
afterAll(() => {
  helm[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const ALL = ['dns', 'dns-service', 'dns-daemonset', 'dns-node-local'].map(
  (name) => [name, kustomize(join(DEPLOY, name))] as const,
);
const [
  [, DEPLOYMENT] = ['', ''],
  [, SERVICE] = ['', ''],
  [, DAEMON_SET] = ['', ''],
  [, NODE_LOCAL] = ['', ''],
] = ALL;

describe.each(ALL)('deploy/%s', (_name, text) => {
  it('is taken by kubectl', async () => {
    const lines = await applyDry(text, folder);
    expect(lines.filter((line) => !line.endsWith(' created (dry run)'))).toEqual([]);
    expect(lines).toHaveLength(parse(text).length);
  });

  it("has fields of Kubernetes' types alone", () => {
    expect(parse(text).flatMap(findUnknownFields)).toEqual([]);
  });
});

it('has pods that the Service kube-dns finds, CoreDNS’s own as well', () => {
  const { selector } = find(parse(SERVICE), 'Service').spec;
  expect(selector).toEqual({ 'k8s-app': 'kube-dns' });
  expect(find(parse(DAEMON_SET), 'Service').spec).toMatchObject({
    selector,
    trafficDistribution: 'PreferSameNode',
  });
  const templateOf = (text: string, kind: string) => find(parse(text), kind, 'menwei-dns').spec.template;
  for (const template of [templateOf(DEPLOYMENT, 'Deployment'), templateOf(DAEMON_SET, 'DaemonSet')]) {
    expect(template.metadata.labels).toMatchObject(selector);
    expect(template.spec.containers[0].securityContext.capabilities).toEqual({
      drop: ['ALL'],
      add: ['NET_BIND_SERVICE'],
    });
  }
});

it('has no more rights on the node than an interface, rules and port 53 take', () => {
  const { spec } = find(parse(NODE_LOCAL), 'DaemonSet', 'menwei-dns-node-local').spec.template;
  const [{ args, securityContext }] = spec.containers;
  expect(spec.hostNetwork).toBe(true);
  expect(args).toContain('--node-local');
  expect(securityContext.capabilities).toEqual({ drop: ['ALL'], add: ['NET_ADMIN', 'NET_BIND_SERVICE'] });
});

it('has a Corefile that tells readiness and health where the probes ask', () => {
  const corefile = parseCorefile(find(parse(SERVICE), 'ConfigMap', 'coredns').data.Corefile, 'Corefile');
  const [container] = find(parse(DEPLOYMENT), 'Deployment', 'menwei-dns').spec.template.spec.containers;
  expect(corefile).toMatchObject({
    ready: `:${container.readinessProbe.httpGet.port}`,
    health: `:${container.livenessProbe.httpGet.port}`,
    lameduckMs: 5_000,
    notes: [],
  });
});

describe.each(['Deployment', 'DaemonSet'])('the chart with a %s', (kind) => {
  const text = renderChart(helm, [
    'dns.enabled=true',
    `dns.onEachNode=${kind === 'DaemonSet'}`,
    'dns.extraArgs[0]=--dns-ttl=30',
  ]);
  const chart = parse(text);

  it('is taken by kubectl, with known fields alone', async () => {
    expect((await applyDry(text, folder)).filter((line) => !line.endsWith(' created (dry run)'))).toEqual([]);
    expect(chart.flatMap(findUnknownFields)).toEqual([]);
  });

  it('says what the manifests say', () => {
    const manifests = parse(kind === 'DaemonSet' ? DAEMON_SET : DEPLOYMENT);
    const [ours] = find(chart, kind, 'menwei-dns').spec.template.spec.containers;
    const [theirs] = find(manifests, kind, 'menwei-dns').spec.template.spec.containers;
    const { image: _image, imagePullPolicy: _policy, ...container } = ours;
    const { image: _theirs, ...expected } = theirs;
    expect(container).toEqual({ ...expected, args: [...expected.args, '--dns-ttl=30'] });
    expect(find(chart, 'ClusterRole', 'menwei-dns').rules).toEqual(
      find(manifests, 'ClusterRole', 'menwei-dns').rules,
    );
  });
});
