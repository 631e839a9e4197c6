/** `menwei run` that can't start: one line that says why and what helps, and no rule touched. */
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { testFolder, WEB } from './run-cluster.ts';
import { RunProcess, type StartOptions, savedRules } from './run-process.ts';

const folder = testFolder();

const manifest = folder.write('web.yaml', WEB);
// No program at all, not even those that scripts take for granted.
const emptyPath = join(folder.path, 'empty');
mkdirSync(emptyPath);
const legacyPath = join(folder.path, 'legacy');
mkdirSync(legacyPath);
for (const name of ['iptables', 'ip6tables']) {
  for (const tool of [name, `${name}-save`, `${name}-restore`]) {
    symlinkSync('/usr/sbin/xtables-legacy-multi', join(legacyPath, tool));
  }
}
const config = folder.write(
  'bad-config.yaml',
  `apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
mode: ebpf
iptables: {masqueradeBit: 32}
nodePortAddresses: [10.0.0.0/8, nowhere]
`,
);

// May read the checkout wherever it lies, and nothing else.
const NOBODY = [
  ...['/usr/bin/setpriv', '--reuid=65534', '--clear-groups'],
  ...['--inh-caps=+dac_read_search', '--ambient-caps=+dac_read_search'],
];
const WITHOUT_NET_ADMIN = ['/usr/bin/setpriv', '--bounding-set=-net_admin', '--inh-caps=-net_admin'];
/** With the conntrack settings of the kernel, so that nothing is changed that would be said. */
const FROM_MANIFEST = [
  ...['--manifests', manifest, '--conntrack-max-per-core=0'],
  ...['--conntrack-tcp-timeout-established=0', '--conntrack-tcp-timeout-close-wait=0'],
];

interface Refusal {
  readonly title: string;
  readonly args: readonly string[];
  readonly options?: StartOptions;
  readonly status?: 1 | 2;
  readonly lines: readonly RegExp[];
}

