/** The commands of the README, as they stand there, by kubectl on a cluster that has kubeadm's objects. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { resolveSettings } from 'menwei/config/resolve.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { KubernetesApi } from './kubernetes-api.ts';
import type { Fields } from './strategic-merge.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const README = readFileSync(join(REPOSITORY, 'README.md'), 'utf8');
const CONFIG_MAP = '/api/v1/namespaces/kube-system/configmaps/kube-proxy';
const DAEMON_SET = '/apis/apps/v1/namespaces/kube-system/daemonsets/kube-proxy';
const POD = '/api/v1/namespaces/kube-system/pods/kube-proxy-x';
const COMPLETE = {
  desiredNumberScheduled: 1,
  updatedNumberScheduled: 1,
  numberAvailable: 1,
  observedGeneration: 1,
};

let api: KubernetesApi;
const folder = mkdtempSync(join(tmpdir(), 'menwei-readme-'));

function read(name: string): Fields {
  return parse(readFileSync(join(REPOSITORY, 'test/data/kubeadm', name), 'utf8'));
}

/** Those that are indented under a heading. */
function commandsUnder(heading: string): readonly string[] {
  const [, section = ''] = README.split(`\n### ${heading}\n`);
  const lines = section.replace(/\n###? .*/s, '').split('\n');
  return lines.filter((line) => line.startsWith('    ')).map((line) => line.trim());
}

/** The server has no schemas to validate with. */
const KUBECTL = `
  [ "$1" != apply ] || set -- "$@" --validate=false
  command kubectl --server "$SERVER" "$@"
`;

async function run(command: string): Promise<string> {
  const env = { HOME: folder, PATH: process.env.PATH, SERVER: api.url };
  const script = `set -o pipefail; kubectl() {${KUBECTL}}; ${command}`;
  const { stdout } = await promisify(execFile)('bash', ['-c', script], { env });
  return stdout;
}

async function runAll(heading: string): Promise<void> {
  const commands = commandsUnder(heading);
  expect(commands.length).toBeGreaterThan(3);
  expect(commands.length).toBeLessThan(6);
  for (const command of commands) {
    if (command.includes(' exec ')) await expect(run(command)).rejects.toThrow();
    else await run(command);
  }
}

// biome-ignore lint/suspicious/noExplicitAny: whatever is not there makes a test fail
const podSpec = (): any => (api.get(DAEMON_SET) as any).spec.template.spec;
// biome-ignore lint/suspicious/noExplicitAny: whatever is not there makes a test fail
const configText = (): string => (api.get(CONFIG_MAP) as any).data['config.conf'];

function settings() {
  const configFile = { path: 'config.conf', text: configText() };
  return resolveSettings({ flags: {}, hostname: 'n', configFile });
}

beforeEach(async () => {
  api = await KubernetesApi.start();
  const set = read('kube-proxy.yaml');
  api.put(DAEMON_SET, { ...set, metadata: { ...(set.metadata as object), generation: 1 }, status: COMPLETE });
  api.put(CONFIG_MAP, read('configmap.yaml'));
  const containers = [{ name: 'kube-proxy', image: 'i' }];
  const metadata = { name: 'kube-proxy-x', namespace: 'kube-system', labels: { 'k8s-app': 'kube-proxy' } };
  api.put(POD, {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata,
    spec: { containers },
    status: { phase: 'Running' },
  });
});
afterEach(async () => {
  await api[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

describe('the README', () => {
  it('replaces kube-proxy by a change of the image alone', async () => {
    const before = podSpec();
    await runAll('Replace kube-proxy');
    const [container] = before.containers;
    const image = 'registry.example.com/menwei:0.1.0';
    expect(podSpec()).toEqual({ ...before, containers: [{ ...container, image }] });
    expect(settings()).toMatchObject({ warnings: [], settings: { mode: 'iptables' } });
    expect(api.executed).toEqual([['menwei', 'status']]);
  });

  it.each(['', 'ipvs', 'nftables'])('goes back from mode %j, by way of iptables', async (mode) => {
    const text = configText().replace('mode: ""', `mode: ${JSON.stringify(mode)}`);
    api.put(CONFIG_MAP, { ...read('configmap.yaml'), data: { 'config.conf': text } });
    await run(commandsUnder('Replace kube-proxy')[1] ?? '');
    await runAll('Go back');
    expect(settings()).toMatchObject({
      settings: { mode: 'iptables', modeReason: 'set by config.conf: mode' },
    });
    expect(podSpec().containers[0].image).toBe('registry.k8s.io/kube-proxy:v1.36.2');
  });

  it('replaces MetalLB: its objects stay, its programs go, one after the other', async () => {
    const deployment = (name: string, namespace: string, args: readonly string[]) => ({
      ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name, namespace } },
      spec: { replicas: 1, selector: {}, template: { spec: { containers: [{ name: 'c', args }] } } },
    });
    const metallb = '/apis/apps/v1/namespaces/metallb-system';
    const webhooks =
      '/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations/metallb-webhook-configuration';
    api.put(`${metallb}/deployments/controller`, deployment('controller', 'metallb-system', []));
    api.put(`${metallb}/daemonsets/speaker`, {
      ...{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: { name: 'speaker' } },
    });
    api.put(webhooks, {
      ...{ apiVersion: 'admissionregistration.k8s.io/v1', kind: 'ValidatingWebhookConfiguration' },
      metadata: { name: 'metallb-webhook-configuration' },
    });
    api.put('/api/v1/namespaces/default/services/web', {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: 'default' } },
    });
    api.put('/api/v1/namespaces/menwei/pods/menwei-lb-x', {
      ...{ apiVersion: 'v1', kind: 'Pod' },
      metadata: { name: 'menwei-lb-x', namespace: 'menwei', labels: { 'k8s-app': 'menwei-lb' } },
      spec: { containers: [{ name: 'menwei-lb', image: 'i' }] },
      status: { phase: 'Running' },
    });
    for (const command of commandsUnder('Replace MetalLB')) {
      if (command.includes(' exec ')) await expect(run(command)).rejects.toThrow();
      else await run(command);
    }
    // biome-ignore lint/suspicious/noExplicitAny: whatever is not there makes a test fail
    const controller: any = api.get('/apis/apps/v1/namespaces/menwei/deployments/menwei-lb');
    expect(controller.spec.template.spec.containers[0].args.at(-1)).toBe('--default-load-balancer');
    expect(api.get(`${metallb}/deployments/controller`)).toMatchObject({ spec: { replicas: 0 } });
    expect([api.get(webhooks), api.get(`${metallb}/daemonsets/speaker`)]).toEqual([undefined, undefined]);
    expect(api.get('/apis/apps/v1/namespaces/kube-system/daemonsets/menwei-announcer')).toBeDefined();
    expect(api.executed).toEqual([['menwei', 'lb', 'pools']]);
  });

  it('changes the mode, and nothing else of the configuration', async () => {
    const before = configText();
    await runAll('Change the mode');
    expect(configText()).toBe(before.replace('mode: ""', 'mode: nftables'));
    expect(api.executed).toEqual([['menwei', 'status', '-o', 'wide']]);
  });
});
