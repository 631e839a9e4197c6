/** From the command line and the configuration file to Settings (spec § 10.2). Pure. */
import { type Checked, checkConfiguration } from './check.ts';
import type { Configuration } from './configuration.ts';
import { contradictions } from './contradictions.ts';
import { withDerivedDefaults } from './defaults.ts';
import { type ConfigDocument, decodeDocument, type FieldError, formatFieldError } from './document.ts';
import { type ConfigFile, parseConfigFile } from './file.ts';
import { FLAGS } from './flag-table.ts';
import type { GivenFlags } from './flags.ts';
import { healthStateFile } from './health-checks.ts';
import { readNodeIPs, readNodePortRange, readTaint } from './node-flags.ts';
import { flagDefaults, flagsBesideFile, overlay } from './overlay.ts';
import { AUTO_MODE, type ProxyMode, type Settings } from './settings.ts';
import { describeDeprecated, describeIgnored, describeWithoutEffect } from './warnings.ts';

interface SettingsInput {
  readonly flags: GivenFlags;
  /** The content of the file that --config names. */
  readonly configFile?: ConfigFile;
  /** Every flag counts beside the file too, and wins; of kube-proxy's own only a few do. */
  readonly flagsWin?: boolean;
  /** The operating system's name of the machine. */
  readonly hostname: string;
  /** What mode `auto` is on this machine, if that is known; iptables unless given. */
  readonly autoMode?: ProxyMode | undefined;
}

/** Each message is one line that names the flag, or the file and field. */
export type ResolvedSettings =
  | {
      readonly settings: Settings;
      /** The same as a document, with what changes nothing here. */
      readonly configuration: Configuration;
      /** The mode is to be chosen: the settings are for `autoMode`. */
      readonly isAuto: boolean;
      readonly warnings: readonly string[];
    }
  | {
      readonly errors: readonly string[];
      /** Nothing but the command line is to blame. */
      readonly wrongUsage: boolean;
    };

/** Puts flags, file and defaults together and checks the result. All errors are reported at once. */
export function resolveSettings({
  flags,
  configFile,
  flagsWin = configFile === undefined,
  hostname,
  autoMode = 'iptables',
}: SettingsInput): ResolvedSettings {
  const effectiveFlags = flagsWin ? flags : flagsBesideFile(flags);
  const label = (field: string) => nameSetting(field, effectiveFlags, configFile?.path);
  const file =
    configFile === undefined ? { document: flagDefaults(), warnings: [] } : parseConfigFile(configFile);
  if ('errors' in file) return { ...file, wrongUsage: false };
  const document = overlay(file.document, effectiveFlags);
  const decoded = decodeDocument(document);
  if ('errors' in decoded) return refusal(decoded.errors, label);

  const ports = configFile === undefined ? flags : {};
  const derive = (configuration: Configuration) =>
    withoutServers(withDerivedDefaults(configuration), { ...effectiveFlags, ...ports });
  const isAuto = decoded.configuration.mode === AUTO_MODE;
  const configuration = derive(isAuto ? { ...decoded.configuration, mode: autoMode } : decoded.configuration);
  const errors: FieldError[] = [...contradictions(flags)];
  const checked = checkConfiguration(configuration, (error) => errors.push(error));
  const nodeIPs = readNodeIPs(textFlag(flags, 'node-ip'), (error) => errors.push(error));
  const taintUntilReady = readTaint(textFlag(flags, 'taint-until-ready'), (error) => errors.push(error));
  const portRangeText = textFlag(flags, 'service-node-port-range');
  const nodePortRange = readNodePortRange(portRangeText, (error) => errors.push(error));
  const nodeName = resolveNodeName(configuration.hostnameOverride, hostname, (error) => errors.push(error));
  if (errors.length > 0) return refusal(errors, label);
  return {
    settings: {
      ...assemble(configuration, checked, nodeName, flags),
      nodeIPs,
      taintUntilReady,
      nodePortRange,
      modeReason: isModeGiven(file.document, effectiveFlags) ? `set by ${label('mode')}` : 'the default',
    },
    configuration: isAuto ? derive(decoded.configuration) : configuration,
    isAuto,
    warnings: [
      ...file.warnings,
      ...describeIgnored(flags, effectiveFlags),
      ...describeDeprecated(effectiveFlags),
      ...describeWithoutEffect(file.document, effectiveFlags),
    ],
  };
}

function isModeGiven(file: ConfigDocument, flags: GivenFlags): boolean {
  return [file.mode, flags['proxy-mode']].some((mode) => mode !== undefined && mode !== '');
}