const REFUSALS: readonly Refusal[] = [
  {
    title: 'without iptables',
    args: FROM_MANIFEST,
    options: { path: emptyPath },
    lines: [/^menwei: find iptables: .*not found on the PATH; install it with: apt-get install iptables$/],
  },
  {
    title: 'as nobody',
    args: FROM_MANIFEST,
    options: { through: NOBODY },
    lines: [/^menwei: iptables .*Permission denied .*run as root or with CAP_NET_ADMIN\)$/],
  },
  {
    title: 'as nobody, legacy tools',
    args: FROM_MANIFEST,
    options: { through: NOBODY, path: `${legacyPath}:${process.env.PATH}` },
    lines: [/^menwei: iptables .*run as root or with CAP_NET_ADMIN\)$/],
  },
  {
    title: 'as root without CAP_NET_ADMIN',
    args: FROM_MANIFEST,
    options: { through: WITHOUT_NET_ADMIN },
    lines: [/^menwei: iptables .*Permission denied .*run as root or with CAP_NET_ADMIN\)$/],
  },
  {
    title: 'as root without CAP_NET_ADMIN, nftables mode',
    args: [...FROM_MANIFEST, '--proxy-mode', 'nftables'],
    options: { through: WITHOUT_NET_ADMIN },
    lines: [/^menwei: use nf_tables: .*\(EPERM\) \(run as root or with CAP_NET_ADMIN\)$/],
  },
  {
    title: 'as root without CAP_NET_ADMIN, legacy tools',
    args: FROM_MANIFEST,
    options: { through: WITHOUT_NET_ADMIN, path: `${legacyPath}:${process.env.PATH}` },
    lines: [/^menwei: iptables .*run as root or with CAP_NET_ADMIN\)$/],
  },
  {
    title: 'manifests that are not there',
    args: ['--manifests', '/nowhere/objects.yaml'],
    lines: [/^menwei: \/nowhere\/objects\.yaml: no such file or folder$/],
  },
  {
    title: 'a kubeconfig that is not there',
    args: ['--kubeconfig', '/nowhere/kubeconfig'],
    lines: [/^menwei: \/nowhere\/kubeconfig: .*ENOENT/],
  },
  {
    title: 'no hint where the API server is',
    args: [],
    lines: [/^menwei: .*--kubeconfig/],
  },
  {
    title: 'a configuration file that is not there',
    args: ['--config', '/nowhere/config.yaml'],
    lines: [/^menwei: \/nowhere\/config\.yaml: the configuration file can't be read/],
  },
  {
    title: 'a configuration file with mistakes',
    args: ['--config', config],
    lines: [
      /^menwei: .*bad-config\.yaml: mode: /,
      /^menwei: .*bad-config\.yaml: iptables\.masqueradeBit: /,
      /^menwei: .*bad-config\.yaml: nodePortAddresses\[1\]: /,
    ],
  },
  {
    title: 'a value that can not be right',
    args: [...FROM_MANIFEST, '--proxy-mode', 'ebpf'],
    status: 2,
    lines: [/^menwei: --proxy-mode: /],
  },
  {
    title: 'asked to write its configuration where that is impossible',
    args: [...FROM_MANIFEST, '--write-config-to', join(folder.path, 'absent', 'written.yaml')],
    lines: [/^menwei: --write-config-to: .*written\.yaml: the configuration can't be written: ENOENT/],
  },
  {
    title: 'asked to clean up without changing anything',
    args: ['--cleanup', '--dry-run'],
    status: 2,
    lines: [/^menwei: --dry-run: true: contradicts --cleanup/],
  },
  {
    title: 'a flag that nobody knows',
    args: ['--nothing'],
    status: 2,
    lines: [/^menwei: unknown option '--nothing'$/],
  },
  {
    title: 'a flag that is written wrongly',
    args: ['--proxy-mod', 'ipvs'],
    status: 2,
    lines: [/^menwei: unknown option '--proxy-mod' \(Did you mean --proxy-mode\?\)$/],
  },
  {
    title: 'a flag without its value',
    args: ['--proxy-mode'],
    status: 2,
    lines: [/^menwei: option '--proxy-mode <text>' argument missing$/],
  },
  {
    title: 'a number that is none',
    args: ['--iptables_masquerade_bit=x'],
    status: 2,
    lines: [
      /^menwei: option '--iptables-masquerade-bit <n>' argument 'x' is invalid\. It must be a whole number\.$/,
    ],
  },
  {
    title: 'a duration without a unit',
    args: ['--iptables-sync-period=30'],
    status: 2,
    lines: [
      /^menwei: option '--iptables-sync-period <duration>' argument '30' is invalid\. It must be a duration/,
    ],
  },
  {
    title: 'networks and addresses that are none',
    args: ['--cluster-cidr=10.0.0.0/33', '--nodeport-addresses=10.0.0.1', '--healthz_bind_address=host:80'],
    status: 2,
    lines: [
      /^menwei: --healthz-bind-address: /,
      /^menwei: --nodeport-addresses: /,
      /^menwei: --cluster-cidr: /,
    ],
  },
  {
    title: 'an interface name that none can have',
    args: ['--detect-local-mode=InterfaceNamePrefix', '--pod-interface-name-prefix=veth+'],
    status: 2,
    lines: [/^menwei: --pod-interface-name-prefix: "veth\+": can't be of an interface: /],
  },
  {
    title: 'an argument that is no flag',
    args: [...FROM_MANIFEST, 'objects.yaml'],
    status: 2,
    lines: [/^menwei: too many arguments/],
  },
];

describe('menwei run ends at once, with a line for each reason:', () => {
  it.each(REFUSALS)('$title', async ({ args, options, status = 1, lines }) => {
    const ended = await RunProcess.toItsEnd(args, options);
    const complaints = ended.stderr.filter((line) => !/^\S+Z I /.test(line));
    expect(complaints).toEqual(lines.map((line) => expect.stringMatching(line)));
    expect(ended).toMatchObject({ status, stdout: '' });
    expect((await savedRules()).filter((rule) => rule.includes('KUBE'))).toEqual([]);
  });
});
