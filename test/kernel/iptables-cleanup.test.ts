/** `menwei cleanup`: takes out all that is ours, and nothing else. */
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { beforeEach, expect, it } from 'vitest';
import { describeVariants } from './iptables-variants.ts';
import { testFolder } from './run-cluster.ts';
import { LAUNCHER, observeStatus, RunProcess } from './run-process.ts';

const TABLES = ['filter', 'nat', 'mangle'];

const folder = testFolder();

/** Two addresses, so that both families have rules of every kind of chain. */
const manifest = folder.write(
  'web.yaml',
  `apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  type: LoadBalancer
  externalTrafficPolicy: Local
  healthCheckNodePort: 32000
  clusterIP: 172.30.0.1
  clusterIPs: [172.30.0.1, "fd00:172:30::1"]
  ipFamilies: [IPv4, IPv6]
  ipFamilyPolicy: RequireDualStack
  loadBalancerSourceRanges: [203.0.113.0/24, "fd00:113::/64"]
  ports: [{name: http, port: 80, nodePort: 30080}, {name: none, port: 81, nodePort: 30081}]
status: {loadBalancer: {ingress: [{ip: 198.51.100.1}, {ip: "fd00:198::1"}]}}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-4, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints: [{addresses: [10.0.0.1], nodeName: node-a}, {addresses: [10.0.0.2]}]
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-6, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv6
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints: [{addresses: ["fd00:10::1"], nodeName: node-a}, {addresses: ["fd00:10::2"]}]
`,
);

function toolOf(family: IpFamily): string {
  return family === 'IPv4' ? 'iptables' : 'ip6tables';
}

/** Chains and rules of a family, without counts. */
function dump(family: IpFamily): readonly string[] {
  return TABLES.flatMap((table) =>
    execFileSync(`${toolOf(family)}-save`, ['-t', table], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.startsWith(':') || line.startsWith('-A '))
      .map((line) => `${table} ${line.replace(/ \[\d+:\d+\]$/, '')}`),
  );
}

/** What others keep in a kernel: a firewall's rules, the kubelet's chains, names that look like ours. */
const FOREIGN = `*filter
:FIREWALL - [0:0]
:KUBE-ROUTER-INPUT - [0:0]
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -j FIREWALL
-A INPUT -j KUBE-ROUTER-INPUT
-A FIREWALL -p tcp -m tcp --dport 22 -m comment --comment "KUBE-SERVICES is not meant" -j ACCEPT
-A FORWARD -j FIREWALL
COMMIT
*nat
:KUBE-KUBELET-CANARY - [0:0]
:KUBE-HAIRPIN - [0:0]
-A PREROUTING -p tcp -m tcp --dport 8080 -j REDIRECT --to-ports 80
-A POSTROUTING -j KUBE-HAIRPIN
-A KUBE-HAIRPIN -m mark --mark 0x4000/0x4000 -j RETURN
COMMIT
*mangle
:KUBE-IPTABLES-HINT - [0:0]
:KUBE-KUBELET-CANARY - [0:0]
-A PREROUTING -j MARK --set-xmark 0x1/0x1
COMMIT
`;

async function program(): Promise<void> {
  await using run = RunProcess.start([
    ...['--manifests', manifest],
    ...['--hostname-override', 'node-a'],
    ...['--cluster-cidr', '10.0.0.0/8,fd00:10::/32'],
  ]);
  const ports = ['default/web:http/TCP', 'default/web:none/TCP'];
  const wanted = ports.flatMap((port) => IP_FAMILIES.map((family) => `${port} ${family} programmed`));
  await expect
    .poll(() => observeStatus().catch((error: unknown) => String(error)), { timeout: 20_000 })
    .toEqual(wanted);
  // The watch puts its canaries in by itself, some time after the first sync.
  await expect
    .poll(() => IP_FAMILIES.flatMap(dump).filter((line) => line.endsWith(':KUBE-PROXY-CANARY -')).length)
    .toBe(IP_FAMILIES.length * TABLES.length);
  await run.end('SIGTERM');
}

describeVariants((_variant, openKernel) => {
  beforeEach(async () => {
    for (const family of IP_FAMILIES) await openKernel(family);
  });

  it.each([
    ['menwei cleanup', ['cleanup']],
    ['menwei run --cleanup', ['run', '--cleanup']],
  ])(
    '%s leaves what others have made, and KUBE-FIREWALL, which the kubelet uses too',
    async (_title, args) => {
      for (const family of IP_FAMILIES) {
        execFileSync(`${toolOf(family)}-restore`, ['-w', '5', '--noflush'], { input: FOREIGN });
      }
      const foreign = IP_FAMILIES.map(dump);
      await program();
      expect(IP_FAMILIES.map((family) => dump(family).length > 50)).toEqual([true, true]);
      const printed = execFileSync(LAUNCHER, args, { encoding: 'utf8' });
      for (const family of IP_FAMILIES)
        expect(printed).toContain(`\n${family}: kept filter KUBE-FIREWALL of iptables`);
      const left = IP_FAMILIES.map(dump).map((lines) =>
        lines.filter((line) => !line.includes('KUBE-FIREWALL')),
      );
      expect(left).toEqual(foreign);
      for (const family of IP_FAMILIES) {
        expect(dump(family).filter((line) => line.includes('-j KUBE-FIREWALL'))).toEqual([
          'filter -A INPUT -j KUBE-FIREWALL',
          'filter -A OUTPUT -j KUBE-FIREWALL',
        ]);
      }
    },
  );

  it('has nothing to do where nothing was programmed', () => {
    execFileSync(LAUNCHER, ['cleanup'], { stdio: 'pipe' });
    expect(IP_FAMILIES.flatMap(dump).filter((line) => line.includes('KUBE-'))).toEqual([]);
  });

  it('says that it has failed when it is ended before all is removed', async () => {
    execFileSync('iptables', ['-w', '5', '-t', 'nat', '-N', 'KUBE-SERVICES']);
    mkdirSync(join(folder.path, 'bin'), { recursive: true });
    const started = join(folder.path, 'started');
    rmSync(started, { force: true });
    for (const suffix of ['', '-nft', '-legacy']) {
      const hanging = folder.write(`bin/iptables${suffix}-restore`, `#!/bin/sh\n: >${started}\nsleep 1000\n`);
      chmodSync(hanging, 0o755);
    }
    const path = `${join(folder.path, 'bin')}:${process.env.PATH}`;
    await using run = RunProcess.start(['--cleanup'], { path });
    await expect.poll(() => existsSync(started), { timeout: 20_000 }).toBe(true);
    const { status, stderr } = await run.end('SIGTERM');
    expect([status, stderr.at(-1)]).toEqual([1, 'menwei: ended by a signal before all was done']);
  });
});