function assemble(
  configuration: Configuration,
  checked: Checked,
  nodeName: string,
  flags: GivenFlags,
): Omit<Settings, 'modeReason' | 'nodeIPs' | 'taintUntilReady' | 'nodePortRange'> {
  const { clientConnection, iptables, nftables, conntrack, logging } = configuration;
  const { logFormat, healthChecks, ...rest } = checked;
  const { kubeconfig, qps, burst } = clientConnection;
  const { masqueradeBit, masqueradeAll, localhostNodePorts } = iptables;
  return {
    ...rest,
    client: { kubeconfig, qps, burst, master: textFlag(flags, 'master') },
    nodeName,
    healthChecks: {
      ...healthChecks,
      stateFile: healthStateFile(configuration.healthChecks.stateFile, nodeName),
    },
    bindAddressHardFail: configuration.bindAddressHardFail,
    serviceMetricsLimit: configuration.metrics.serviceLimit,
    countConnections: configuration.metrics.countConnections,
    detectLocal: configuration.detectLocal,
    iptables: { masqueradeBit, masqueradeAll, localhostNodePorts },
    nftables: { masqueradeBit: nftables.masqueradeBit, masqueradeAll: nftables.masqueradeAll },
    conntrack: {
      maxPerCore: conntrack.maxPerCore,
      min: conntrack.min,
      tcpEstablishedTimeoutMs: conntrack.tcpEstablishedTimeout,
      tcpCloseWaitTimeoutMs: conntrack.tcpCloseWaitTimeout,
      tcpBeLiberal: conntrack.tcpBeLiberal,
      udpTimeoutMs: conntrack.udpTimeout,
      udpStreamTimeoutMs: conntrack.udpStreamTimeout,
    },
    oomScoreAdj: configuration.oomScoreAdj,
    givenGates: configuration.featureGates,
    reportedVersion: /^v/.test(textFlag(flags, 'version')) ? textFlag(flags, 'version') : '',
    leaveOtherProxies: configuration.leaveOtherProxies,
    unstick: configuration.unstick,
    log: { format: logFormat, verbosity: logging.verbosity },
    cleanup: flags.cleanup === true,
    manifests: Array.isArray(flags.manifests) ? flags.manifests : [],
    dryRun: flags['dry-run'] === true,
  };
}

function textFlag(flags: GivenFlags, name: string): string {
  const value = flags[name];
  return typeof value === 'string' ? value : '';
}

/**
 * An empty address on the command line turns a server off, and so does the deprecated port 0. In a file it means the
 * default, since tools write out empty fields. (kube-proxy's own flags can't turn the metrics server off: KQ-2, KQ-3.)
 */
function withoutServers(configuration: Configuration, flags: GivenFlags): Configuration {
  const isOff = (server: string) => flags[`${server}-bind-address`] === '' || flags[`${server}-port`] === 0;
  return {
    ...configuration,
    healthzBindAddress: isOff('healthz') ? '' : configuration.healthzBindAddress,
    metricsBindAddress: isOff('metrics') ? '' : configuration.metricsBindAddress,
  };
}

const HOST_NAME = 'host name';

/** The name the Node object has: kubelet makes the same of a host name (spec § 10.5). */
function resolveNodeName(override: string, hostname: string, refuse: (error: FieldError) => void): string {
  const field = override === '' ? HOST_NAME : 'hostnameOverride';
  const value = override === '' ? hostname : override;
  const nodeName = value.trim().toLowerCase();
  if (nodeName === '') refuse({ field, value, allowed: 'must not be blank' });
  return nodeName;
}

/** What the user calls a field: the flag, or the file and the field's path. */
function nameSetting(field: string, flags: GivenFlags, path: string | undefined): string {
  const names = FLAGS.filter((flag) =>
    flag.fields.some((own) => field === own || field.startsWith(`${own}.`) || field.startsWith(`${own}[`)),
  ).map(({ name }) => name);
  const name = names.find((given) => flags[given] !== undefined) ?? names[0];
  if (name !== undefined && (path === undefined || flags[name] !== undefined)) return `--${name}`;
  return path === undefined || field.startsWith('--') || field === HOST_NAME ? field : `${path}: ${field}`;
}

function refusal(errors: readonly FieldError[], label: (field: string) => string) {
  const named = errors.map((error) => ({ ...error, field: label(error.field) }));
  return {
    errors: named.map(formatFieldError),
    wrongUsage: named.every(({ field }) => field.startsWith('--')),
  };
}
