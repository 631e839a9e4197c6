import { expect, it } from 'vitest';
import { formatErrorBody } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { CONFIG_MAP_RULES as RULES } from './config-map.ts';

type ConfigMap = Messages['core.v1.ConfigMap'];

function configMap(rest: Partial<ConfigMap>): ConfigMap {
  return { kind: 'ConfigMap', apiVersion: 'v1', metadata: { name: 'c' }, ...rest };
}

function texts(errors: ReturnType<typeof RULES.validate> | undefined): readonly string[] {
  return (errors ?? []).map((error) => `${error.field}: ${formatErrorBody(error)}`);
}

it('has keys that can be file names, each once', () => {
  const odd = configMap({ data: { '..': '', both: '' }, binaryData: { both: 'AA==', 'a/b': '' } });
  expect(texts(RULES.validate(odd))).toEqual([
    `data[..]: Invalid value: "..": must not be '..'`,
    'data[both]: Invalid value: "both": duplicate of key present in binaryData',
    expect.stringMatching(/^binaryData\[a\/b\]: Invalid value: "a\/b": a valid config key must consist of/),
  ]);
});

it('counts binary data decoded', () => {
  const half = Buffer.alloc(512 * 1024).toString('base64');
  expect(texts(RULES.validate(configMap({ binaryData: { a: half, b: half } })))).toEqual([]);
  const more = configMap({ data: { c: 'x' }, binaryData: { a: half, b: half } });
  expect(texts(RULES.validate(more))).toEqual(['[]: Too long: may not be more than 1048576 bytes']);
});

it('does not change once it is immutable', () => {
  const old = configMap({ immutable: true, data: { a: '1' } });
  expect(
    texts(RULES.validateUpdate?.(configMap({ immutable: true, data: { a: '1' }, binaryData: {} }), old)),
  ).toEqual([]);
  expect(
    texts(RULES.validateUpdate?.(configMap({ data: { a: '2' }, binaryData: { b: 'AA==' } }), old)),
  ).toEqual(
    ['immutable', 'data', 'binaryData'].map(
      (field) => `${field}: Forbidden: field is immutable when \`immutable\` is set`,
    ),
  );
});
