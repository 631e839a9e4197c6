import { errorsOf, resolve, settingsOf } from '@menwei/testing/config/testing.ts';
import { describe, expect, it } from 'vitest';
import type { Settings } from './settings.ts';

describe('defaults', () => {
  const expected: Settings = {
    mode: 'iptables',
    modeReason: 'the default',
    client: {
      kubeconfig: '',
      master: '',
      qps: 5,
      burst: 10,
    },
    nodeName: 'node-1',
    bindAddress: '0.0.0.0',
    nodeIPs: [],
    taintUntilReady: undefined,
    bindAddressHardFail: false,
    leaveOtherProxies: false,
    unstick: true,
    announce: undefined,
    healthzBindAddress: { host: '0.0.0.0', port: 10256 },
    metricsBindAddress: { host: '127.0.0.1', port: 10249 },
    healthChecks: {
      byDefault: undefined,
      ratePerSecond: 500,
      endpointMetrics: false,
      stateFile: '/run/menwei/health-node-1.json',
    },
    dns: undefined,
    serviceMetricsLimit: 1_000,
    countConnections: false,
    clusterCIDRs: [],
    detectLocalMode: 'ClusterCIDR',
    detectLocal: { bridgeInterface: '', interfaceNamePrefix: '' },
    nodePortAddresses: [],
    answeredVIPs: 'pools',
    iptables: { masqueradeBit: 14, masqueradeAll: false, localhostNodePorts: true },
    nftables: { masqueradeBit: 14, masqueradeAll: false },
    ipvs: {
      scheduler: 'rr',
      excludeCIDRs: [],
      strictARP: false,
      tcpTimeoutMs: 0,
      tcpFinTimeoutMs: 0,
      udpTimeoutMs: 0,
      drainTimeoutMs: 900_000,
      required: false,
    },
    userspace: {
      portRange: { first: 32_768, last: 60_999 },
      threads: 0,
      udpTimeoutMs: 120_000,
      idleTimeoutMs: 86_400_000,
      halfClosedTimeoutMs: 3_600_000,
      drainTimeoutMs: 900_000,
      shutdownTimeoutMs: 25_000,
    },
    conntrack: {
      maxPerCore: 32_768,
      min: 131_072,
      tcpEstablishedTimeoutMs: 86_400_000,
      tcpCloseWaitTimeoutMs: 3_600_000,
      tcpBeLiberal: false,
      udpTimeoutMs: 0,
      udpStreamTimeoutMs: 0,
    },
    syncPeriodMs: 30_000,
    minSyncPeriodMs: 1000,
    oomScoreAdj: -999,
    givenGates: {},
    reportedVersion: '',
    featureGates: { allowServiceExternalIPs: true, componentFlagz: true, componentStatusz: true },
    log: { format: 'text', verbosity: 0 },
    cleanup: false,
    manifests: [],
    nodePortRange: { first: 30_000, last: 32_767 },
    dryRun: false,
  };

  it.each([
    ['no flag', [], undefined],
    ['an empty file', [], ''],
    [
      'a file of empty values',
      [],
      'mode: ""\nbindAddress: ""\niptables: {syncPeriod: 0s, minSyncPeriod: 0s}\nnodePortAddresses: null\nipvs: {excludeCIDRs: null, scheduler: "", tcpTimeout: 0s}\n',
    ],
    ['empty flags', ['--proxy-mode=', '--bind-address=', '--detect-local-mode='], undefined],
  ])('%s', (_name, args, yaml) => {
    expect(settingsOf(args, yaml)).toEqual(expected);
  });

  it('of nftables mode accept NodePorts on the primary addresses', () => {
    expect(settingsOf(['--proxy-mode=nftables']).nodePortAddresses).toBe('primary');
    expect(settingsOf([], 'mode: nftables').nodePortAddresses).toBe('primary');
    expect(settingsOf([], 'mode: nftables\nnodePortAddresses: [10.0.0.0/8]').nodePortAddresses).toHaveLength(
      1,
    );
  });
});

