import { formatYaml } from '@menwei/yaml/format.ts';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FIELDS } from '../config/configuration.ts';
import { resolveSettings } from '../config/resolve.ts';
import { ConfigurationChanges } from './configuration-changes.ts';

const HEADER = { apiVersion: 'kubeproxy.config.k8s.io/v1alpha1', kind: 'KubeProxyConfiguration' };

/** Values that every live field takes: periods are in order, whatever is drawn. */
function anyValueOf(path: string): fc.Arbitrary<unknown> {
  if (path.endsWith('.minSyncPeriod')) return fc.integer({ min: 1, max: 999 }).map((ms) => `${ms}ms`);
  const { kind } = FIELDS.find((field) => field.path === path) ?? {};
  if (kind === 'duration') return fc.integer({ min: 1, max: 100 }).map((seconds) => `${seconds}s`);
  return fc.integer({ min: 0, max: 900 });
}

const live = FIELDS.filter((field) => field.live === true).map(({ path }) => path);
const values = fc.record(Object.fromEntries(live.map((path) => [path, anyValueOf(path)])), {
  requiredKeys: [],
});

function documentOf(mode: string, fields: Readonly<Record<string, unknown>>): string {
  const sections: Record<string, Record<string, unknown>> = {};
  const document: Record<string, unknown> = { ...HEADER, mode };
  for (const [path, value] of Object.entries(fields)) {
    const [section = '', name] = path.split('.');
    if (name === undefined) document[section] = value;
    else sections[section] = { ...sections[section], [name]: value };
  }
  return formatYaml({ ...document, ...sections });
}

function resolve(text: string) {
  const resolved = resolveSettings({ flags: {}, hostname: 'a', configFile: { path: 'c', text } });
  if ('errors' in resolved) throw new Error(resolved.errors.join('\n'));
  return resolved;
}

describe('ConfigurationChanges', () => {
  it('leads through live changes to the settings that a start with the last file would have', () => {
    const mode = fc.constantFrom('iptables', 'nftables', 'ipvs', 'userspace', 'auto');
    fc.assert(
      fc.property(mode, fc.array(values, { minLength: 2, maxLength: 4 }), (mode, versions) => {
        const [first = '', ...texts] = versions.map((fields) => documentOf(mode, fields));
        const start = resolve(first);
        const changes = new ConfigurationChanges({}, 'c', start.configuration, start.settings.mode);
        let { settings } = start;
        for (const text of texts) {
          const change = changes.judge(text);
          expect(change.kind).toMatch(/^(live|none)$/);
          if (change.kind === 'live') settings = { ...settings, ...change.settings };
          expect(settings).toEqual(resolve(text).settings);
          expect(changes.judge(text)).toEqual({ kind: 'none', unused: [] });
        }
      }),
    );
  });
});
