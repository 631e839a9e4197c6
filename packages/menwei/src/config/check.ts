/** Which values are refused (spec § 10.3), and what the others mean. All refusals are collected, none ends the check. */
import { type Cidr, parseCidr, parseHostPort, parseIp } from '@menwei/addresses/ip.ts';
import { ANSWERED_VIPS } from '../services/answered-vips.ts';
import { checkAnnounce } from './announce.ts';
import { bounds } from './bounds.ts';
import type { Configuration } from './configuration.ts';
import { checkDns } from './dns.ts';
import type { Refuse } from './document.ts';
import { formatDuration } from './duration.ts';
import { checkGates } from './feature-gates.ts';
import { checkHealthChecks } from './health-checks.ts';
import { checkLogging } from './logging.ts';
import {
  AUTO_MODE,
  type DetectLocalMode,
  type HostPort,
  type IpvsSettings,
  MODE_NAMES,
  type ProxyMode,
} from './settings.ts';
import { checkUserspace } from './userspace.ts';

const DETECT_LOCAL_MODE_NAMES: readonly DetectLocalMode[] = [
  'ClusterCIDR',
  'NodeCIDR',
  'BridgeInterface',
  'InterfaceNamePrefix',
];
const LOG_FORMATS: readonly ('text' | 'json')[] = ['text', 'json'];

export type Checked = ReturnType<typeof checkConfiguration>;

/** The values that had to be read to be checked. Where one was refused, a stand-in takes its place. `auto` has been replaced. */
export function checkConfiguration(configuration: Configuration, refuse: Refuse) {
  const mode = checkChoice('mode', configuration.mode, MODE_NAMES, refuse, [AUTO_MODE]);
  const detectLocalMode = checkChoice(
    'detectLocalMode',
    configuration.detectLocalMode,
    DETECT_LOCAL_MODE_NAMES,
    refuse,
  );
  checkNumbers(configuration, mode, refuse);
  checkDetectLocal(configuration, detectLocalMode, refuse);
  checkVersion(configuration.showHiddenMetricsForVersion, refuse);
  const { loggingOptions, ...featureGates } = checkGates(configuration.featureGates, refuse);
  checkLogging(configuration.logging, loggingOptions, refuse);
  return {
    mode,
    featureGates,
    detectLocalMode,
    ...checkPeriods(configuration, mode, refuse),
    bindAddress: checkIp('bindAddress', configuration.bindAddress, refuse),
    healthzBindAddress:
      configuration.healthzBindAddress === ''
        ? undefined
        : checkHostPort('healthzBindAddress', configuration.healthzBindAddress, refuse),
    metricsBindAddress:
      configuration.metricsBindAddress === ''
        ? undefined
        : checkHostPort('metricsBindAddress', configuration.metricsBindAddress, refuse),
    nodePortAddresses: checkNodePortAddresses(configuration.nodePortAddresses, refuse),
    answeredVIPs: checkChoice(
      'loadBalancer.answer',
      configuration.loadBalancer.answer,
      ANSWERED_VIPS,
      refuse,
    ),
    clusterCIDRs: checkClusterCIDRs(configuration.clusterCIDR, detectLocalMode, refuse),
    announce: checkAnnounce(configuration, mode, refuse),
    healthChecks: checkHealthChecks(configuration, refuse),
    dns: checkDns(configuration, refuse),
    ipvs: checkIpvs(configuration, mode, refuse),
    userspace: checkUserspace(configuration, mode, refuse),
    logFormat: checkChoice('logging.format', configuration.logging.format, LOG_FORMATS, refuse),
  };
}

function checkChoice<Choice extends string>(
  field: string,
  value: string,
  choices: readonly Choice[],
  refuse: Refuse,
  others: readonly string[] = [],
): Choice {
  const choice = choices.find((candidate) => candidate === value);
  if (choice !== undefined) return choice;
  const [first] = choices;
  if (first === undefined) throw new Error(`BUG: ${field} has no choices`);
  refuse({ field, value, allowed: `must be one of ${[...choices, ...others].join(', ')}` });
  return first;
}

