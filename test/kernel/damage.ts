/** Damage to what a proxy that runs has made, one kind after the other, and how long it stays. */
import type { ProxyMode } from 'menwei/config/settings.ts';
import { expect } from 'vitest';
import { dump } from '../stress/dump.ts';
import { tool } from '../stress/site.ts';
import type { TestFolder } from './run-cluster.ts';
import { observeStatus, RunProcess } from './run-process.ts';

/** Its title, and what somebody does. */
type Damage = readonly [title: string, harm: () => void];

/** Two Services of both families, with all that needs a set or a chain of its own. */
const DAMAGED_SERVICES = ['web', 'db']
  .map((name, index) => {
    const number = index + 1;
    const slices = ['IPv4', 'IPv6'].map((family) => {
      const pods = [1, 2].map((pod) =>
        family === 'IPv4' ? `10.0.${number}.${pod}` : `fd00:10:${number}::${pod}`,
      );
      return `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-${family.toLowerCase()}, namespace: ns, labels: {kubernetes.io/service-name: ${name}}}
addressType: ${family}
ports: [{name: "", port: 8080, protocol: TCP}]
endpoints: [${pods.map((ip) => `{addresses: ["${ip}"], nodeName: node-a}`).join(', ')}]
`;
    });
    return `---
apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: ns}
spec:
  type: LoadBalancer
  clusterIP: 172.30.0.${number}
  clusterIPs: [172.30.0.${number}, "fd00:30::${number}"]
  ipFamilies: [IPv4, IPv6]
  sessionAffinity: ${index === 0 ? 'None' : 'ClientIP'}
  externalIPs: [203.0.113.${number}]
  loadBalancerSourceRanges: [198.51.100.0/24]
  ports: [{port: 80, nodePort: ${30_000 + number}}]
status: {loadBalancer: {ingress: [{ip: 203.0.113.10${number}}]}}
${slices.join('')}`;
  })
  .join('');

/** When damage is no more to be seen, on a busy machine, too. */
const PATIENCE = { timeout: 100_000, interval: 20 };

/** Does each harm to a proxy of the mode, expects that all is as it was soon after, and prints how long that took. */
export async function expectRepaired(
  title: string,
  mode: ProxyMode,
  damages: readonly Damage[],
  folder: TestFolder,
): Promise<void> {
  await using run = RunProcess.start([
    ...['--proxy-mode', mode, '--manifests', folder.write('services.yaml', DAMAGED_SERVICES)],
    ...['--hostname-override', 'node-a', '--cluster-cidr', '10.0.0.0/8,fd00:10::/32'],
    // Where the kernel tells nobody, this is how often is looked.
    ...['--iptables-sync-period', '1s', '--ipvs-sync-period', '1s'],
    ...(mode === 'ipvs' ? ['--ipvs-required'] : []),
  ]);
  const states = async () => (await observeStatus().catch(() => [])).map((line) => line.split(' ')[2]);
  await expect.poll(states, PATIENCE).toEqual(Array.from({ length: 4 }, () => 'programmed'));
  await watched(mode);
  await quiet(mode);
  const times: string[] = [];
  for (const [what, harm] of damages) {
    const before = observe(mode);
    const warnings = run.log('W').length;
    const startedMs = performance.now();
    harm();
    const told = () => run.log('W').slice(warnings);
    const drift = expect.stringMatching(/^drift: .*resyncing/);
    await expect.poll(told, { ...PATIENCE, message: what }).toEqual(expect.arrayContaining([drift]));
    await expect.poll(() => difference(mode, before), { ...PATIENCE, message: what }).toEqual([]);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(2);
    times.push(
      `${title.padEnd(20)} ${what.padEnd(36)} ${seconds.padStart(6)} s  ${told()[0]?.slice(0, 100)}`,
    );
    await expect.poll(() => resyncsDue(run), PATIENCE).toEqual([]);
    await quiet(mode);
  }
  expect(run.log('E')).toEqual([]);
  console.log(times.join('\n'));
}

/** The addresses of an interface are in the order in which they were added. */
function observe(mode: ProxyMode): ReadonlySet<string> {
  const inOrder = (line: string) =>
    line.startsWith('kube-ipvs0 ') ? line.split(/\s+/).sort().join(' ') : line;
  return new Set([...dump(mode)].map(inOrder));
}

function difference(mode: ProxyMode, before: ReadonlySet<string>): readonly string[] {
  const now = observe(mode);
  return [
    ...[...before.difference(now)].map((line) => `- ${line}`),
    ...[...now.difference(before)].map((line) => `+ ${line}`),
  ];
}

/** What was told to be repaired, and is still to be. */
function resyncsDue(run: RunProcess): readonly string[] {
  const lines = run.log();
  const familyOf = (line: string) => / family=(\S+)/.exec(line)?.[1];
  const isDone = (line: string, index: number) =>
    lines
      .slice(index)
      .some((later) => / full sync complete /.test(later) && familyOf(later) === familyOf(line));
  return lines.filter((line, index) => / W drift: /.test(line) && !isDone(line, index));
}

/** Canaries are made after the rest, on a busy machine long after it, and those of mangle last. */
async function watched(mode: ProxyMode): Promise<void> {
  if (mode === 'nftables') return;
  const canaries = () => [...observe(mode)].filter((line) => line.includes(' mangle :KUBE-PROXY-CANARY '));
  await expect.poll(canaries, PATIENCE).toHaveLength(2);
}

