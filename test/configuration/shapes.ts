/** Configurations as installers and distributions write them: files without apiVersion and kind, and command lines. */

/** As kubeadm writes it to its ConfigMap: all fields, with zeros for what nobody has set. */
export const KUBEADM = `
bindAddress: 0.0.0.0
bindAddressHardFail: false
clientConnection:
  acceptContentTypes: ""
  burst: 0
  contentType: ""
  kubeconfig: /var/lib/kube-proxy/kubeconfig.conf
  qps: 0
clusterCIDR: 10.244.0.0/16
configSyncPeriod: 0s
conntrack:
  maxPerCore: null
  min: null
  tcpBeLiberal: false
  tcpCloseWaitTimeout: null
  tcpEstablishedTimeout: null
  udpStreamTimeout: 0s
  udpTimeout: 0s
detectLocal:
  bridgeInterface: ""
  interfaceNamePrefix: ""
detectLocalMode: ""
enableProfiling: false
healthzBindAddress: ""
hostnameOverride: ""
iptables:
  localhostNodePorts: null
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
ipvs:
  excludeCIDRs: null
  minSyncPeriod: 0s
  scheduler: ""
  strictARP: false
  syncPeriod: 0s
  tcpFinTimeout: 0s
  tcpTimeout: 0s
  udpTimeout: 0s
logging:
  flushFrequency: 0
  options:
    json:
      infoBufferSize: "0"
    text:
      infoBufferSize: "0"
  verbosity: 0
metricsBindAddress: ""
mode: ""
nftables:
  masqueradeAll: false
  masqueradeBit: null
  minSyncPeriod: 0s
  syncPeriod: 0s
nodePortAddresses: null
oomScoreAdj: null
portRange: ""
showHiddenMetricsForVersion: ""
winkernel:
  enableDSR: false
  forwardHealthCheckVip: false
  networkName: ""
  rootHnsEndpointName: ""
  sourceVip: ""
`;

/** As Amazon's add-on has it. */
export const EKS = `
bindAddress: 0.0.0.0
clientConnection: {acceptContentTypes: "", burst: 10, contentType: application/vnd.kubernetes.protobuf, kubeconfig: /var/lib/kube-proxy/kubeconfig, qps: 5}
clusterCIDR: ""
configSyncPeriod: 15m0s
conntrack: {maxPerCore: 32768, min: 131072, tcpCloseWaitTimeout: 1h0m0s, tcpEstablishedTimeout: 24h0m0s}
enableProfiling: false
healthzBindAddress: 0.0.0.0:10256
hostnameOverride: ""
iptables: {masqueradeAll: false, masqueradeBit: 14, minSyncPeriod: 0s, syncPeriod: 30s}
ipvs: {excludeCIDRs: null, minSyncPeriod: 0s, scheduler: "", syncPeriod: 30s}
metricsBindAddress: 0.0.0.0:10249
mode: iptables
nodePortAddresses: null
oomScoreAdj: -998
portRange: ""
`;

/** As kubespray's template makes it for its default mode. */
export const KUBESPRAY = `
bindAddress: "0.0.0.0"
clientConnection:
  acceptContentTypes:
  burst: 10
  contentType: "application/vnd.kubernetes.protobuf"
  kubeconfig:
  qps: 5
clusterCIDR: "10.233.64.0/18"
configSyncPeriod: "15m0s"
conntrack:
  maxPerCore: 32768
  min: 131072
  tcpCloseWaitTimeout: "1h0m0s"
  tcpEstablishedTimeout: "24h0m0s"
enableProfiling: False
healthzBindAddress: "0.0.0.0:10256"
hostnameOverride: "node1"
iptables:
  masqueradeAll: False
  masqueradeBit: 14
  minSyncPeriod: "0s"
  syncPeriod: "30s"
ipvs:
  excludeCIDRs: []
  minSyncPeriod: "0s"
  scheduler: "rr"
  syncPeriod: "30s"
  strictARP: True
  tcpTimeout: "0s"
  tcpFinTimeout: "0s"
  udpTimeout: "0s"
metricsBindAddress: "127.0.0.1:10249"
mode: "ipvs"
nodePortAddresses: []
oomScoreAdj: -999
portRange: ""
`;

/** As many a cluster of 2017 had it. */
export const ANCIENT = `
bindAddress: 0.0.0.0
clusterCIDR: 10.2.0.0/16
conntrack: {max: 0, maxPerCore: 32768, min: 131072}
iptables: {masqueradeBit: 14, minSyncPeriod: 0s, syncPeriod: 30s}
mode: iptables
resourceContainer: /kube-proxy
udpIdleTimeout: 250ms
`;

/** Arguments that the agent gives to the proxy inside of it. */
export const K3S =
  '--cluster-cidr=10.42.0.0/16 --conntrack-max-per-core=0 --conntrack-tcp-timeout-close-wait=0s --conntrack-tcp-timeout-established=0s --healthz-bind-address=127.0.0.1 --hostname-override=k3s-1 --kubeconfig=/var/lib/rancher/k3s/agent/kubeproxy.kubeconfig --proxy-mode=iptables';

/** A static pod. */
export const GKE =
  '--master=https://192.0.2.12 --kubeconfig=/var/lib/kube-proxy/kubeconfig --cluster-cidr=10.4.0.0/14 --oom-score-adj=-998 --v=2 --iptables-sync-period=1m --iptables-min-sync-period=10s --ipvs-sync-period=1m --ipvs-min-sync-period=10s --detect-local-mode=NodeCIDR';

/** A static pod. */
export const KOPS =
  '--cluster-cidr=100.96.0.0/11 --conntrack-max-per-core=131072 --hostname-override=i-0abc --kubeconfig=/var/lib/kube-proxy/kubeconfig --master=https://127.0.0.1 --oom-score-adj=-998 --v=2';

/** A DaemonSet. */
export const TALOS =
  '--cluster-cidr=10.244.0.0/16 --conntrack-max-per-core=0 --hostname-override=talos-1 --kubeconfig=/etc/kubernetes/kubeconfig --proxy-mode=nftables';