function checkNumbers(configuration: Configuration, mode: ProxyMode, refuse: Refuse): void {
  const { iptables, nftables, ipvs, conntrack, clientConnection, oomScoreAdj, metrics } = configuration;
  const { within, notNegative, durationNotNegative } = bounds(refuse);
  within('iptables.masqueradeBit', iptables.masqueradeBit, 0, 31);
  if (mode === 'nftables') within('nftables.masqueradeBit', nftables.masqueradeBit, 0, 31);
  within('oomScoreAdj', oomScoreAdj, -1000, 1000);
  notNegative('clientConnection.burst', clientConnection.burst);
  notNegative('metrics.serviceLimit', metrics.serviceLimit);
  notNegative('conntrack.maxPerCore', conntrack.maxPerCore);
  notNegative('conntrack.min', conntrack.min);
  durationNotNegative('conntrack.tcpEstablishedTimeout', conntrack.tcpEstablishedTimeout);
  durationNotNegative('conntrack.tcpCloseWaitTimeout', conntrack.tcpCloseWaitTimeout);
  durationNotNegative('conntrack.udpTimeout', conntrack.udpTimeout);
  durationNotNegative('conntrack.udpStreamTimeout', conntrack.udpStreamTimeout);
  if (mode !== 'ipvs') return;
  durationNotNegative('ipvs.tcpTimeout', ipvs.tcpTimeout);
  durationNotNegative('ipvs.tcpFinTimeout', ipvs.tcpFinTimeout);
  durationNotNegative('ipvs.udpTimeout', ipvs.udpTimeout);
  durationNotNegative('ipvs.drainTimeout', ipvs.drainTimeout);
}

/** Of the other modes nothing is refused here, as kube-proxy. */
function checkIpvs({ ipvs }: Configuration, mode: ProxyMode, refuse: Refuse): IpvsSettings {
  const refuseIpvs: Refuse = (error) => {
    if (mode === 'ipvs') refuse(error);
  };
  // kube-proxy tells a bad name only when the kernel refuses it.
  if (!/^[a-z]{1,15}$/.test(ipvs.scheduler)) {
    const allowed = 'must be the name of an IPVS scheduler: 1 to 15 letters a-z';
    refuseIpvs({ field: 'ipvs.scheduler', value: ipvs.scheduler, allowed });
  }
  const excludeCIDRs = ipvs.excludeCIDRs.flatMap((value, index) => {
    const cidr = parseCidr(value);
    if (cidr === undefined) refuseIpvs({ field: `ipvs.excludeCIDRs[${index}]`, value, allowed: A_CIDR });
    return cidr ?? [];
  });
  return {
    scheduler: ipvs.scheduler,
    excludeCIDRs,
    strictARP: ipvs.strictARP,
    tcpTimeoutMs: ipvs.tcpTimeout,
    tcpFinTimeoutMs: ipvs.tcpFinTimeout,
    udpTimeoutMs: ipvs.udpTimeout,
    drainTimeoutMs: ipvs.drainTimeout,
    required: ipvs.required,
  };
}

/** The periods of the selected mode; userspace shares the section of iptables. */
function checkPeriods(configuration: Configuration, mode: ProxyMode, refuse: Refuse) {
  const section = mode === 'userspace' ? 'iptables' : mode;
  const { syncPeriod: syncPeriodMs, minSyncPeriod: minSyncPeriodMs } = configuration[section];
  const { configSyncPeriod } = configuration;
  const { durationNotNegative, durationAboveZero } = bounds(refuse);
  durationAboveZero(`${section}.syncPeriod`, syncPeriodMs);
  durationNotNegative(`${section}.minSyncPeriod`, minSyncPeriodMs);
  if (syncPeriodMs > 0 && minSyncPeriodMs > syncPeriodMs) {
    const value = formatDuration(minSyncPeriodMs);
    const allowed = `must not be greater than ${section}.syncPeriod, ${formatDuration(syncPeriodMs)}`;
    refuse({ field: `${section}.minSyncPeriod`, value, allowed });
  }
  durationAboveZero('configSyncPeriod', configSyncPeriod);
  return { syncPeriodMs, minSyncPeriodMs };
}