describe('periods', () => {
  it.each([
    // Which flags count depends on the mode.
    [['--iptables-sync-period=36s', '--iptables-min-sync-period=3s'], undefined, 36_000, 3000],
    [
      ['--proxy-mode=nftables', '--iptables-sync-period=36s', '--iptables-min-sync-period=3s'],
      undefined,
      36_000,
      3000,
    ],
    [
      ['--proxy-mode=userspace', '--iptables-sync-period=36s', '--iptables-min-sync-period=3s'],
      undefined,
      36_000,
      3000,
    ],
    [
      ['--proxy-mode=ipvs', '--iptables-sync-period=36s', '--iptables-min-sync-period=3s'],
      undefined,
      30_000,
      1000,
    ],
    [
      ['--proxy-mode=ipvs', '--ipvs-sync-period=1m30s', '--ipvs-min-sync-period=500ms'],
      undefined,
      90_000,
      500,
    ],
    [['--ipvs-sync-period=1m30s', '--ipvs-min-sync-period=500ms'], undefined, 30_000, 1000],
    [['--iptables-min-sync-period=0'], undefined, 30_000, 0],
    // Zero in a file is no value, except where the default is zero.
    [[], 'iptables: {minSyncPeriod: 0s}', 30_000, 1000],
    [
      [],
      'mode: nftables\nnftables: {syncPeriod: 10s, minSyncPeriod: 2s}\niptables: {syncPeriod: 5s}',
      10_000,
      2000,
    ],
    [[], 'mode: ipvs', 30_000, 0],
  ])('%j %j', (args, yaml, syncPeriodMs, minSyncPeriodMs) => {
    expect(settingsOf(args, yaml)).toMatchObject({ syncPeriodMs, minSyncPeriodMs });
  });
});

describe('addresses of the servers', () => {
  it.each([
    [[], '0.0.0.0:10256', '127.0.0.1:10249'],
    [['--bind-address=fd00::1'], ':::10256', '::1:10249'],
    [['--bind-address=::'], ':::10256', '::1:10249'],
    [['--healthz-bind-address=1.2.3.4', '--metrics-bind-address=5.6.7.8'], '1.2.3.4:10256', '5.6.7.8:10249'],
    [
      ['--healthz-bind-address=fd00:1::5', '--metrics-bind-address=[fd00:1::5]:9'],
      'fd00:1::5:10256',
      'fd00:1::5:9',
    ],
    // Two ways to turn a server off, which of kube-proxy's servers only the first knows (KQ-2, KQ-3).
    [['--healthz-bind-address=', '--metrics-bind-address='], undefined, undefined],
    [['--healthz-port=0'], undefined, '127.0.0.1:10249'],
    [['--metrics-port=0', '--metrics-bind-address=1.2.3.4'], '0.0.0.0:10256', undefined],
    [['--healthz-port=1234', '--metrics-port=1235'], '0.0.0.0:10256', '127.0.0.1:10249'],
  ])('%j', (args, healthz, metrics) => {
    expectServers(settingsOf(args), healthz, metrics);
  });

  it('of a file: an empty one is the default, and flags do not count', () => {
    const yaml = 'healthzBindAddress: ""\nmetricsBindAddress: ""';
    const args = ['--healthz-port=0', '--metrics-port=0', '--metrics-bind-address='];
    expectServers(settingsOf(args, yaml), '0.0.0.0:10256', '127.0.0.1:10249');
  });

  function expectServers(settings: Settings, healthz: string | undefined, metrics: string | undefined) {
    const { healthzBindAddress, metricsBindAddress } = settings;
    const text = (address: typeof healthzBindAddress) => address && `${address.host}:${address.port}`;
    expect([text(healthzBindAddress), text(metricsBindAddress)]).toEqual([healthz, metrics]);
  }
});

describe('the node name', () => {
  it.each([
    [[], undefined, 'node-1'],
    [['--hostname-override=  Foo.Example '], undefined, 'foo.example'],
    [[], 'hostnameOverride: Bar', 'bar'],
    [['--hostname-override=foo'], 'hostnameOverride: bar', 'foo'],
    [['--hostname-override='], 'hostnameOverride: bar', 'bar'],
  ])('%j %j', (args, yaml, nodeName) => {
    expect(settingsOf(args, yaml).nodeName).toBe(nodeName);
  });

  it('must not be blank', () => {
    expect(errorsOf(['--hostname-override=  '])).toEqual(['--hostname-override: "  ": must not be blank']);
    expect(resolve([], undefined, '')).toMatchObject({ errors: ['host name: "": must not be blank'] });
    expect(resolve([], '', '')).toMatchObject({ errors: ['host name: "": must not be blank'] });
  });
});

