/** Single settings: what they mean by spec § 10.1, § 10.2 and § 10.4. */
import { parseKnownCidr as cidr } from '@menwei/addresses/ip.ts';
import type { ConfigurationCase } from './case.ts';

const HEALTHZ = { host: '0.0.0.0', port: 10256 };
const METRICS = { host: '127.0.0.1', port: 10249 };

const DEFAULTS: readonly ConfigurationCase[] = [
  {
    name: 'nothing at all',
    settings: {
      mode: 'iptables',
      healthzBindAddress: HEALTHZ,
      metricsBindAddress: METRICS,
      syncPeriodMs: 30_000,
      minSyncPeriodMs: 1000,
      detectLocalMode: 'ClusterCIDR',
      oomScoreAdj: -999,
    },
  },
  {
    name: 'an empty file',
    file: '',
    settings: { mode: 'iptables', healthzBindAddress: HEALTHZ, minSyncPeriodMs: 1000 },
  },
  { name: 'the mode as an empty text', args: '--proxy-mode=', settings: { mode: 'iptables' } },
  {
    name: 'an IPv6 bind address: the servers listen on IPv6',
    args: '--bind-address=fd00::1',
    settings: {
      healthzBindAddress: { host: '::', port: 10256 },
      metricsBindAddress: { host: '::1', port: 10249 },
    },
  },
  {
    name: 'the same in a file',
    file: 'bindAddress: "::"',
    settings: {
      healthzBindAddress: { host: '::', port: 10256 },
      metricsBindAddress: { host: '::1', port: 10249 },
    },
  },
  {
    name: 'addresses without a port get the default one',
    file: 'healthzBindAddress: 192.0.2.1\nmetricsBindAddress: fd00::2',
    settings: {
      healthzBindAddress: { host: '192.0.2.1', port: 10256 },
      metricsBindAddress: { host: 'fd00::2', port: 10249 },
    },
  },
  {
    name: 'addresses with a port keep it',
    args: '--healthz-bind-address=[fd00::1]:1234 --metrics-bind-address=192.0.2.1:4321',
    settings: {
      healthzBindAddress: { host: 'fd00::1', port: 1234 },
      metricsBindAddress: { host: '192.0.2.1', port: 4321 },
    },
  },
  {
    name: 'nftables mode: primary',
    args: '--proxy-mode=nftables',
    settings: { nodePortAddresses: 'primary' },
  },
  {
    name: 'nftables mode: unless told otherwise',
    args: '--proxy-mode=nftables --nodeport-addresses=0.0.0.0/0',
    settings: { nodePortAddresses: [cidr('0.0.0.0/0')] },
  },
  {
    name: 'primary in iptables mode',
    file: 'nodePortAddresses: [primary]',
    settings: { mode: 'iptables', nodePortAddresses: 'primary' },
  },
];

const PERIODS: readonly ConfigurationCase[] = [
  {
    name: 'iptables flags in nftables mode',
    args: '--proxy-mode=nftables --iptables-sync-period=40s --iptables-min-sync-period=4s',
    settings: { syncPeriodMs: 40_000, minSyncPeriodMs: 4000 },
  },
  {
    name: 'iptables flags in ipvs mode do not count',
    args: '--proxy-mode=ipvs --iptables-sync-period=40s',
    settings: { syncPeriodMs: 30_000, minSyncPeriodMs: 1000 },
  },
  {
    name: 'ipvs flags in iptables mode do not count',
    args: '--ipvs-sync-period=40s --ipvs-min-sync-period=4s',
    settings: { syncPeriodMs: 30_000, minSyncPeriodMs: 1000 },
  },
  {
    name: 'a shortest interval of zero by flag',
    args: '--iptables-min-sync-period=0s',
    settings: { minSyncPeriodMs: 0 },
  },
  {
    name: 'a shortest interval of zero in a file is the default',
    file: 'iptables: {minSyncPeriod: 0s}',
    settings: { minSyncPeriodMs: 1000 },
  },
  {
    name: 'the same in nftables mode',
    file: 'mode: nftables\nnftables: {minSyncPeriod: 0s}',
    settings: { minSyncPeriodMs: 1000 },
  },
  {
    name: 'but not in ipvs mode',
    file: 'mode: ipvs\nipvs: {minSyncPeriod: 0s}',
    settings: { minSyncPeriodMs: 0 },
  },
  {
    name: 'the section of the mode counts',
    file: 'mode: nftables\niptables: {syncPeriod: 10s}\nnftables: {syncPeriod: 20s}',
    settings: { syncPeriodMs: 20_000 },
  },
  {
    name: 'no mode means that of iptables',
    file: 'iptables: {syncPeriod: 10s}\nnftables: {syncPeriod: 20s}',
    settings: { syncPeriodMs: 10_000 },
  },
  {
    name: 'a shortest interval as long as the period',
    args: '--iptables-sync-period=5s --iptables-min-sync-period=5s',
    settings: { minSyncPeriodMs: 5000 },
  },
  {
    name: 'a period of zero in a file is the default',
    file: 'configSyncPeriod: 0s\niptables: {syncPeriod: 0s}',
    settings: { syncPeriodMs: 30_000 },
  },
];

