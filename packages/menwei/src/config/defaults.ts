/** What a configuration means where it says nothing (spec § 10.1, § 10.2). */
import { familyOf, formatHostPort, parseIp } from '@menwei/addresses/ip.ts';
import { API_VERSION, type ConfigDocument, KIND } from './document.ts';

const HEALTHZ_PORT = 10256;
const METRICS_PORT = 10249;
const SYNC_PERIOD_MS = 30_000;
const MIN_SYNC_PERIOD_MS = 1000;
const FLUSH_FREQUENCY_MS = 5_000;
/** Longer than most connections last, and what the kernel itself allows an idle one (IPVS: 15 minutes). */
const DRAIN_TIMEOUT_MS = 15 * 60_000;
/** What conntrack allows a UDP stream. 1.20's 250 ms end a QUIC connection in which nobody speaks for a moment. */
const UDP_TIMEOUT_MS = 120_000;
/** These two are kube-proxy's of conntrack: a connection lives as long in this mode as in the others. */
const IDLE_TIMEOUT_MS = 24 * 3_600_000;
const HALF_CLOSED_TIMEOUT_MS = 3_600_000;
/** Kubernetes ends a pod 30 s after it has asked it to end. */
const SHUTDOWN_TIMEOUT_MS = 25_000;

/** A configuration in which every field has a value. Nothing of it has been checked. */
export type Configuration = ReturnType<typeof withDefaults>;

/**
 * Fills in the defaults. In a file a zero means the same as no field where Go can't tell them apart, so that some
 * periods can be 0 only by flag (KQ-5, as kube-proxy).
 */
export function withDefaults(document: ConfigDocument, source: 'flags' | 'file') {
  const {
    clientConnection = {},
    iptables = {},
    nftables = {},
    ipvs = {},
    userspace = {},
    conntrack = {},
    logging = {},
    winkernel = {},
  } = document;
  const or = (value: number | undefined, preset: number) =>
    value === undefined || (source === 'file' && value === 0) ? preset : value;
  const mode = document.mode || 'iptables';
  const bindAddress = document.bindAddress || '0.0.0.0';
  return {
    apiVersion: API_VERSION,
    kind: KIND,
    mode,
    bindAddress,
    ...serverAddresses(document, bindAddress),
    bindAddressHardFail: document.bindAddressHardFail ?? false,
    clientConnection: {
      kubeconfig: clientConnection.kubeconfig ?? '',
      acceptContentTypes: clientConnection.acceptContentTypes ?? '',
      contentType: clientConnection.contentType || 'application/vnd.kubernetes.protobuf',
      qps: or(clientConnection.qps, 5),
      burst: or(clientConnection.burst, 10),
    },
    hostnameOverride: document.hostnameOverride ?? '',
    enableProfiling: document.enableProfiling ?? false,
    showHiddenMetricsForVersion: document.showHiddenMetricsForVersion ?? '',
    clusterCIDR: document.clusterCIDR ?? '',
    detectLocalMode: document.detectLocalMode || 'ClusterCIDR',
    detectLocal: {
      bridgeInterface: document.detectLocal?.bridgeInterface ?? '',
      interfaceNamePrefix: document.detectLocal?.interfaceNamePrefix ?? '',
    },
    nodePortAddresses: nodePortAddresses(document.nodePortAddresses ?? [], mode),
    iptables: {
      masqueradeBit: iptables.masqueradeBit ?? 14,
      masqueradeAll: iptables.masqueradeAll ?? false,
      localhostNodePorts: iptables.localhostNodePorts ?? true,
      syncPeriod: or(iptables.syncPeriod, SYNC_PERIOD_MS),
      minSyncPeriod: or(iptables.minSyncPeriod, MIN_SYNC_PERIOD_MS),
    },
    nftables: {
      masqueradeBit: nftables.masqueradeBit ?? 14,
      masqueradeAll: nftables.masqueradeAll ?? false,
      syncPeriod: or(nftables.syncPeriod, SYNC_PERIOD_MS),
      minSyncPeriod: or(nftables.minSyncPeriod, MIN_SYNC_PERIOD_MS),
    },
    ipvs: {
      scheduler: ipvs.scheduler || 'rr',
      excludeCIDRs: ipvs.excludeCIDRs ?? [],
      strictARP: ipvs.strictARP ?? false,
      tcpTimeout: ipvs.tcpTimeout ?? 0,
      tcpFinTimeout: ipvs.tcpFinTimeout ?? 0,
      udpTimeout: ipvs.udpTimeout ?? 0,
      drainTimeout: ipvs.drainTimeout ?? DRAIN_TIMEOUT_MS,
      required: ipvs.required ?? false,
      syncPeriod: or(ipvs.syncPeriod, SYNC_PERIOD_MS),
      minSyncPeriod: ipvs.minSyncPeriod ?? (source === 'file' ? 0 : MIN_SYNC_PERIOD_MS),
    },
    portRange: document.portRange ?? '',
    userspace: {
      threads: userspace.threads ?? 0,
      udpTimeout: or(userspace.udpTimeout, UDP_TIMEOUT_MS),
      idleTimeout: or(userspace.idleTimeout, IDLE_TIMEOUT_MS),
      halfClosedTimeout: or(userspace.halfClosedTimeout, HALF_CLOSED_TIMEOUT_MS),
      drainTimeout: userspace.drainTimeout ?? DRAIN_TIMEOUT_MS,
      shutdownTimeout: userspace.shutdownTimeout ?? SHUTDOWN_TIMEOUT_MS,
    },
    conntrack: {
      maxPerCore: conntrack.maxPerCore ?? 32_768,
      min: conntrack.min ?? 131_072,
      tcpEstablishedTimeout: conntrack.tcpEstablishedTimeout ?? 24 * 3_600_000,
      tcpCloseWaitTimeout: conntrack.tcpCloseWaitTimeout ?? 3_600_000,
      tcpBeLiberal: conntrack.tcpBeLiberal ?? false,
      udpTimeout: conntrack.udpTimeout ?? 0,
      udpStreamTimeout: conntrack.udpStreamTimeout ?? 0,
    },
    oomScoreAdj: document.oomScoreAdj ?? -999,
    configSyncPeriod: or(document.configSyncPeriod, 15 * 60_000),
    featureGates: document.featureGates ?? {},
    logging: withLoggingDefaults(logging),
    winkernel: {
      networkName: winkernel.networkName ?? '',
      sourceVip: winkernel.sourceVip ?? '',
      enableDSR: winkernel.enableDSR ?? false,
      rootHnsEndpointName: winkernel.rootHnsEndpointName ?? '',
      forwardHealthCheckVip: winkernel.forwardHealthCheckVip ?? false,
    },
    windowsRunAsService: document.windowsRunAsService ?? false,
  };
}

