/** Whole configurations as they are in effect by spec § 10: every field of kube-proxy's format. */

/** Without a file and a flag. */
export const DEFAULT_CONFIGURATION = {
  apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
  kind: 'KubeProxyConfiguration',
  bindAddress: '0.0.0.0',
  bindAddressHardFail: false,
  clientConnection: {
    acceptContentTypes: '',
    burst: 10,
    contentType: 'application/vnd.kubernetes.protobuf',
    kubeconfig: '',
    qps: 5,
  },
  clusterCIDR: '',
  configSyncPeriod: '15m0s',
  conntrack: {
    maxPerCore: 32_768,
    min: 131_072,
    tcpBeLiberal: false,
    tcpCloseWaitTimeout: '1h0m0s',
    tcpEstablishedTimeout: '24h0m0s',
    udpStreamTimeout: '0s',
    udpTimeout: '0s',
  },
  detectLocal: { bridgeInterface: '', interfaceNamePrefix: '' },
  detectLocalMode: 'ClusterCIDR',
  enableProfiling: false,
  featureGates: {},
  healthzBindAddress: '0.0.0.0:10256',
  hostnameOverride: '',
  iptables: {
    localhostNodePorts: true,
    masqueradeAll: false,
    masqueradeBit: 14,
    minSyncPeriod: '1s',
    syncPeriod: '30s',
  },
  ipvs: {
    excludeCIDRs: [],
    minSyncPeriod: '1s',
    scheduler: 'rr',
    strictARP: false,
    syncPeriod: '30s',
    tcpFinTimeout: '0s',
    tcpTimeout: '0s',
    udpTimeout: '0s',
  },
  logging: {
    flushFrequency: '5s',
    format: 'text',
    options: {
      json: { infoBufferSize: '0', splitStream: false },
      text: { infoBufferSize: '0', splitStream: false },
    },
    verbosity: 0,
    vmodule: [],
  },
  metricsBindAddress: '127.0.0.1:10249',
  mode: 'iptables',
  nftables: { masqueradeAll: false, masqueradeBit: 14, minSyncPeriod: '1s', syncPeriod: '30s' },
  nodePortAddresses: [],
  oomScoreAdj: -999,
  portRange: '',
  showHiddenMetricsForVersion: '',
  windowsRunAsService: false,
  winkernel: {
    enableDSR: false,
    forwardHealthCheckVip: false,
    networkName: '',
    rootHnsEndpointName: '',
    sourceVip: '',
  },
};

/** Of kubeadm's file. */
export const KUBEADM_CONFIGURATION = {
  ...DEFAULT_CONFIGURATION,
  clientConnection: {
    ...DEFAULT_CONFIGURATION.clientConnection,
    kubeconfig: '/var/lib/kube-proxy/kubeconfig.conf',
  },
  clusterCIDR: '10.244.0.0/16',
  ipvs: { ...DEFAULT_CONFIGURATION.ipvs, minSyncPeriod: '0s' },
};