/** Until nothing changes any more. */
async function quiet(mode: ProxyMode): Promise<void> {
  let last = observe(mode);
  const isSame = () => {
    const before = last;
    last = observe(mode);
    return before.symmetricDifference(last).size;
  };
  await expect.poll(isSame, { ...PATIENCE, interval: 500 }).toBe(0);
}

/** Chains of a table whose names begin so, and the tables' own order of them. */
function chainNamed(table: string, start: string): string {
  const chain = new RegExp(`^:(${start}\\S*) `, 'm').exec(tool('iptables-save', ['-t', table]))?.[1];
  if (chain === undefined) throw new Error(`there is no chain ${start}… in ${table}`);
  return chain;
}

function iptables(table: string, ...args: readonly string[]): void {
  tool('iptables', ['-w', '10', '-t', table, ...args]);
}

/** Of the iptables rules of a mode. */
export function ruleDamages(chain: string): readonly Damage[] {
  const emptied = ['nat', 'filter', 'mangle'].map((table) => `*${table}\n-F\n-X\nCOMMIT\n`).join('');
  return [
    ['a rule deleted', () => iptables('nat', '-D', chain, '1')],
    ['a rule replaced', () => iptables('nat', '-R', chain, '1', '-j', 'RETURN')],
    ['a rule added', () => iptables('nat', '-I', chain, '-j', 'ACCEPT')],
    ['a chain flushed', () => iptables('nat', '-F', chain)],
    ['a jump deleted', () => iptables('nat', '-D', 'PREROUTING', '1')],
    ['a canary deleted', () => iptables('mangle', '-X', 'KUBE-PROXY-CANARY')],
    [
      'a table flushed, chains deleted',
      () => tool('iptables-restore', ['-w', '10'], emptied.split('*filter')[0]),
    ],
    [
      'all tables flushed (firewall reload)',
      () =>
        ['iptables-restore', 'ip6tables-restore'].forEach((each) => void tool(each, ['-w', '10'], emptied)),
    ],
  ];
}

export const NFT_VARIANT_DAMAGES: readonly Damage[] = [
  ['a table deleted', () => tool('nft', ['delete', 'table', 'ip', 'nat'])],
  ['nft flush ruleset', () => tool('nft', ['flush', 'ruleset'])],
];

export const ENDPOINT_CHAIN_DAMAGE: Damage = [
  'a chain deleted',
  () => {
    const chain = chainNamed('nat', 'KUBE-SEP-');
    iptables('nat', '-F', chainNamed('nat', 'KUBE-SVC-'));
    const jumps = tool('iptables-save', ['-t', 'nat']).match(new RegExp(`^-A .* -j ${chain}$`, 'gm')) ?? [];
    const script = jumps.map((rule) => rule.replace('-A', '-D')).join('\n');
    tool(
      'iptables-restore',
      ['-w', '10', '--noflush'],
      `*nat\n${script}\n-F ${chain}\n-X ${chain}\nCOMMIT\n`,
    );
  },
];

function nft(...commands: readonly string[]): Damage[1] {
  return () => void tool('nft', ['-f', '-'], commands.join('\n'));
}

export const TABLE_DAMAGES: readonly Damage[] = [
  [
    'a rule deleted',
    () => {
      const handle = / # handle (\d+)$/m.exec(
        tool('nft', ['-a', 'list', 'chain', 'ip', 'menwei', 'masquerading']).replace(
          /^.*\{ # handle.*$/gm,
          '',
        ),
      )?.[1];
      tool('nft', ['delete', 'rule', 'ip', 'menwei', 'masquerading', 'handle', handle ?? '']);
    },
  ],
  ['a rule added', nft('insert rule ip menwei services drop')],
  ['a chain flushed', nft('flush chain ip menwei services')],
  ['a chain added', nft('add chain ip menwei theirs')],
  [
    'a chain and a set deleted',
    nft('flush chain ip menwei masquerading', 'delete set ip menwei hairpin-connections'),
  ],
  ['an element deleted', nft('delete element ip menwei frontends { 172.30.0.1 . tcp . 80 }')],
  ['a map flushed', nft('flush map ip6 menwei frontends')],
  ['a table deleted', nft('delete table ip menwei')],
  ['nft flush ruleset', nft('flush ruleset')],
];

export const IPVS_DAMAGES: readonly Damage[] = [
  ['a virtual server deleted', () => tool('ipvsadm', ['-D', '-t', '172.30.0.1:80'])],
  ['a virtual server changed', () => tool('ipvsadm', ['-E', '-t', '172.30.0.1:80', '-s', 'wlc'])],
  ['a destination deleted', () => tool('ipvsadm', ['-d', '-t', '172.30.0.1:80', '-r', '10.0.1.1:8080'])],
  [
    'a destination added',
    () => tool('ipvsadm', ['-a', '-t', '172.30.0.1:80', '-r', '10.0.9.9:8080', '-m', '-w', '1']),
  ],
  ['all virtual servers deleted', () => tool('ipvsadm', ['-C'])],
  ['an address deleted', () => tool('ip', ['address', 'del', '172.30.0.1/32', 'dev', 'kube-ipvs0'])],
  ['the interface deleted', () => tool('ip', ['link', 'delete', 'kube-ipvs0'])],
  ['an element of a set deleted', () => tool('ipset', ['del', 'KUBE-CLUSTER-IP', '172.30.0.1,tcp:80'])],
  ['a set flushed', () => tool('ipset', ['flush', 'KUBE-CLUSTER-IP'])],
];
