/** What `menwei render --mode ipvs` prints, loaded by the tools it is meant for, is what the proxy would make. */
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { beforeEach, expect, it } from 'vitest';
import { run } from './ipvs-kernel.ts';
import { testFolder } from './run-cluster.ts';
import { LAUNCHER } from './run-process.ts';

const folder = testFolder();

function data(name: string): string {
  return fileURLToPath(new URL(`../data/${name}/objects.yaml`, import.meta.url));
}

function configFile(name: string, lines: readonly string[]): readonly string[] {
  const header = [
    'apiVersion: kubeproxy.config.k8s.io/v1alpha1',
    'kind: KubeProxyConfiguration',
    'mode: ipvs',
  ];
  return ['--config', folder.write(name, [...header, ...lines, ''].join('\n'))];
}

interface Case {
  readonly title: string;
  readonly objects: string;
  readonly node: string;
  readonly config: readonly string[];
}

const CASES: readonly Case[] = [
  {
    title: 'the reference case',
    objects: data('reference-case'),
    node: 'minikube',
    config: configFile('reference.yaml', ['clusterCIDR: 10.244.0.0/16']),
  },
  {
    title: 'every feature',
    objects: data('ipvs-features'),
    node: 'node-a',
    config: configFile('features.yaml', ['clusterCIDR: 10.0.0.0/8,fd00:10::/64']),
  },
  {
    title: 'every feature with other settings',
    objects: data('ipvs-features'),
    node: 'node-a',
    config: configFile('settings.yaml', [
      'detectLocalMode: BridgeInterface',
      'detectLocal: {bridgeInterface: cni0}',
      'nodePortAddresses: [192.168.49.0/24, "fd00:49::/64"]',
      'ipvs: {scheduler: wlc}',
      'iptables: {masqueradeAll: true, masqueradeBit: 20}',
    ]),
  },
];

/** Another empty network namespace, with the addresses of the node. */
beforeEach(() => {
  unshare(CLONE_NEWNET);
  run('ip', 'link', 'set', 'lo', 'up');
  run('ip', 'link', 'add', 'eth0', 'type', 'dummy');
  run('ip', 'addr', 'add', '192.168.49.2/24', 'dev', 'eth0');
  run('ip', 'addr', 'add', 'fd00:49::2/64', 'dev', 'eth0', 'nodad');
  run('ip', 'link', 'set', 'eth0', 'up');
});

function menwei(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(LAUNCHER, args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

function render({ objects, node, config }: Case, family: IpFamily): string {
  const args = ['render', '--mode', 'ipvs', '-f', objects, '--node', node, ...config, '--family', family];
  const { status, stdout, stderr } = menwei(...args);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
}

/** By the name of their tool. */
function sections(text: string): ReadonlyMap<string, string> {
  const parts = text.split(/^# (ip|ipset|iptables|ipvs)\n/m).slice(1);
  const found = new Map<string, string>();
  for (let index = 0; index < parts.length; index += 2) found.set(parts[index] ?? '', parts[index + 1] ?? '');
  return found;
}

function feed(input: string, command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(command, args, { input, encoding: 'utf8' });
  expect({ command, status, stderr }).toEqual({ command, status: 0, stderr: '' });
}

/** Gives each section to its tool. The interface is made once, for both families. */
function load(text: string, family: IpFamily): void {
  const parts = sections(text);
  expect([...parts.keys()]).toEqual(['ip', 'ipset', 'iptables', 'ipvs'].filter((name) => parts.has(name)));
  const isFirst = family === IP_FAMILIES[0];
  const links = (parts.get('ip') ?? '').split('\n').filter((line) => isFirst || !line.startsWith('link add'));
  feed(links.join('\n'), 'ip', '-batch', '-');
  feed(parts.get('ipset') ?? '', 'ipset', 'restore');
  feed(parts.get('iptables') ?? '', `${family === 'IPv4' ? 'ip' : 'ip6'}tables-restore`, '--noflush');
  const servers = (parts.get('ipvs') ?? '').split('\n').filter((line) => !line.startsWith('#'));
  // ipvsadm-restore would take away what the first family has.
  feed(servers.join('\n'), 'ipvsadm', '-R');
}

it.each(CASES)('$title: what menwei diff prints too, and nothing once it is loaded', (each) => {
  const comparing = ['diff', '--manifests', each.objects, '--hostname-override', each.node, ...each.config];
  const rendered = IP_FAMILIES.map((family) => ({ family, text: render(each, family) }));
  const missing = rendered.map(({ family, text }) => `# ${family}\n${text}`).join('');
  expect(menwei(...comparing)).toEqual({ status: 1, stdout: missing, stderr: '' });
  for (const { family, text } of rendered) load(text, family);
  expect(menwei(...comparing)).toEqual({ status: 0, stdout: '', stderr: '' });
});
