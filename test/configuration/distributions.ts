/** The shapes that installers and distributions give kube-proxy's configuration. */
import { parseKnownCidr as cidr } from '@menwei/addresses/ip.ts';
import type { ConfigurationCase } from './case.ts';
import { ANCIENT, EKS, GKE, K3S, KOPS, KUBEADM, KUBESPRAY, TALOS } from './shapes.ts';

const IGNORED_PERIODS = /^with --config these flags are ignored: --iptables-sync-period$/;

export const DISTRIBUTIONS: readonly ConfigurationCase[] = [
  {
    name: 'kubeadm, zeros and empty texts mean the defaults',
    args: '--hostname-override=Worker-1',
    file: KUBEADM,
    settings: {
      mode: 'iptables',
      nodeName: 'worker-1',
      client: { kubeconfig: '/var/lib/kube-proxy/kubeconfig.conf', qps: 5, burst: 10 },
      clusterCIDRs: [cidr('10.244.0.0/16')],
      detectLocalMode: 'ClusterCIDR',
      healthzBindAddress: { host: '0.0.0.0', port: 10256 },
      metricsBindAddress: { host: '127.0.0.1', port: 10249 },
      iptables: { masqueradeBit: 14, masqueradeAll: false, localhostNodePorts: true },
      conntrack: { maxPerCore: 32_768, min: 131_072, tcpEstablishedTimeoutMs: 86_400_000 },
      syncPeriodMs: 30_000,
      minSyncPeriodMs: 1000,
      nodePortAddresses: [],
      oomScoreAdj: -999,
      log: { format: 'text', verbosity: 0 },
    },
  },
  {
    name: 'kubeadm in ipvs mode: no shortest interval',
    file: KUBEADM.replace('mode: ""', 'mode: ipvs'),
    settings: {
      mode: 'ipvs',
      syncPeriodMs: 30_000,
      minSyncPeriodMs: 0,
      ipvs: { scheduler: 'rr', excludeCIDRs: [] },
    },
  },
  {
    name: 'kubeadm in nftables mode: NodePorts on the primary addresses',
    file: KUBEADM.replace('mode: ""', 'mode: nftables'),
    settings: { mode: 'nftables', nodePortAddresses: 'primary', minSyncPeriodMs: 1000 },
  },
  {
    name: 'kubeadm, two IP families',
    file: KUBEADM.replace('10.244.0.0/16', '10.244.0.0/16,fd00:10:244::/56'),
    settings: { clusterCIDRs: [cidr('10.244.0.0/16'), cidr('fd00:10:244::/56')] },
  },
  {
    name: 'kubeadm with patches of cluster tools',
    args: '-v=5',
    file: KUBEADM.replace('mode: ""', 'mode: iptables').replace('maxPerCore: null', 'maxPerCore: 0'),
    settings: { conntrack: { maxPerCore: 0 }, log: { verbosity: 5 } },
  },
  {
    name: 'kind: without right to the conntrack settings',
    file: `${KUBEADM.replace('maxPerCore: null', 'maxPerCore: 0').replace('tcpEstablishedTimeout: null', 'tcpEstablishedTimeout: 0s').replace('tcpCloseWaitTimeout: null', 'tcpCloseWaitTimeout: 0s')}`,
    settings: { conntrack: { maxPerCore: 0, tcpEstablishedTimeoutMs: 0, tcpCloseWaitTimeoutMs: 0 } },
  },
  {
    name: 'EKS',
    args: '--v=2 --hostname-override=ip-192-0-2-7.eu-central-1.compute.internal',
    file: EKS,
    settings: {
      mode: 'iptables',
      nodeName: 'ip-192-0-2-7.eu-central-1.compute.internal',
      clusterCIDRs: [],
      metricsBindAddress: { host: '0.0.0.0', port: 10249 },
      minSyncPeriodMs: 1000,
      oomScoreAdj: -998,
      log: { verbosity: 2 },
    },
  },
  {
    name: 'EKS in ipvs mode, as its guide for large clusters says',
    args: '--v=2',
    file: EKS.replace('mode: iptables', 'mode: ipvs').replace('scheduler: ""', 'scheduler: lc'),
    settings: { mode: 'ipvs', ipvs: { scheduler: 'lc' }, minSyncPeriodMs: 0 },
  },
  {
    name: 'EKS, a flag for what the file says is ignored',
    args: '--v=2 --iptables-sync-period=1m',
    file: EKS,
    settings: { syncPeriodMs: 30_000 },
    warned: [IGNORED_PERIODS],
  },
  {
    name: 'kubespray',
    args: '--hostname-override=node-from-env',
    file: KUBESPRAY,
    settings: {
      mode: 'ipvs',
      nodeName: 'node-from-env',
      ipvs: { scheduler: 'rr', strictARP: true, excludeCIDRs: [], tcpTimeoutMs: 0 },
      clusterCIDRs: [cidr('10.233.64.0/18')],
      minSyncPeriodMs: 0,
    },
  },
  {
    name: 'kubespray with NodePorts on one network',
    file: KUBESPRAY.replace('nodePortAddresses: []', 'nodePortAddresses: [192.0.2.0/24]').replace(
      '"ipvs"',
      '"nftables"',
    ),
    settings: { mode: 'nftables', nodePortAddresses: [cidr('192.0.2.0/24')] },
  },
  {
    name: 'kubespray with feature gates of all components',
    file: `${KUBESPRAY}featureGates: {GracefulNodeShutdown: true, NFTablesProxyMode: true, MemoryQoS: true}\n`,
    settings: { mode: 'ipvs' },
    warned: [/^these settings have no effect: featureGates\.MemoryQoS$/],
  },
  {
    name: 'k3s',
    args: K3S,
    settings: {
      mode: 'iptables',
      nodeName: 'k3s-1',
      healthzBindAddress: { host: '127.0.0.1', port: 10256 },
      conntrack: { maxPerCore: 0, tcpEstablishedTimeoutMs: 0, tcpCloseWaitTimeoutMs: 0 },
      minSyncPeriodMs: 1000,
    },
  },
  {
    name: 'k3s, IPv6 first',
    args: K3S.replace('127.0.0.1', '::1').replace('10.42.0.0/16', 'fd42::/56,10.42.0.0/16'),
    settings: {
      healthzBindAddress: { host: '::1', port: 10256 },
      clusterCIDRs: [cidr('fd42::/56'), cidr('10.42.0.0/16')],
    },
  },
  {
    name: 'k3s with --kube-proxy-arg for ipvs',
    args: `${K3S.replace('--proxy-mode=iptables', '--proxy-mode=ipvs')} --ipvs-scheduler=wrr --metrics-bind-address=0.0.0.0`,
    settings: {
      mode: 'ipvs',
      ipvs: { scheduler: 'wrr' },
      minSyncPeriodMs: 1000,
      metricsBindAddress: { host: '0.0.0.0', port: 10249 },
    },
  },
  {
    name: 'rke2, a static pod',
    args: '--cluster-cidr=10.42.0.0/16 --conntrack-max-per-core=0 --conntrack-tcp-timeout-close-wait=0s --conntrack-tcp-timeout-established=0s --healthz-bind-address=127.0.0.1 --hostname-override=rke2-1 --kubeconfig=/var/lib/rancher/rke2/agent/kubeproxy.kubeconfig --proxy-mode=iptables --ipvs-exclude-cidrs=192.0.2.0/24',
    settings: { mode: 'iptables', nodeName: 'rke2-1' },
  },
  {
    name: 'GKE',
    args: GKE,
    settings: {
      mode: 'iptables',
      client: { master: 'https://192.0.2.12', kubeconfig: '/var/lib/kube-proxy/kubeconfig' },
      detectLocalMode: 'NodeCIDR',
      syncPeriodMs: 60_000,
      minSyncPeriodMs: 10_000,
      oomScoreAdj: -998,
    },
  },
  {
    name: 'GKE in ipvs mode: the other pair of periods counts',
    args: `${GKE.replace('--ipvs-min-sync-period=10s', '--ipvs-min-sync-period=5s')} --proxy-mode=ipvs`,
    settings: { mode: 'ipvs', syncPeriodMs: 60_000, minSyncPeriodMs: 5000 },
  },
  {
    name: 'GKE of 2019: a gate that is gone',
    args: `${GKE} --feature-gates=DynamicKubeletConfig=false,RotateKubeletServerCertificate=true`,
    refused: ['--feature-gates: false: DynamicKubeletConfig is not a feature gate'],
  },
  {
    name: 'GKE with the mode that only nodes of Windows have',
    args: `${GKE} --proxy-mode=kernelspace`,
    refused: ['--proxy-mode: "kernelspace"'],
  },
  {
    name: 'kops',
    args: KOPS,
    settings: {
      mode: 'iptables',
      nodeName: 'i-0abc',
      client: { master: 'https://127.0.0.1' },
      conntrack: { maxPerCore: 131_072 },
      oomScoreAdj: -998,
      log: { verbosity: 2 },
    },
  },
  {
    name: 'kops in ipvs mode with all that its cluster spec knows',
    args: `${KOPS} --proxy-mode=ipvs --ipvs-exclude-cidrs=192.0.2.0/24,198.51.100.0/24 --ipvs-min-sync-period=1s --ipvs-scheduler=sh --ipvs-sync-period=30s --bind-address=0.0.0.0 --metrics-bind-address=0.0.0.0 --feature-gates=GracefulNodeShutdown=true`,
    settings: {
      ipvs: { scheduler: 'sh', excludeCIDRs: [cidr('192.0.2.0/24'), cidr('198.51.100.0/24')] },
      metricsBindAddress: { host: '0.0.0.0', port: 10249 },
    },
  },
  {
    name: 'Talos',
    args: TALOS,
    settings: {
      mode: 'nftables',
      nodeName: 'talos-1',
      nodePortAddresses: 'primary',
      conntrack: { maxPerCore: 0 },
      syncPeriodMs: 30_000,
    },
  },
  {
    name: 'Talos with extra arguments',
    args: `${TALOS} --metrics-bind-address=0.0.0.0:10249 --nodeport-addresses=0.0.0.0/0 --ipvs-strict-arp`,
    settings: {
      metricsBindAddress: { host: '0.0.0.0', port: 10249 },
      nodePortAddresses: [cidr('0.0.0.0/0')],
      ipvs: { strictARP: true },
    },
  },
  {
    name: 'a cluster of 2017: what was removed since is left out',
    file: ANCIENT,
    settings: { mode: 'iptables', conntrack: { maxPerCore: 32_768 } },
    warned: [/unknown fields are ignored: conntrack\.max, resourceContainer, udpIdleTimeout$/],
  },
  {
    name: 'a cluster of 2017 with feature gates as a text',
    file: `${ANCIENT}featureGates: ""\n`,
    refused: ['config.yaml: featureGates: ""'],
  },
  {
    name: 'MicroK8s and others with the flags in a file of the service',
    args: '--kubeconfig=/etc/kube/proxy.config --cluster-cidr=10.1.0.0/16 --healthz-bind-address=127.0.0.1 --profiling=false',
    settings: { healthzBindAddress: { host: '127.0.0.1', port: 10256 } },
  },
  {
    name: 'by hand, as the tutorials do it',
    args: '--config=/var/lib/kube-proxy/kube-proxy-config.yaml',
    file: 'clientConnection:\n  kubeconfig: "/var/lib/kube-proxy/kubeconfig"\nmode: "iptables"\nclusterCIDR: "10.200.0.0/16"\n',
    settings: { mode: 'iptables', clusterCIDRs: [cidr('10.200.0.0/16')], client: { qps: 5, burst: 10 } },
  },
];
