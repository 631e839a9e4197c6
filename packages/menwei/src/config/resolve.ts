/** From the command line and the configuration file to Settings (spec § 10.2). Pure. */
import { type Checked, checkConfiguration } from './check.ts';
import { type Configuration, FIELDS } from './configuration.ts';
import { withDerivedDefaults } from './defaults.ts';
import {
  type ConfigDocument,
  decodeDocument,
  type FieldError,
  formatFieldError,
  valueAt,
  withValue,
} from './document.ts';
import { type ConfigFile, parseConfigFile } from './file.ts';
import { FLAGS, type Flag } from './flag-table.ts';
import type { GivenFlags } from './flags.ts';
import { readNodeIPs, readTaint } from './node-flags.ts';
import { AUTO_MODE, type ProxyMode, type Settings } from './settings.ts';
import { fieldsWithoutEffect, flagsWithoutEffect } from './without-effect.ts';

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
  const effectiveFlags = flagsWin ? flags : pick(flags, (flag) => flag.besideConfig);
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
  const nodeName = resolveNodeName(configuration.hostnameOverride, hostname, (error) => errors.push(error));
  if (errors.length > 0) return refusal(errors, label);
  return {
    settings: {
      ...assemble(configuration, checked, nodeName, flags),
      nodeIPs,
      taintUntilReady,
      modeReason: isModeGiven(file.document, effectiveFlags) ? `set by ${label('mode')}` : 'the default',
    },
    configuration: isAuto ? derive(decoded.configuration) : configuration,
    isAuto,
    warnings: [
      ...file.warnings,
      ...(flagsWin ? [] : describeIgnored(flags)),
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
): Omit<Settings, 'modeReason' | 'nodeIPs' | 'taintUntilReady'> {
  const { clientConnection, iptables, nftables, conntrack, logging } = configuration;
  const { logFormat, ...rest } = checked;
  const { kubeconfig, qps, burst, contentType } = clientConnection;
  const { masqueradeBit, masqueradeAll, localhostNodePorts } = iptables;
  return {
    ...rest,
    client: { kubeconfig, qps, burst, contentType, master: textFlag(flags, 'master') },
    nodeName,
    bindAddressHardFail: configuration.bindAddressHardFail,
    serviceMetricsLimit: configuration.metrics.serviceLimit,
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

function pick(flags: GivenFlags, wanted: (flag: Flag) => boolean): GivenFlags {
  const names = new Set(FLAGS.filter(wanted).map((flag) => flag.name));
  return Object.fromEntries(Object.entries(flags).filter(([name]) => names.has(name)));
}

/** What kube-proxy means without a file, where that is not what it means with one. */
function flagDefaults(): ConfigDocument {
  return FIELDS.reduce<ConfigDocument>(
    (document, { path, flagDefault }) =>
      flagDefault === undefined ? document : withValue(document, path, flagDefault),
    {},
  );
}

/** Flags win over the file; an empty name is no name, and lists of verbosities are joined. */
function overlay(file: ConfigDocument, flags: GivenFlags): ConfigDocument {
  let document = file;
  for (const { name, kind, fields } of FLAGS) {
    const value = flags[name];
    if (value === undefined || (name === 'hostname-override' && value === '')) continue;
    for (const path of fields) {
      const before = valueAt(file, path);
      const isJoined = kind === 'vmodule' && Array.isArray(before) && Array.isArray(value);
      document = withValue(document, path, isJoined ? [...before, ...value] : value);
    }
  }
  return document;
}

/** What the command line can't mean. */
function contradictions(flags: GivenFlags): readonly FieldError[] {
  const {
    cleanup,
    manifests,
    'dry-run': dryRun,
    'init-only': initOnly,
    'taint-until-ready': taint = '',
  } = flags;
  return [
    ...(cleanup === true && dryRun === true
      ? [{ field: '--dry-run', value: true, allowed: 'contradicts --cleanup, which always removes' }]
      : []),
    ...(initOnly === true && dryRun === true
      ? [
          {
            field: '--dry-run',
            value: true,
            allowed: 'contradicts --init-only, which changes settings of the kernel',
          },
        ]
      : []),
    ...(taint !== '' && Array.isArray(manifests)
      ? [
          {
            field: '--taint-until-ready',
            value: taint,
            allowed: 'needs an API server, and --manifests has none',
          },
        ]
      : []),
    // Such as a variable of a script that was never set: the API server is not what was meant.
    ...(Array.isArray(manifests) && manifests.every((path) => path.trim() === '')
      ? [{ field: '--manifests', value: manifests.join(','), allowed: 'must name a file or folder' }]
      : []),
  ];
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

function describeIgnored(flags: GivenFlags): readonly string[] {
  const names = Object.keys(pick(flags, (flag) => !flag.besideConfig)).map((name) => `--${name}`);
  return names.length === 0 ? [] : [`with --config these flags are ignored: ${names.join(', ')}`];
}

function describeDeprecated(flags: GivenFlags): readonly string[] {
  return FLAGS.flatMap(({ name, deprecated }) =>
    flags[name] === undefined || deprecated === undefined
      ? []
      : [`--${name} is deprecated: use ${deprecated}`],
  );
}

function describeWithoutEffect(file: ConfigDocument, flags: GivenFlags): readonly string[] {
  const names = [...flagsWithoutEffect(flags).map((name) => `--${name}`), ...fieldsWithoutEffect(file)];
  return names.length === 0 ? [] : [`these settings have no effect: ${names.join(', ')}`];
}
