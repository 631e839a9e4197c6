/**
 * Every flag: those of fields, as the table of fields says them, and those that are no part of the configuration.
 * Parsing, help and docs/reference/flags.md are made of this table.
 */
import { FIELDS } from './configuration.ts';
import { type Field, type FieldKind, FLAG_GROUPS, type FlagGroup } from './field.ts';

export interface Flag {
  readonly name: string;
  readonly kind: FieldKind | 'version';
  readonly group: FlagGroup;
  readonly help: string;
  /** As people write it; empty: none. */
  readonly default: string;
  readonly shorthand?: string;
  /** Paths in the configuration, the flag's own field first. None: the flag is no part of it. */
  readonly fields: readonly string[];
  /** Counts even with --config, where all other flags are ignored. */
  readonly besideConfig: boolean;
  /** Accepted so that existing command lines work. */
  readonly withoutEffect: boolean;
  /** Of no use to who only compares or prints: it is about a process that goes on. */
  readonly onlyRuns: boolean;
  /** What to use instead. */
  readonly deprecated?: string;
  /** No flag of kube-proxy. */
  readonly ours: boolean;
}

/** A flag that counts with and without --config and is no field of the configuration. */
function own(name: string, kind: Flag['kind'], group: FlagGroup, help: string, more?: Partial<Flag>): Flag {
  return {
    name,
    kind,
    group,
    help,
    default: kind === 'bool' ? 'false' : '',
    fields: [],
    besideConfig: true,
    withoutEffect: false,
    onlyRuns: false,
    ours: false,
    ...more,
  };
}

// biome-ignore format: one flag a line
const OWN: readonly Flag[] = [
  own('config', 'text', 'Configuration', 'KubeProxyConfiguration file (YAML or JSON); most other flags are ignored then'),
  own('write-config-to', 'text', 'Configuration', 'write the resolved configuration to this file (KubeProxyConfiguration, YAML) and exit', { onlyRuns: true }),
  own('cleanup', 'bool', 'Configuration', 'remove what any mode has programmed and exit', { onlyRuns: true }),
  own('init-only', 'bool', 'Configuration', 'set up the kernel, which takes all privileges, and exit; what programs Services then needs CAP_NET_ADMIN, and CAP_NET_RAW in every mode but nftables', { onlyRuns: true }),
  own('dry-run', 'bool', 'Configuration', 'print the changes instead of applying them', { ours: true, onlyRuns: true }),
  own('version', 'version', 'Configuration', 'print the version and exit; raw: all that is known of it; v1.36.2…: report this one in metrics'),
  own('master', 'text', 'API server and objects', 'URL of the API server; wins over the kubeconfig'),
  own('manifests', 'list', 'API server and objects', 'take the objects from this file or folder (YAML or JSON, watched) instead of an API server; repeatable', { ours: true }),
  own('service-node-port-range', 'text', 'API server and objects', 'range of NodePorts with --manifests', { ours: true, default: '30000-32767' }),
  own('node-ip', 'text', 'Node', "this node's address, or an IPv4 and an IPv6 address with a comma between, instead of the Node object's; the first decides the primary IP family", { ours: true }),
  own('taint-until-ready', 'text', 'Node', "taint of this node's Node object, as key or key:effect, that is removed once Services work; needs the right to patch nodes", { ours: true, onlyRuns: true }),
  own('healthz-port', 'integer', 'Health and metrics', '0 turns the health server off, other values change nothing', { default: '10256', besideConfig: false, onlyRuns: true, deprecated: '--healthz-bind-address' }),
  own('metrics-port', 'integer', 'Health and metrics', '0 turns the metrics server off, other values change nothing', { default: '10249', besideConfig: false, onlyRuns: true, deprecated: '--metrics-bind-address' }),
  own('log-format', 'text', 'Logging', 'the same as --logging-format', { ours: true, fields: ['logging.format'] }),
  own('boot-id-file', 'text', 'Logging', 'of a library that kube-proxy has', { withoutEffect: true }),
  own('machine-id-file', 'text', 'Logging', 'of a library that kube-proxy has', { withoutEffect: true }),
];

/** In the order of the help text. */
export const FLAGS: readonly Flag[] = byGroup([...OWN, ...fieldFlags()]);

function byGroup(flags: readonly Flag[]): readonly Flag[] {
  return FLAG_GROUPS.flatMap((group) => flags.filter((flag) => flag.group === group));
}

/** One flag for all fields that name it. */
function fieldFlags(): readonly Flag[] {
  const fields = FIELDS.flatMap((field) => (field.flag === undefined ? [] : [{ field, name: field.flag }]));
  return Array.from(
    Map.groupBy(fields, ({ name }) => name),
    ([name, [first, ...others]]) => {
      if (first === undefined) throw new Error(`BUG: --${name} sets no field`);
      return fieldFlag(
        name,
        first.field,
        others.map(({ field }) => field.path),
      );
    },
  );
}

function fieldFlag(name: string, field: Field, otherPaths: readonly string[]): Flag {
  const { kind, group, help, shorthand, path } = field;
  if (group === undefined) throw new Error(`BUG: --${name} has no group`);
  return {
    name,
    kind,
    group,
    help,
    default: field.flagDefault ?? field.derivedDefault ?? field.default,
    fields: [path, ...otherPaths],
    besideConfig: field.besideConfig === true,
    withoutEffect: field.withoutEffect === true,
    onlyRuns: field.onlyRuns === true,
    ours: field.ours === true || field.flagIsOurs === true,
    ...(shorthand === undefined ? {} : { shorthand }),
  };
}
