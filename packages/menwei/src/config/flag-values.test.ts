import { describe, expect, it } from 'vitest';
import { FLAGS } from './flag-table.ts';
import { formatFlagValues } from './flag-values.ts';

describe('formatFlagValues', () => {
  it('has every flag, with its default where it was not given', () => {
    const values = formatFlagValues({});
    expect(Object.keys(values)).toEqual(FLAGS.map(({ name }) => name));
    expect(values).toMatchObject({
      'config-sync-period': '15m0s',
      'feature-gates': '',
      'healthz-bind-address': '0.0.0.0:10256',
      'ipvs-exclude-cidrs': '[]',
      'ipvs-tcp-timeout': '0s',
      'masquerade-all': 'false',
      'oom-score-adj': '-999',
      'proxy-mode': 'iptables',
      cleanup: 'false',
      config: '',
      v: '0',
      version: 'false',
      vmodule: '',
    });
  });

  it('writes what was given as Go does', () => {
    const given = {
      ...{ 'iptables-sync-period': '90s', 'nodeport-addresses': ['10.0.0.0/8', 'fd00::/8'] },
      ...{ 'feature-gates': { A: true, B: false }, 'kube-api-qps': 7.5, v: 4, 'masquerade-all': true },
      ...{ vmodule: [{ filePattern: 'a*', verbosity: 3 }], config: '/etc/kube-proxy/config.conf' },
    };
    expect(formatFlagValues(given)).toMatchObject({
      ...{ 'iptables-sync-period': '1m30s', 'nodeport-addresses': '[10.0.0.0/8,fd00::/8]' },
      ...{ 'feature-gates': 'A=true,B=false', 'kube-api-qps': '7.5', v: '4', 'masquerade-all': 'true' },
      ...{ vmodule: 'a*=3', config: '/etc/kube-proxy/config.conf' },
    });
  });
});
