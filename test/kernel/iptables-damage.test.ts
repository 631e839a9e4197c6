/** Whatever somebody else does to one of our chains, or to one that we jump from, is found and mended by itself. */
import { execFileSync } from 'node:child_process';
import { beforeEach, describe, expect, it } from 'vitest';
import { describeVariants } from './iptables-variants.ts';
import { testFolder } from './run-cluster.ts';
import { observeStatus, RunProcess, savedRules } from './run-process.ts';

const folder = testFolder();

const manifest = folder.write(
  'web.yaml',
  `apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {clusterIP: 172.30.0.1, ports: [{name: http, port: 80}, {name: none, port: 81}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{name: http, port: 8080, protocol: TCP}]
endpoints: [{addresses: [10.0.0.1]}, {addresses: [10.0.0.2]}]
`,
);
/** Only who reads all rules finds a replaced one, which is seldom on a slow machine. */
const patience = { timeout: 60_000, interval: 50 };

interface Damage {
  readonly mode: 'iptables' | 'userspace';
  readonly table: 'nat' | 'filter';
  /** Of the chain that is damaged, the beginning. */
  readonly chain: string;
  readonly title: string;
  readonly verb: readonly string[];
}

/** Of the same kind as the rule that it takes the place of. */
const ELSEWHERE = ['-p', 'tcp', '-d', '172.30.0.9', '-j', 'KUBE-MARK-MASQ'];

const DAMAGES: readonly Damage[] = (
  [
    ['iptables', 'nat', 'KUBE-SERVICES', 'flushed', ['-F']],
    ['iptables', 'nat', 'KUBE-SERVICES', 'without a rule', ['-D', '1']],
    ['iptables', 'nat', 'KUBE-SVC-', 'flushed', ['-F']],
    ['iptables', 'nat', 'KUBE-SEP-', 'without its last rule', ['-D', '2']],
    ['iptables', 'nat', 'KUBE-SEP-', 'with another rule in place of one', ['-R', '2', '-j', 'ACCEPT']],
    ['iptables', 'nat', 'KUBE-SVC-', 'with a rule that leads elsewhere', ['-R', '1', ...ELSEWHERE]],
    ['iptables', 'nat', 'KUBE-MARK-MASQ', 'flushed', ['-F']],
    ['iptables', 'nat', 'KUBE-POSTROUTING', 'with a rule before all others', ['-I', '1', '-j', 'RETURN']],
    ['iptables', 'nat', 'PREROUTING', 'flushed', ['-F']],
    ['iptables', 'filter', 'KUBE-SERVICES', 'flushed', ['-F']],
    ['iptables', 'filter', 'KUBE-FORWARD', 'without a rule', ['-D', '1']],
    ['userspace', 'nat', 'KUBE-PORTALS-CONTAINER', 'flushed', ['-F']],
    ['userspace', 'filter', 'KUBE-SERVICES', 'without a rule', ['-D', '1']],
  ] as const
).map(([mode, table, chain, title, verb]) => ({ mode, table, chain, title, verb }));

/** Of both tables; chains stand in an order that a repair may change, their rules don't. */
async function rules(): Promise<readonly string[]> {
  const both = [...(await savedRules('nat')), ...(await savedRules('filter'))];
  return [...Map.groupBy(both, (rule) => rule.split(' ')[1])].map(([, rules]) => rules.join('\n')).sort();
}

/** Only one of the variants tells who it was. */
const CULPRIT = { nf_tables: String.raw`iptables \(process \d+\)`, legacy: 'another program' };

describeVariants((variant, openKernel) => {
  beforeEach(async () => {
    await openKernel('IPv4');
    await openKernel('IPv6');
  });

  describe.each(['iptables', 'userspace'] as const)('in %s mode', (mode) => {
    it('a chain that somebody damaged is mended, which one is told', async () => {
      await using run = RunProcess.start([
        ...['--proxy-mode', mode, '--manifests', manifest, '--hostname-override', 'node-a'],
        ...['--cluster-cidr', '10.0.0.0/8', '--masquerade-all'],
        ...['--iptables-min-sync-period', '0s', '--iptables-sync-period', '1s'],
      ]);
      const programmed = ['http', 'none'].map((port) => `default/web:${port}/TCP IPv4 programmed`);
      await expect.poll(() => observeStatus().catch(() => []), patience).toEqual(programmed);
      for (const { table, chain, title, verb } of DAMAGES.filter((damage) => damage.mode === mode)) {
        const before = await rules();
        const name =
          before.map((text) => text.split(' ')[1] ?? '').find((each) => each.startsWith(chain)) ?? '';
        const [command = '', ...rest] = verb;
        execFileSync('iptables', ['-w', '5', '-t', table, command, name, ...rest]);
        expect({ title, rules: await rules() }).not.toEqual({ title, rules: before });
        await expect.poll(rules, patience).toEqual(before);
        const complaint = `^drift: ${CULPRIT[variant]} changed iptables rules in ${table} ${name}; resyncing `;
        expect({ title, complaint: run.log('W').at(-1) }).toEqual({
          title,
          complaint: expect.stringMatching(complaint),
        });
      }
      expect(await observeStatus()).toEqual(programmed);
    }, 300_000);
  });
});
