/** What deploy/ gives to a cluster: that kubectl, helm and Kubernetes' types take it, and that all of it says the same. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveSettings } from 'menwei/config/resolve.ts';
import { afterAll, describe, expect, it } from 'vitest';
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
const folder = mkdtempSync(join(tmpdir(), 'menwei-deploy-'));
afterAll(() => {
  helm[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

const template = (...settings: readonly string[]) => renderChart(helm, settings);

const VALUES: readonly (readonly string[])[] = [
  [],
  ['mode=ipvs', 'config.ipvs.scheduler=wlc', 'clusterCIDR=10.244.0.0/16', 'logFormat=json', 'logVerbosity=2'],
  ['setup.enabled=false', 'rbac.create=false', 'serviceAccount.create=false', 'serviceAccount.name=proxy'],
  ['taintUntilReady=menwei.dev/not-ready:NoSchedule', 'config.conntrack.min=0'],
  ['image.pullSecrets[0].name=s', 'podAnnotations.a=b', 'podLabels.c=d', 'extraArgs[0]=--ipvs-required'],
];
const PLAIN = parse(kustomize(join(DEPLOY, 'kubernetes')));
const CHARTED = parse(template());

describe('kubectl', () => {
  it.each<readonly [string, string]>([
    ['the manifests', kustomize(join(DEPLOY, 'kubernetes'))],
    ...VALUES.map((values) => [`the chart with ${values}`, template(...values)] as const),
  ])('takes %s', async (_what, text) => {
    const lines = await applyDry(text, folder);
    expect(lines.filter((line) => !line.endsWith(' created (dry run)'))).toEqual([]);
    expect(lines).toHaveLength(parse(text).length);
  });
});

describe("Kubernetes' types", () => {
  it.each<readonly [string, readonly Manifest[]]>([
    ['the manifests', PLAIN],
    ...VALUES.map((values) => [`the chart with ${values}`, parse(template(...values))] as const),
  ])('have all fields of %s', (_what, manifests) => {
    expect(manifests.flatMap(findUnknownFields)).toEqual([]);
  });

  it('would find a wrong field', () => {
    const pod = { apiVersion: 'v1', kind: 'Pod', spec: { hostnetwork: true, containers: [{ name: 1 }] } };
    expect(findUnknownFields(pod)).toEqual([
      'Pod.spec.hostnetwork: no such field',
      'Pod.spec.containers[0].name: not a string',
    ]);
  });
});

describe('the chart', () => {
  it('passes helm lint', () => {
    expect(helm.run('lint', CHART, '--strict', '--set', 'apiServer.host=x')).toContain('0 chart(s) failed');
  });

  it.each([
    ['apiServer.host=', 'apiServer.host'],
    ['mode=ebpf', 'mode'],
    ['bogus=1', 'bogus'],
    ['config.mode=ipvs', 'config'],
    ['clusterCIDR=10.0.0.0', 'clusterCIDR'],
    ['apiServer.port=0', 'apiServer.port'],
    ['maxUnavailable=half', 'maxUnavailable'],
    ['taintUntilReady=a:Never', 'taintUntilReady'],
  ])('refuses %s', (setting, field) => {
    expect(() => template(setting)).toThrow(field);
  });

  it.each([
    ['', 10_256],
    ['0.0.0.0', 10_256],
    ['0.0.0.0:10300', 10_300],
    ['[::]:10300', 10_300],
    ['::', 10_256],
  ])('asks after its health where %j says', (address, port) => {
    const set = find(parse(template(`config.healthzBindAddress=${address}`)), 'DaemonSet');
    const [{ readinessProbe, livenessProbe }] = set.spec.template.spec.containers;
    expect([readinessProbe.httpGet.port, livenessProbe.httpGet.port]).toEqual([port, port]);
  });

  it('makes new pods where the init container has something new to do', () => {
    const annotation = (...settings: readonly string[]) =>
      find(parse(template(...settings)), 'DaemonSet').spec.template.metadata.annotations['menwei.dev/setup'];
    expect(annotation('clusterCIDR=10.0.0.0/8')).toBe(annotation());
    expect(annotation('mode=ipvs')).not.toBe(annotation());
    expect(annotation('config.conntrack.min=0')).not.toBe(annotation());
  });

  it('says what the manifests say', () => {
    const podOf = (manifests: readonly Manifest[]) => {
      const { initContainers, containers, ...spec } = find(manifests, 'DaemonSet').spec.template.spec;
      const untagged = ({ image: _image, imagePullPolicy: _policy, ports: _ports, ...rest }: Manifest) => {
        const port = ({ httpGet, ...probe }: Manifest) => ({ ...probe, path: httpGet.path });
        const probes = ['readinessProbe', 'livenessProbe'].filter((name) => name in rest);
        const env = rest.env.filter(({ name }: Manifest) => name !== 'KUBERNETES_SERVICE_HOST');
        return { ...rest, env, ...Object.fromEntries(probes.map((name) => [name, port(rest[name])])) };
      };
      return { ...spec, containers: [...initContainers, ...containers].map(untagged) };
    };
    expect(podOf(CHARTED)).toEqual(podOf(PLAIN));
    expect(find(CHARTED, 'ClusterRole').rules).toEqual(find(PLAIN, 'ClusterRole').rules);
  });
});

describe('the taint of new nodes', () => {
  it('is removed by a proxy that may', () => {
    const charted = parse(template('taintUntilReady=menwei.dev/not-ready:NoSchedule'));
    for (const manifests of [parse(kustomizeWith(folder, 'kubernetes/taint')), charted]) {
      const [container] = find(manifests, 'DaemonSet').spec.template.spec.containers;
      expect(container.args.at(-1)).toBe('--taint-until-ready=menwei.dev/not-ready:NoSchedule');
      const right = { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'patch'] };
      expect(find(manifests, 'ClusterRole').rules).toContainEqual(right);
    }
  });
});

describe('the configuration', () => {
  it.each<readonly [string, readonly Manifest[], object]>([
    ['of the manifests', PLAIN, {}],
    ...VALUES.map((values) => {
      const isIpvs = values.includes('mode=ipvs');
      const wanted = isIpvs ? { mode: 'ipvs', log: { format: 'json', verbosity: 2 } } : {};
      return [`of the chart with ${values}`, parse(template(...values)), wanted] as const;
    }),
  ])('%s is understood without a remark', (_what, manifests, wanted) => {
    const text = find(manifests, 'ConfigMap').data['config.conf'];
    const resolved = resolveSettings({ flags: {}, hostname: 'n', configFile: { path: 'config.conf', text } });
    expect(resolved).toMatchObject({ warnings: [], settings: { mode: 'nftables', ...wanted } });
  });
});

describe("kubeadm's DaemonSet", () => {
  it('gets another image, and nothing else', () => {
    const given = join(import.meta.dirname, '../data/kubeadm/kube-proxy.yaml');
    copyFileSync(join(DEPLOY, 'kubeadm/kustomization.yaml'), join(folder, 'kustomization.yaml'));
    copyFileSync(given, join(folder, 'kube-proxy.yaml'));
    const [before] = parse(readFileSync(given, 'utf8'));
    const [after] = parse(kustomize(folder));
    const [container] = before.spec.template.spec.containers;
    const image = 'registry.example.com/menwei:0.1.0';
    before.spec.template.spec.containers = [{ ...container, image }];
    expect(after).toEqual(before);
  });
});