describe('flags', () => {
  it('set their fields', () => {
    const args = [
      [
        '--kubeconfig=/etc/kubeconfig',
        '--master',
        'https://10.0.0.1:6443',
        '--kube-api-qps=2.5',
        '--kube-api-burst=20',
      ],
      [
        '--cluster-cidr=10.244.0.0/16,fd00:10:244::/56',
        '--nodeport-addresses=192.168.0.0/16',
        '--nodeport-addresses=fd00::/8',
      ],
      ['--masquerade-all', '--iptables-masquerade-bit=31', '--iptables-localhost-nodeports=false'],
      ['--config-sync-period=1h', '--bind-address-hard-fail', '-v=4', '--logging-format=json'],
      ['--manifests=a.yaml', '--manifests=b,c', '--dry-run'],
    ];
    expect(settingsOf(args.flat())).toMatchObject({
      client: { kubeconfig: '/etc/kubeconfig', master: 'https://10.0.0.1:6443', qps: 2.5, burst: 20 },
      clusterCIDRs: [{ text: '10.244.0.0/16' }, { text: 'fd00:10:244::/56' }],
      nodePortAddresses: [{ text: '192.168.0.0/16' }, { text: 'fd00::/8' }],
      iptables: { masqueradeBit: 31, masqueradeAll: true, localhostNodePorts: false },
      nftables: { masqueradeBit: 14, masqueradeAll: true },
      bindAddressHardFail: true,
      log: { format: 'json', verbosity: 4 },
      manifests: ['a.yaml', 'b', 'c'],
      dryRun: true,
      cleanup: false,
    });
    expect(settingsOf(['--cleanup']).cleanup).toBe(true);
  });

  it('set those of ipvs mode', () => {
    const args = [
      ['--proxy-mode=ipvs', '--ipvs-scheduler=wlc', '--ipvs-strict-arp', '--ipvs-required'],
      ['--ipvs-exclude-cidrs=192.0.2.0/24,2001:db8::/32', '--ipvs-exclude-cidrs=198.51.100.7/32'],
      ['--ipvs-tcp-timeout=15m', '--ipvs-tcpfin-timeout=30s', '--ipvs-udp-timeout=5m'],
      ['--ipvs-drain-timeout=0'],
    ];
    const { mode, ipvs } = settingsOf(args.flat());
    expect(mode).toBe('ipvs');
    expect(ipvs).toEqual({
      scheduler: 'wlc',
      excludeCIDRs: [
        { family: 'IPv4', address: '192.0.2.0', prefixLength: 24, text: '192.0.2.0/24' },
        { family: 'IPv6', address: '2001:db8::', prefixLength: 32, text: '2001:db8::/32' },
        { family: 'IPv4', address: '198.51.100.7', prefixLength: 32, text: '198.51.100.7/32' },
      ],
      strictARP: true,
      tcpTimeoutMs: 900_000,
      tcpFinTimeoutMs: 30_000,
      udpTimeoutMs: 300_000,
      drainTimeoutMs: 0,
      required: true,
    });
  });

  it.each([
    [[], 'ipvs: {scheduler: sed, drainTimeout: 1m, required: true}', 'sed', 60_000, true],
    [[], 'ipvs: {scheduler: sed, drainTimeout: 0s}', 'sed', 0, false],
    // kube-proxy does not know these two, so they count beside a file, and win over it.
    [
      ['--ipvs-scheduler=wlc', '--ipvs-drain-timeout=2m', '--ipvs-required'],
      'ipvs: {drainTimeout: 1m}',
      'rr',
      120_000,
      true,
    ],
    [['--ipvs-required=false'], 'ipvs: {required: true}', 'rr', 900_000, false],
  ])('%j beside a file with %s', (args, yaml, scheduler, drainTimeoutMs, required) => {
    expect(settingsOf(args, yaml).ipvs).toMatchObject({ scheduler, drainTimeoutMs, required });
  });

  it('are ignored beside a file, but for a few', () => {
    const args = [
      '--cluster-cidr=10.0.0.0/8',
      '--proxy-mode=bogus',
      '--master=https://x',
      '-v',
      '5',
      '--manifests=m',
      '--dry-run',
    ];
    const resolved = resolve(args, 'mode: nftables\nlogging: {format: json, verbosity: 2}');
    expect(resolved).toMatchObject({
      settings: {
        mode: 'nftables',
        clusterCIDRs: [],
        client: { master: 'https://x' },
        log: { format: 'json', verbosity: 5 },
        manifests: ['m'],
        dryRun: true,
      },
      warnings: ['with --config these flags are ignored: --proxy-mode, --cluster-cidr'],
    });
  });
});

