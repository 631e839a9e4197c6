import { resolve } from '@menwei/testing/config/testing.ts';
import { describe, expect, it } from 'vitest';
import { FLAGS, type Flag } from './flag-table.ts';

/** A value that is not the default, where any text of the kind would not do. */
const VALUES: Readonly<Record<string, string>> = {
  'proxy-mode': 'ipvs',
  'load-balancer-answer': 'all',
  'detect-local-mode': 'NodeCIDR',
  'bind-address': '192.0.2.1',
  'healthz-bind-address': '192.0.2.1:1',
  'metrics-bind-address': '192.0.2.1:2',
  'cluster-cidr': '10.0.0.0/8',
  'nodeport-addresses': '192.0.2.0/24',
  'ipvs-exclude-cidrs': '192.0.2.0/24',
  'show-hidden-metrics-for-version': '1.35',
  'logging-format': 'json',
  'log-format': 'json',
  announce: 'l2',
  'proxy-port-range': '30000-30999',
  'iptables-localhost-nodeports': 'false',
  'feature-gates': 'WatchList=false',
  'health-check-default': 'tcp fall=1',
  dns: '127.0.0.1:53',
  vmodule: 'a=1',
  unstick: 'false',
};

const BY_KIND: Readonly<Record<Flag['kind'], string>> = {
  text: 'abc',
  bool: 'true',
  integer: '7',
  number: '7',
  duration: '7s',
  list: 'abc',
  gates: 'WatchList=false',
  vmodule: 'a=1',
  size: '0Ki',
  version: 'raw',
};

/** How the value is written in a file. */
function inFile({ kind }: Flag, value: string): string {
  switch (kind) {
    case 'list':
      return `["${value}"]`;
    case 'gates':
      return '{WatchList: false}';
    case 'vmodule':
      return '[{filePattern: a, verbosity: 1}]';
    case 'text':
    case 'size':
      return `"${value}"`;
    default:
      return value;
  }
}

function fileOf(flag: Flag, value: string): string {
  const fields = flag.fields.map((path) =>
    path.split('.').reduceRight((text, name) => `{${name}: ${text}}`, inFile(flag, value)),
  );
  // Fields of different sections.
  return fields.map((text) => text.slice(1, -1)).join('\n');
}

/** Without a file another default is meant (KQ-5), and what needs a feature gate first. */
const APART: readonly string[] = ['ipvs-min-sync-period', 'log-text-split-stream', 'log-json-split-stream'];
/** So that the defaults are the same with and without a file. */
const SAME_DEFAULT = '--ipvs-min-sync-period=0';

describe('a flag and its field mean the same', () => {
  const flags = FLAGS.filter(({ fields, name }) => fields.length > 0 && !APART.includes(name));

  it.each(flags)('--$name', (flag) => {
    const value = VALUES[flag.name] ?? BY_KIND[flag.kind];
    const byFlag = configurationOf([`--${flag.name}=${value}`, SAME_DEFAULT]);
    expect(byFlag).toEqual(configurationOf([], fileOf(flag, value)));
    expect(byFlag).not.toEqual(configurationOf([SAME_DEFAULT]));
  });
});

function configurationOf(args: readonly string[], file?: string) {
  const resolved = resolve(args, file);
  if ('errors' in resolved) throw new Error(resolved.errors.join('\n'));
  return resolved.configuration;
}