function withLoggingDefaults({
  format,
  flushFrequency,
  verbosity,
  vmodule,
  options,
}: NonNullable<ConfigDocument['logging']>) {
  const output = (given: OutputOptions = {}) => ({
    splitStream: given.splitStream ?? false,
    infoBufferSize: given.infoBufferSize ?? '0',
  });
  return {
    format: format || 'text',
    flushFrequency: flushFrequency || FLUSH_FREQUENCY_MS,
    verbosity: verbosity ?? 0,
    vmodule: vmodule ?? [],
    options: { text: output(options?.text), json: output(options?.json) },
  };
}

type OutputOptions = NonNullable<NonNullable<ConfigDocument['logging']>['options']>['text'];

/** An empty address means the default one, so it can't turn a server off (KQ-2, as kube-proxy). */
function serverAddresses({ healthzBindAddress, metricsBindAddress }: ConfigDocument, bindAddress: string) {
  const isIPv6 = familyOf(parseIp(bindAddress) ?? '') === 'IPv6';
  return {
    healthzBindAddress: appendPort(healthzBindAddress || (isIPv6 ? '::' : '0.0.0.0'), HEALTHZ_PORT),
    metricsBindAddress: appendPort(metricsBindAddress || (isIPv6 ? '::1' : '127.0.0.1'), METRICS_PORT),
  };
}

/** Completes a bare IP; anything else is left for the check to judge. */
function appendPort(address: string, port: number): string {
  const ip = parseIp(address);
  return ip === undefined ? address : formatHostPort(ip, port);
}

/** nftables mode accepts NodePorts on the node's own addresses unless told otherwise. */
function nodePortAddresses(addresses: readonly string[], mode: string): readonly string[] {
  return mode === 'nftables' && addresses.length === 0 ? ['primary'] : addresses;
}