describe('flags that are to win', () => {
  it('count beside a file field by field', () => {
    const args = ['--proxy-mode=ipvs', '--ipvs-scheduler=sed', '--cluster-cidr=10.0.0.0/8'];
    const yaml = 'mode: nftables\nclusterCIDR: 10.1.0.0/16\nipvs: {scheduler: lc, strictARP: true}';
    expect(resolve(args, yaml, 'node', true)).toMatchObject({
      settings: {
        mode: 'ipvs',
        clusterCIDRs: [{ text: '10.0.0.0/8' }],
        ipvs: { scheduler: 'sed', strictARP: true },
      },
      warnings: [],
    });
  });
});

describe('clusterCIDR', () => {
  it.each([
    ['10.244.0.0/16', ['10.244.0.0/16']],
    ['10.244.0.0/16, fd00::/56', ['10.244.0.0/16', 'fd00::/56']],
    ['fd00::/56,10.244.0.0/16', ['fd00::/56', '10.244.0.0/16']],
  ])('%s', (text, cidrs) => {
    expect(settingsOf([`--cluster-cidr=${text}`]).clusterCIDRs.map((cidr) => cidr.text)).toEqual(cidrs);
  });

  it('is checked only where it is used', () => {
    expect(settingsOf(['--cluster-cidr=nonsense', '--detect-local-mode=NodeCIDR']).clusterCIDRs).toEqual([]);
  });
});

describe('--node-ip', () => {
  it.each([
    [[], []],
    [['--node-ip='], []],
    [['--node-ip=10.0.0.1'], ['10.0.0.1']],
    [['--node-ip=FD00::01, 10.0.0.1'], ['fd00::1', '10.0.0.1']],
  ])('%j', (args, nodeIPs) => {
    expect(settingsOf(args).nodeIPs).toEqual(nodeIPs);
    expect(settingsOf(args, 'mode: iptables').nodeIPs).toEqual(nodeIPs);
  });

  it.each(['x', '0.0.0.0', '::', '10.0.0.1,', '10.0.0.1,10.0.0.2', '10.0.0.1,fd00::1,fd00::2', '10.0.0.0/8'])(
    'is refused: %s',
    (text) => {
      const allowed = 'must be an IP address, or an IPv4 and an IPv6 address with a comma between';
      expect(errorsOf([`--node-ip=${text}`])).toEqual([`--node-ip: ${JSON.stringify(text)}: ${allowed}`]);
    },
  );
});

describe('--taint-until-ready', () => {
  it.each([
    [[], undefined],
    [['--taint-until-ready=menwei.dev/not-ready'], { key: 'menwei.dev/not-ready', effect: undefined }],
    [['--taint-until-ready=x:NoExecute'], { key: 'x', effect: 'NoExecute' }],
  ])('%j', (args, taint) => {
    expect(settingsOf(args).taintUntilReady).toEqual(taint);
    expect(settingsOf(args, 'mode: iptables').taintUntilReady).toEqual(taint);
  });

  it.each(['x:', ':NoSchedule', 'x:noschedule', 'x:NoSchedule:y', 'a/b/c', '-x', 'x y', 'A_/x'])(
    'is refused: %s',
    (text) => {
      const allowed =
        'must be the key of a taint, or key:effect with one of NoSchedule, PreferNoSchedule, NoExecute';
      expect(errorsOf([`--taint-until-ready=${text}`])).toEqual([
        `--taint-until-ready: ${JSON.stringify(text)}: ${allowed}`,
      ]);
    },
  );

  it('is refused where there is no API server', () => {
    expect(errorsOf(['--taint-until-ready=x', '--manifests=/x'])).toEqual([
      '--taint-until-ready: "x": needs an API server, and --manifests has none',
    ]);
  });
});