const PRECEDENCE: readonly ConfigurationCase[] = [
  {
    name: 'the file wins over flags, all but a few',
    args: '--proxy-mode=ipvs --cluster-cidr=10.0.0.0/8 --oom-score-adj=1 --conntrack-min=1 --kube-api-qps=1',
    file: 'mode: nftables',
    settings: { mode: 'nftables', clusterCIDRs: [], oomScoreAdj: -999, client: { qps: 5 } },
    warned: [/^with --config these flags are ignored: .*--proxy-mode/],
  },
  {
    name: 'flags that are ignored are not checked',
    args: '--iptables-masquerade-bit=99',
    file: '',
    settings: { iptables: { masqueradeBit: 14 } },
    warned: [/are ignored: --iptables-masquerade-bit$/],
  },
  {
    name: '--hostname-override wins',
    args: '--hostname-override=Flag',
    file: 'hostnameOverride: file',
    settings: { nodeName: 'flag' },
  },
  {
    name: 'an empty --hostname-override does not',
    args: '--hostname-override=',
    file: 'hostnameOverride: file',
    settings: { nodeName: 'file' },
  },
  {
    name: '--master counts beside a file',
    args: '--master=https://192.0.2.1:6443',
    file: 'clientConnection: {kubeconfig: /k}',
    settings: { client: { master: 'https://192.0.2.1:6443', kubeconfig: '/k' } },
  },
  {
    name: '--cleanup counts beside a file',
    args: '--cleanup',
    file: 'mode: ipvs',
    settings: { cleanup: true, mode: 'ipvs' },
  },
  {
    name: 'logging flags win',
    args: '-v=7 --logging-format=json',
    file: 'logging: {verbosity: 2, format: text}',
    settings: { log: { verbosity: 7, format: 'json' } },
  },
  {
    name: 'logging of the file counts without flags',
    file: 'logging: {verbosity: 2, format: json}',
    settings: { log: { verbosity: 2, format: 'json' } },
  },
  {
    name: 'verbosities by file are joined',
    args: '--vmodule=a*=4',
    file: 'logging: {vmodule: [{filePattern: b, verbosity: 3}]}',
    warned: [/--vmodule.*logging\.vmodule/],
  },
  {
    name: 'feature gates are those of the file',
    args: '--feature-gates=ComponentFlagz=false',
    file: 'featureGates: {ComponentStatusz: false}',
    settings: { featureGates: { componentFlagz: true, componentStatusz: false } },
    warned: [/are ignored: --feature-gates$/],
  },
  {
    name: 'the deprecated port 0 does not count beside a file',
    args: '--healthz-port=0',
    file: '',
    settings: { healthzBindAddress: HEALTHZ },
    warned: [/are ignored: --healthz-port$/],
  },
  {
    name: 'the deprecated port 0 turns the health server off',
    args: '--healthz-port=0',
    settings: { healthzBindAddress: undefined, metricsBindAddress: METRICS },
    warned: [/--healthz-port is deprecated/],
  },
  {
    name: 'another deprecated port changes nothing',
    args: '--healthz-port=8080 --metrics-port=8081',
    settings: { healthzBindAddress: HEALTHZ, metricsBindAddress: METRICS },
    warned: [/deprecated/, /deprecated/, /no effect: --healthz-port, --metrics-port$/],
  },
  // kube-proxy does not do what its help says (KQ-2, KQ-3); this does.
  {
    name: 'empty addresses turn the servers off',
    args: '--healthz-bind-address= --metrics-bind-address=',
    settings: { healthzBindAddress: undefined, metricsBindAddress: undefined },
  },
  {
    name: '--metrics-port=0 turns the metrics server off',
    args: '--metrics-port=0',
    settings: { metricsBindAddress: undefined },
    warned: [/--metrics-port is deprecated/],
  },
  {
    name: 'empty addresses of a file are the defaults',
    file: 'healthzBindAddress: ""\nmetricsBindAddress: ""',
    settings: { healthzBindAddress: HEALTHZ, metricsBindAddress: METRICS },
  },
];

