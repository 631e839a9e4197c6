/** The reference case, rendered and loaded, against what kube-proxy 1.36.2 programmed for it. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, it } from 'vitest';
import { type Chains, readChains } from './behaviour/iptables-dump.ts';
import { describeVariants } from './iptables-variants.ts';
import { LAUNCHER } from './run-process.ts';

const OBJECTS = fileURLToPath(new URL('../data/reference-case/objects.yaml', import.meta.url));
const GOLDEN = new URL('../parity/golden/reference-case.iptables-save', import.meta.url);

const SCRIPT = execFileSync(
  LAUNCHER,
  [
    'render',
    ...['-f', OBJECTS],
    ...['--mode', 'iptables'],
    ...['--node', 'minikube'],
    ...['--cluster-cidr', '10.244.0.0/16'],
  ],
  { encoding: 'utf8' },
);

/** Our chains and what leads to them. The order of Services in KUBE-SERVICES is not defined upstream. */
function readComparable(dump: string): Chains {
  const { 'nat KUBE-SERVICES': services = [], ...others } = readChains(dump);
  const isComparable = ([name, rules]: readonly [string, readonly string[]]) =>
    !name.endsWith(' KUBE-PROXY-CANARY') && (name.includes(' KUBE-') || rules.length > 0);
  return {
    ...Object.fromEntries(Object.entries(others).filter(isComparable)),
    'nat KUBE-SERVICES': [...services.slice(0, -1).sort(), ...services.slice(-1)],
  };
}

/** The capture was made with the API server elsewhere, and with a kernel that counts invalid packets. */
function readGolden(): Chains {
  const dump = readFileSync(GOLDEN, 'utf8')
    .replaceAll('192.0.2.1:6443', '192.168.49.2:8443')
    .replaceAll('192.0.2.1/32', '192.168.49.2/32')
    .replaceAll('KUBE-SEP-GDT7UD7DCGSKYHSM', 'KUBE-SEP-VPILYQBSPPXYB66K')
    .replaceAll(' -m nfacct --nfacct-name  ct_state_invalid_dropped_pkts', '');
  return readComparable(dump);
}

/** The rules of the case that are known by heart; probabilities as the kernel gives them back. */
const NGINX_RULES = [
  'KUBE-SERVICES -d 10.101.57.97/32 -p tcp -m comment --comment "default/nginx-service cluster IP" -m tcp --dport 80 -j KUBE-SVC-V2OKYYMBY3REGZOG',
  'KUBE-SVC-V2OKYYMBY3REGZOG -m comment --comment "default/nginx-service -> 10.244.0.27:80" -m statistic --mode random --probability 0.33333333349 -j KUBE-SEP-POZMZY2HDLRATSJV',
  'KUBE-SVC-V2OKYYMBY3REGZOG -m comment --comment "default/nginx-service -> 10.244.0.28:80" -m statistic --mode random --probability 0.50000000000 -j KUBE-SEP-Z3HXRORN5VDCFRJU',
  'KUBE-SVC-V2OKYYMBY3REGZOG -m comment --comment "default/nginx-service -> 10.244.0.30:80" -j KUBE-SEP-S46ZL6MIFVWDY42O',
  'KUBE-SEP-POZMZY2HDLRATSJV -s 10.244.0.27/32 -m comment --comment "default/nginx-service" -j KUBE-MARK-MASQ',
  'KUBE-SEP-POZMZY2HDLRATSJV -p tcp -m comment --comment "default/nginx-service" -m tcp -j DNAT --to-destination 10.244.0.27:80',
];

describeVariants((_variant, openKernel) => {
  beforeEach(async () => {
    await openKernel('IPv4');
  });

  const load = (...flags: readonly string[]) =>
    execFileSync('iptables-restore', ['-w', '5', '--noflush', ...flags], { input: SCRIPT, encoding: 'utf8' });
  const save = () =>
    ['filter', 'nat']
      .map((table) => execFileSync('iptables-save', ['-t', table], { encoding: 'utf8' }))
      .join('');

  it('passes the parser', () => {
    expect(load('--test')).not.toMatch(/error|warning/i);
    expect(save()).not.toContain('KUBE-');
  });

  it('gives kube-proxy’s chains, rule by rule', () => {
    load();
    expect(readComparable(save())).toEqual(readGolden());
  });

  it('gives the rules that the reference case is known by', () => {
    load();
    const rules = save()
      .split('\n')
      .filter((line) => line.startsWith('-A '))
      .map((line) => line.slice('-A '.length));
    expect(rules).toEqual(expect.arrayContaining(NGINX_RULES));
  });
});