/** Only the name that the mode needs is looked at. */
function checkDetectLocal({ detectLocal }: Configuration, mode: DetectLocalMode, refuse: Refuse): void {
  if (mode !== 'BridgeInterface' && mode !== 'InterfaceNamePrefix') return;
  const name = mode === 'BridgeInterface' ? 'bridgeInterface' : 'interfaceNamePrefix';
  const value = detectLocal[name];
  if (value === '') {
    refuse({
      field: `detectLocal.${name}`,
      value,
      allowed: `must not be empty with detectLocalMode ${mode}`,
    });
  } else if (!isInterfaceName(value)) {
    refuse({ field: `detectLocal.${name}`, value, allowed: AN_INTERFACE_NAME });
  }
}

const AN_INTERFACE_NAME =
  'can\'t be of an interface: at most 15 visible characters, without "/", ":", quotes and "\\", and no "+" or "*" at the end';

/** By the kernel's rules. To iptables and nft a `+` or `*` at the end means any name that begins so, quotes end one. */
function isInterfaceName(text: string): boolean {
  return /^[!-~]{1,15}$/.test(text) && !/[/:"'\\]|[+*]$/.test(text) && text !== '.' && text !== '..';
}

/** Of Kubernetes, before the one whose kube-proxy this stands for. */
const PREVIOUS_VERSION = '1.35';

function checkVersion(value: string, refuse: Refuse): void {
  if (value === '' || value === PREVIOUS_VERSION) return;
  const allowed = `must be ${PREVIOUS_VERSION}, the version before`;
  refuse({ field: 'showHiddenMetricsForVersion', value, allowed });
}

const A_CIDR = 'must be a CIDR like 10.0.0.0/8';

function checkIp(field: string, value: string, refuse: Refuse): string {
  const ip = parseIp(value);
  if (ip === undefined) refuse({ field, value, allowed: 'must be an IP address' });
  return ip ?? '0.0.0.0';
}

function checkHostPort(field: string, value: string, refuse: Refuse): HostPort {
  const place = parseHostPort(value);
  if (place !== undefined && place.port >= 1) return { host: place.ip, port: place.port };
  refuse({ field, value, allowed: 'must be IP:port with a port within 1 and 65535' });
  return { host: '0.0.0.0', port: 0 };
}

function checkNodePortAddresses(addresses: readonly string[], refuse: Refuse): 'primary' | readonly Cidr[] {
  const [first, ...others] = addresses;
  if (first === 'primary' && others.length === 0) return 'primary';
  return addresses.flatMap((value, index) => {
    const cidr = parseCidr(value);
    if (cidr !== undefined) return [cidr];
    const allowed =
      value === 'primary' ? '"primary" must stand alone' : `${A_CIDR}, or the only element "primary"`;
    refuse({ field: `nodePortAddresses[${index}]`, value, allowed });
    return [];
  });
}

/**
 * One CIDR or one of each family. Blanks around the comma are accepted, though kube-proxy refuses them (KQ-35). Without
 * use for it, an unreadable CIDR is no error.
 */
function checkClusterCIDRs(text: string, mode: DetectLocalMode, refuse: Refuse): readonly Cidr[] {
  if (text.trim() === '') return [];
  const parsed = text.split(',').map((part) => parseCidr(part.trim()));
  const cidrs = parsed.filter((cidr) => cidr !== undefined);
  const [first, second] = cidrs;
  const isPair = cidrs.length === 2 && first?.family !== second?.family;
  if (mode === 'ClusterCIDR' && (cidrs.length < parsed.length || !(cidrs.length === 1 || isPair))) {
    refuse({
      field: 'clusterCIDR',
      value: text,
      allowed: 'must be one CIDR, or an IPv4 and an IPv6 CIDR with a comma between',
    });
  }
  return cidrs;
}
