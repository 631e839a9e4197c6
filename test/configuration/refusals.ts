/** What is refused by spec § 10.3: all of it at once, each with the name that the user gave it. */
import type { ConfigurationCase } from './case.ts';

/** A file that is refused for one field. */
function file(field: string, text: string): ConfigurationCase {
  return { name: text.replaceAll('\n', ' '), file: text, refused: [`config.yaml: ${field}: `] };
}

/** A command line that is refused for one flag. */
function flag(name: string, args: string): ConfigurationCase {
  return { name: args, args, refused: [`--${name}: `] };
}

export const REFUSALS: readonly ConfigurationCase[] = [
  file('mode', 'mode: kernelspace'),
  flag('proxy-mode', '--proxy-mode=Ipvs'),
  file('iptables.masqueradeBit', 'iptables: {masqueradeBit: 32}'),
  file('iptables.masqueradeBit', 'mode: nftables\niptables: {masqueradeBit: -1}'),
  file('nftables.masqueradeBit', 'mode: nftables\nnftables: {masqueradeBit: 32}'),
  file('ipvs.tcpTimeout', 'mode: ipvs\nipvs: {tcpTimeout: -1s}'),
  file('ipvs.tcpFinTimeout', 'mode: ipvs\nipvs: {tcpFinTimeout: -1s}'),
  file('ipvs.udpTimeout', 'mode: ipvs\nipvs: {udpTimeout: -1s}'),
  file('ipvs.excludeCIDRs[1]', 'mode: ipvs\nipvs: {excludeCIDRs: [10.0.0.0/8, 10.0.0.1]}'),
  file('ipvs.minSyncPeriod', 'mode: ipvs\nipvs: {syncPeriod: 1s, minSyncPeriod: 2s}'),
  file('conntrack.maxPerCore', 'conntrack: {maxPerCore: -1}'),
  file('conntrack.min', 'conntrack: {min: -1}'),
  file('conntrack.tcpEstablishedTimeout', 'conntrack: {tcpEstablishedTimeout: -1s}'),
  file('conntrack.tcpCloseWaitTimeout', 'conntrack: {tcpCloseWaitTimeout: -1s}'),
  file('conntrack.udpTimeout', 'conntrack: {udpTimeout: -1s}'),
  file('conntrack.udpStreamTimeout', 'conntrack: {udpStreamTimeout: -1s}'),
  file('oomScoreAdj', 'oomScoreAdj: -1001'),
  file('oomScoreAdj', 'oomScoreAdj: 1001'),
  file('clientConnection.burst', 'clientConnection: {burst: -1}'),
  file('configSyncPeriod', 'configSyncPeriod: -1s'),
  flag('config-sync-period', '--config-sync-period=0'),
  file('iptables.syncPeriod', 'iptables: {syncPeriod: -1s}'),
  flag('iptables-sync-period', '--iptables-sync-period=0s'),
  file('iptables.minSyncPeriod', 'iptables: {minSyncPeriod: 31s}'),
  file('nftables.minSyncPeriod', 'mode: nftables\nnftables: {minSyncPeriod: -1s}'),
  file('bindAddress', 'bindAddress: node-1'),
  file('healthzBindAddress', 'healthzBindAddress: 0.0.0.0:0'),
  file('healthzBindAddress', 'healthzBindAddress: localhost:10256'),
  file('metricsBindAddress', 'metricsBindAddress: 127.0.0.1:65536'),
  file('metricsBindAddress', 'metricsBindAddress: ":10249"'),
  file('nodePortAddresses[0]', 'nodePortAddresses: [192.0.2.1]'),
  file('nodePortAddresses[1]', 'nodePortAddresses: [192.0.2.0/24, primary]'),
  file('showHiddenMetricsForVersion', 'showHiddenMetricsForVersion: "1.34"'),
  file('detectLocalMode', 'detectLocalMode: Bridge'),
  file('detectLocal.bridgeInterface', 'detectLocalMode: BridgeInterface'),
  file('detectLocal.interfaceNamePrefix', 'detectLocalMode: InterfaceNamePrefix'),
  file('clusterCIDR', 'clusterCIDR: 10.0.0.0'),
  file('clusterCIDR', 'clusterCIDR: 10.0.0.0/8,11.0.0.0/8'),
  file('clusterCIDR', 'clusterCIDR: 10.0.0.0/8,fd00::/8,fd01::/16'),
  file('logging.format', 'logging: {format: xml}'),
  file('logging.vmodule', 'logging: {format: json, vmodule: [{filePattern: a, verbosity: 1}]}'),
  file('featureGates.Proxy', 'featureGates: {Proxy: true}'),
  file('featureGates.MultiCIDRServiceAllocator', 'featureGates: {MultiCIDRServiceAllocator: false}'),
  file('hostnameOverride', 'hostnameOverride: "  "'),
  // A value of a wrong type.
  file('iptables.syncPeriod', 'iptables: {syncPeriod: 30}'),
  file('bindAddressHardFail', 'bindAddressHardFail: "yes please"'),
  file('nodePortAddresses', 'nodePortAddresses: primary'),
  file('conntrack', 'conntrack: []'),
  file('clientConnection.qps', 'clientConnection: {qps: fast}'),
  {
    name: 'all mistakes at once',
    file: 'mode: x\nbindAddress: here\noomScoreAdj: 2000\nclientConnection: {burst: -1}\nfeatureGates: {Z: true}',
    refused: ['mode', 'bindAddress', 'oomScoreAdj', 'clientConnection.burst', 'featureGates.Z'].map(
      (field) => `config.yaml: ${field}: `,
    ),
  },
  {
    name: 'mistakes of the file and of the command line at once',
    args: '--logging-format=xml',
    file: 'mode: x',
    refused: ['--logging-format: ', 'config.yaml: mode: '],
  },
];
