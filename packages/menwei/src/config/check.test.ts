import { errorsOf, resolve, settingsOf } from '@menwei/testing/config/testing.ts';
import { describe, expect, it } from 'vitest';

describe('refused', () => {
  it.each([
    ['--iptables-masquerade-bit=32', '32: must be within 0 and 31'],
    ['--iptables-masquerade-bit=-1', '-1: must be within 0 and 31'],
    ['--iptables-masquerade-bit=9999999999', '9999999999: must be a whole number of 32 bits'],
    ['--oom-score-adj=1001', '1001: must be within -1000 and 1000'],
    ['--proxy-mode=kernelspace', '"kernelspace": must be one of userspace, iptables, ipvs, nftables, auto'],
    [
      '--detect-local-mode=clustercidr',
      '"clustercidr": must be one of ClusterCIDR, NodeCIDR, BridgeInterface, InterfaceNamePrefix',
    ],
    ['--kube-api-burst=-1', '-1: must not be negative'],
    ['--conntrack-min=-1', '-1: must not be negative'],
    ['--conntrack-udp-timeout=-1s', '"-1s": must not be negative'],
    ['--config-sync-period=0', '"0s": must be greater than 0'],
    ['--iptables-sync-period=-5s', '"-5s": must be greater than 0'],
    ['--iptables-min-sync-period=-5s', '"-5s": must not be negative'],
    ['--iptables-min-sync-period=31s', '"31s": must not be greater than iptables.syncPeriod, 30s'],
    ['--bind-address=10.0.0', '"10.0.0": must be an IP address'],
    ['--healthz-bind-address=1.2.3.4:0', '"1.2.3.4:0": must be IP:port with a port within 1 and 65535'],
    ['--healthz-bind-address=localhost:80', '"localhost:80": must be IP:port with a port within 1 and 65535'],
    ['--metrics-bind-address=[::1]:65536', '"[::1]:65536": must be IP:port with a port within 1 and 65535'],
    [
      '--cluster-cidr=10.0.0.0',
      '"10.0.0.0": must be one CIDR, or an IPv4 and an IPv6 CIDR with a comma between',
    ],
    [
      '--cluster-cidr=10.0.0.0/8,11.0.0.0/8',
      '"10.0.0.0/8,11.0.0.0/8": must be one CIDR, or an IPv4 and an IPv6 CIDR with a comma between',
    ],
    ['--show-hidden-metrics-for-version=1.34', '"1.34": must be 1.35, the version before'],
    ['--log-flush-frequency=-1s', '"-1s": must be greater than 0'],
    ['--log-json-split-stream', 'true: needs the feature gate LoggingAlphaOptions'],
    ['--log-text-info-buffer-size=64Ki', '"64Ki": needs the feature gate LoggingAlphaOptions'],
    ['--feature-gates=Nonsense=true', 'true: Nonsense is not a feature gate of Kubernetes 1.36'],
    ['--feature-gates=NFTablesProxyMode=false', 'false: NFTablesProxyMode is locked to true'],
    ['--logging-format=xml', '"xml": must be one of text, json'],
  ])('%s', (flag, message) => {
    expect(errorsOf([flag])).toEqual([`${flag.split('=', 1)[0]}: ${message}`]);
  });

  it.each([
    [
      '--detect-local-mode=BridgeInterface',
      '--pod-bridge-interface: "": must not be empty with detectLocalMode BridgeInterface',
    ],
    [
      '--detect-local-mode=InterfaceNamePrefix',
      '--pod-interface-name-prefix: "": must not be empty with detectLocalMode InterfaceNamePrefix',
    ],
    [
      '--nodeport-addresses=10.0.0.0/8,primary',
      '--nodeport-addresses: "primary": "primary" must stand alone',
    ],
    [
      '--nodeport-addresses=10.0.0.1',
      '--nodeport-addresses: "10.0.0.1": must be a CIDR like 10.0.0.0/8, or the only element "primary"',
    ],
  ])('%s', (flag, message) => {
    expect(errorsOf([flag])).toEqual([message]);
  });

  it.each(['sixteen-letters-', 'veth+', 'veth*', 'a/b', 'a b', 'veth\n', 'a:1', '..', 'é', '"', 'a\\'])(
    'a name that no interface can have: %j',
    (name) => {
      const [bridge, prefix] = ['BridgeInterface', 'InterfaceNamePrefix'];
      const reason =
        'can\'t be of an interface: at most 15 visible characters, without "/", ":", quotes and "\\", and no "+" or "*" at the end';
      const shown = JSON.stringify(name);
      expect(errorsOf([`--detect-local-mode=${bridge}`, `--pod-bridge-interface=${name}`])).toEqual([
        `--pod-bridge-interface: ${shown}: ${reason}`,
      ]);
      expect(errorsOf([`--detect-local-mode=${prefix}`, `--pod-interface-name-prefix=${name}`])).toEqual([
        `--pod-interface-name-prefix: ${shown}: ${reason}`,
      ]);
      const file = (mode: string) =>
        `detectLocalMode: ${mode}\ndetectLocal: {bridgeInterface: ${shown}, interfaceNamePrefix: ${shown}}`;
      expect(errorsOf([], file(bridge))).toEqual([
        `config.yaml: detectLocal.bridgeInterface: ${shown}: ${reason}`,
      ]);
      expect(errorsOf([], file(prefix))).toEqual([
        `config.yaml: detectLocal.interfaceNamePrefix: ${shown}: ${reason}`,
      ]);
      // As kube-proxy: without use for it, it is no error.
      expect(errorsOf([`--pod-bridge-interface=${name}`])).toEqual([]);
    },
  );

  it.each(['veth', 'cali', 'lxc_health', 'eth0.100', 'fifteen-letters', 'br+x'])(
    'but not the name %s',
    (name) => {
      const args = ['--detect-local-mode=InterfaceNamePrefix', `--pod-interface-name-prefix=${name}`];
      expect(settingsOf(args).detectLocal.interfaceNamePrefix).toBe(name);
    },
  );

  it('only in the mode it matters for', () => {
    const ipvs = [
      '--ipvs-tcp-timeout=-1s',
      '--ipvs-exclude-cidrs=10.0.0.0/8,x',
      '--ipvs-scheduler=Rr',
      '--ipvs-drain-timeout=-1m',
    ];
    expect(errorsOf(ipvs)).toEqual([]);
    expect(errorsOf([...ipvs, '--proxy-mode=ipvs'])).toEqual([
      '--ipvs-tcp-timeout: "-1s": must not be negative',
      '--ipvs-drain-timeout: "-1m0s": must not be negative',
      '--ipvs-scheduler: "Rr": must be the name of an IPVS scheduler: 1 to 15 letters a-z',
      '--ipvs-exclude-cidrs: "x": must be a CIDR like 10.0.0.0/8',
    ]);
    expect(errorsOf([], 'nftables: {masqueradeBit: 40}')).toEqual([]);
    expect(errorsOf([], 'mode: nftables\nnftables: {masqueradeBit: 40}')).toHaveLength(1);
  });

  it.each(['w-rr', 'r r', 'abcdefghijklmnop', 'rr\n', 'mh1'])('scheduler %j', (scheduler) => {
    const yaml = `mode: ipvs\nipvs: {scheduler: ${JSON.stringify(scheduler)}}`;
    expect(errorsOf([], yaml)).toEqual([
      `config.yaml: ipvs.scheduler: ${JSON.stringify(scheduler)}: must be the name of an IPVS scheduler: 1 to 15 letters a-z`,
    ]);
  });

  it.each([
    [['--proxy-mode=x', '--master=', '--bind-address=y'], undefined, true],
    [['--node-ip=x'], 'mode: nftables', true],
    [['--node-ip=x'], 'mode: x', false],
    [[], 'mode: [', false],
  ])('as wrong usage where only the command line is to blame: %j %j', (args, yaml, wrongUsage) => {
    expect(resolve(args, yaml)).toMatchObject({ wrongUsage });
  });

  it.each([
    [
      'logging: {vmodule: [{verbosity: 1}]}',
      'logging.vmodule[0].filePattern: "": must not be empty, and have no "=" and no ","',
    ],
    [
      'logging: {vmodule: [{filePattern: a, verbosity: -1}]}',
      'logging.vmodule[0].verbosity: -1: must not be negative',
    ],
    [
      'logging: {format: json, vmodule: [{filePattern: a, verbosity: 1}]}',
      'logging.vmodule: "a=1": goes with the format text only',
    ],
    ['logging: {verbosity: -1}', 'logging.verbosity: -1: must not be negative'],
    [
      'featureGates: {AllBeta: true, GitRepoVolumeDriver: true}',
      'featureGates.GitRepoVolumeDriver: true: GitRepoVolumeDriver is locked to false',
    ],
  ])('%s', (yaml, message) => {
    expect(errorsOf([], yaml)).toEqual([`config.yaml: ${message}`]);
  });

  it.each([
    '--show-hidden-metrics-for-version=1.35',
    '--log-json-info-buffer-size=0Ki',
    '--feature-gates=NFTablesProxyMode=true',
  ])('but not %s', (flag) => {
    expect(errorsOf([flag])).toEqual([]);
  });

  it('logging options, but not with their feature gate', () => {
    expect(errorsOf(['--feature-gates=LoggingAlphaOptions=true', '--log-text-split-stream'])).toEqual([]);
    expect(
      errorsOf([], 'featureGates: {AllAlpha: true}\nlogging: {options: {json: {splitStream: true}}}'),
    ).toEqual([]);
  });

  it('all at once, with the file and the field', () => {
    expect(errorsOf([], 'mode: x\nclientConnection: {burst: -1}\niptables: {masqueradeBit: 99}')).toEqual([
      'config.yaml: mode: "x": must be one of userspace, iptables, ipvs, nftables, auto',
      'config.yaml: iptables.masqueradeBit: 99: must be within 0 and 31',
      'config.yaml: clientConnection.burst: -1: must not be negative',
    ]);
  });
});
