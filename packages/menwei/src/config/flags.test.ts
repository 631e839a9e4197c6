import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { addProxyFlags, givenFlags } from './flags.ts';

function parse(...args: string[]) {
  const command = addProxyFlags(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.parse(args, { from: 'user' });
  return givenFlags(command);
}

describe('flags', () => {
  it.each([
    [[], {}],
    [['--proxy-mode=ipvs'], { 'proxy-mode': 'ipvs' }],
    [['--proxy-mode', 'ipvs'], { 'proxy-mode': 'ipvs' }],
    [
      ['--proxy_mode=ip_vs', '--nodeport_addresses', 'a_b'],
      { 'proxy-mode': 'ip_vs', 'nodeport-addresses': ['a_b'] },
    ],
    [['--bind-address_hard-fail', '--v=2'], { 'bind-address-hard-fail': true, v: 2 }],
    [['--hostname-override', '--dry_run'], { 'hostname-override': '--dry_run' }],
    [['--proxy-mode='], { 'proxy-mode': '' }],
    [['--cleanup'], { cleanup: true }],
    [['--cleanup=false'], { cleanup: false }],
    [['--cleanup=T', '--dry-run'], { cleanup: true, 'dry-run': true }],
    [['--nodeport-addresses=a,b', '--nodeport-addresses', 'c'], { 'nodeport-addresses': ['a', 'b', 'c'] }],
    [['--ipvs-sync-period', '1m30s'], { 'ipvs-sync-period': '1m30s' }],
    [['--ipvs-drain-timeout=5m', '--ipvs-required'], { 'ipvs-drain-timeout': '5m', 'ipvs-required': true }],
    [['--oom-score-adj', '-999'], { 'oom-score-adj': -999 }],
    [['--feature-gates=A=true,B=false', '--feature-gates=B=1'], { 'feature-gates': { A: true, B: true } }],
    [['--feature-gates=A=true,,'], { 'feature-gates': { A: true } }],
    [['--iptables-masquerade-bit=0xe'], { 'iptables-masquerade-bit': 14 }],
    [['--iptables-masquerade-bit=016'], { 'iptables-masquerade-bit': 14 }],
    [['--iptables-masquerade-bit=0b1110'], { 'iptables-masquerade-bit': 14 }],
    [['--oom-score-adj=-0o17'], { 'oom-score-adj': -15 }],
    [['--oom-score-adj=+0'], { 'oom-score-adj': 0 }],
    [['-v2'], { v: 2 }],
    [['-v=2'], { v: 2 }],
    [['-v', '2'], { v: 2 }],
    [
      ['--v=2', '--vmodule=a*=1,b=2', '--vmodule=c=3'],
      {
        v: 2,
        vmodule: [
          { filePattern: 'a*', verbosity: 1 },
          { filePattern: 'b', verbosity: 2 },
          { filePattern: 'c', verbosity: 3 },
        ],
      },
    ],
    [['--boot-id-file=x', '--log-flush-frequency=5s'], { 'boot-id-file': 'x', 'log-flush-frequency': '5s' }],
  ])('%j', (args, flags) => {
    expect(parse(...args)).toEqual(flags);
  });

  it.each([
    [['--cleanup=maybe']],
    [['--iptables-masquerade-bit=x']],
    [['--iptables-masquerade-bit=']],
    [['--iptables-masquerade-bit=09']],
    [['--iptables-masquerade-bit=0x']],
    [['--iptables-masquerade-bit=1e1']],
    [['--kube-api-qps=x']],
    [['--iptables-sync-period=30']],
    [['--feature-gates=A']],
    [['--vmodule=a']],
    [['--vmodule=a=x']],
    [['--vmodule==1']],
    [['--unknown']],
    [['--proxy__mode=ipvs']],
    [['-_']],
    [['--proxy-mode']],
    [['positional']],
  ])('refuses %j', (args) => {
    expect(() => parse(...args)).toThrow();
  });
});
