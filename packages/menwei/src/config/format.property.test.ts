import { resolve } from '@menwei/testing/config/testing.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { documentOf, formatConfiguration } from './format.ts';
import { resolveSettings } from './resolve.ts';

const duration = fc.integer({ min: 1, max: 10_000_000 }).map((ms) => `${ms}ms`);
const bool = fc.boolean().map(String);
const small = fc.integer({ min: 0, max: 31 }).map(String);
const ip = fc.constantFrom('0.0.0.0', '::', '10.1.2.3', 'fd00::1');
const address = fc.constantFrom('127.0.0.1:1234', '[::1]:7', '10.0.0.1', 'fd00::2');
const word = fc.stringMatching(/^[a-zA-Z0-9#:'"{}~ -]{0,8}$/);

/** Values that the flags take, by the names of the flags. */
const FLAG_VALUES: Readonly<Record<string, fc.Arbitrary<string>>> = {
  'proxy-mode': fc.constantFrom('', 'iptables', 'ipvs', 'nftables', 'userspace'),
  'bind-address': ip,
  'healthz-bind-address': address,
  'metrics-bind-address': address,
  'hostname-override': word.map((text) => `n${text}`),
  kubeconfig: word,
  'kube-api-qps': fc.double({ min: 0.1, max: 1e6, noNaN: true }).map(String),
  'kube-api-burst': fc.integer({ min: 1, max: 1000 }).map(String),
  'cluster-cidr': fc.constantFrom('', '10.0.0.0/8', 'fd00::/8,10.0.0.0/8'),
  'nodeport-addresses': fc.constantFrom('', 'primary', '10.0.0.0/8,fd00::/8'),
  'detect-local-mode': fc.constantFrom('', 'ClusterCIDR', 'NodeCIDR'),
  'masquerade-all': bool,
  'iptables-masquerade-bit': small,
  'iptables-localhost-nodeports': bool,
  'ipvs-scheduler': fc.constantFrom('rr', 'lc', ''),
  'ipvs-exclude-cidrs': fc.constantFrom('', '10.0.0.0/8,fd00::/8'),
  'ipvs-strict-arp': bool,
  'ipvs-tcp-timeout': duration,
  'ipvs-min-sync-period': fc.constantFrom('0', '1ms'),
  'udp-timeout': duration,
  'proxy-port-range': fc.constantFrom('', '30000-30999', '40000'),
  'userspace-threads': small,
  'oom-score-adj': fc.integer({ min: -1000, max: 1000 }).map(String),
  'conntrack-max-per-core': small,
  'conntrack-min': small,
  'conntrack-tcp-timeout-established': fc.oneof(duration, fc.constant('0')),
  'conntrack-tcp-be-liberal': bool,
  'config-sync-period': duration,
  v: fc.constantFrom('0', '2', '5'),
};

const commandLine = fc
  .record(FLAG_VALUES, { requiredKeys: [] })
  .map((values) =>
    Object.entries(values).map(([name, value]) => `${name === 'v' ? '-' : '--'}${name}=${value}`),
  );

describe('formatConfiguration', () => {
  it('reads back as the same settings', () => {
    fc.assert(
      fc.property(commandLine, (args) => {
        const given = resolve(args);
        if ('errors' in given) throw new Error(given.errors.join('\n'));
        const text = formatConfiguration(given.configuration);
        const again = resolveSettings({ flags: {}, hostname: 'Node-1', configFile: { path: 'c', text } });
        if ('errors' in again) throw new Error(again.errors.join('\n'));
        // A file says more than a default does.
        const modeReason = expect.any(String);
        expect(again.settings).toEqual({ ...given.settings, modeReason });
        expect(again.configuration).toEqual(given.configuration);
        expect(formatConfiguration(again.configuration)).toBe(text);
      }),
    );
  });

  it('has all fields, sorted, durations as Go writes them', () => {
    const given = resolve(['--iptables-sync-period=90s']);
    if ('errors' in given) throw new Error(given.errors.join('\n'));
    const document = documentOf(given.configuration);
    expect(Object.keys(document)).toEqual(Object.keys(document).toSorted());
    expect(document).toMatchObject({
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      kind: 'KubeProxyConfiguration',
      conntrack: { tcpEstablishedTimeout: '24h0m0s', udpTimeout: '0s' },
      iptables: { syncPeriod: '1m30s' },
      logging: { flushFrequency: '5s', format: 'text', vmodule: [] },
      winkernel: { enableDSR: false },
    });
  });
});