const READING: readonly ConfigurationCase[] = [
  {
    name: 'an unknown field is left out with a warning',
    file: 'mode: ipvs\nmodus: x',
    settings: { mode: 'ipvs' },
    warned: [/^config\.yaml: unknown fields are ignored: modus$/],
  },
  {
    name: 'the case of a name matters',
    file: 'Mode: ipvs',
    settings: { mode: 'iptables' },
    warned: [/unknown fields are ignored: Mode$/],
  },
  {
    name: 'of a repeated field the last counts',
    file: 'mode: ipvs\nmode: nftables',
    settings: { mode: 'nftables' },
    warned: [/duplicate fields, the last one is used: mode$/],
  },
  { name: 'null is nothing', file: 'mode: null\niptables: null', settings: { mode: 'iptables' } },
  {
    name: 'an underscore is a dash',
    args: '--proxy_mode=ipvs --cluster_cidr=10.0.0.0/8',
    settings: { mode: 'ipvs', clusterCIDRs: [cidr('10.0.0.0/8')] },
  },
  {
    name: 'lists may be repeated',
    args: '--nodeport-addresses=192.0.2.0/24 --nodeport-addresses=198.51.100.0/24,203.0.113.0/24',
    settings: { nodePortAddresses: [cidr('192.0.2.0/24'), cidr('198.51.100.0/24'), cidr('203.0.113.0/24')] },
  },
  {
    name: 'clusterCIDR with a blank (which kube-proxy refuses, KQ-35)',
    args: '--cluster-cidr=10.0.0.0/8,fd00::/8',
    settings: { clusterCIDRs: [cidr('10.0.0.0/8'), cidr('fd00::/8')] },
  },
  {
    name: 'clusterCIDR with a blank in a file',
    file: 'clusterCIDR: "10.0.0.0/8, fd00::/8"',
    settings: { clusterCIDRs: [cidr('10.0.0.0/8'), cidr('fd00::/8')] },
  },
  {
    name: 'masqueradeAll by flag is for either mode',
    args: '--proxy-mode=nftables --masquerade-all',
    settings: { iptables: { masqueradeAll: true }, nftables: { masqueradeAll: true } },
  },
  {
    name: 'masqueradeAll by file is for one',
    file: 'nftables: {masqueradeAll: true}',
    settings: { iptables: { masqueradeAll: false }, nftables: { masqueradeAll: true } },
  },
  {
    name: 'the masquerade bit by flag is not for nftables',
    args: '--iptables-masquerade-bit=3',
    settings: { iptables: { masqueradeBit: 3 }, nftables: { masqueradeBit: 14 } },
  },
  {
    name: 'of Windows',
    file: 'winkernel: {enableDSR: true, networkName: x}\nwindowsRunAsService: true',
    warned: [
      /^these settings have no effect: winkernel\.networkName, winkernel\.enableDSR, windowsRunAsService$/,
    ],
  },
  {
    name: 'portRange outside of userspace mode',
    file: 'portRange: nonsense',
    settings: { mode: 'iptables' },
  },
  {
    name: 'a gate that matters',
    args: '--feature-gates=AllowServiceExternalIPs=false',
    settings: { featureGates: { allowServiceExternalIPs: false } },
  },
  {
    name: 'all beta gates',
    file: 'featureGates: {AllBeta: false}',
    settings: { featureGates: { componentFlagz: false, componentStatusz: false } },
  },
  {
    name: 'locked gates as they are',
    args: '--feature-gates=MultiCIDRServiceAllocator=true,PreferSameTrafficDistribution=true',
  },
  {
    name: 'what is not for the mode is not checked',
    file: 'mode: iptables\nipvs: {tcpTimeout: -1s, excludeCIDRs: [x]}\nnftables: {masqueradeBit: 99}\ndetectLocalMode: NodeCIDR\nclusterCIDR: nonsense',
    settings: { clusterCIDRs: [] },
  },
];

export const MEANINGS: readonly ConfigurationCase[] = [...DEFAULTS, ...PERIODS, ...PRECEDENCE, ...READING];
