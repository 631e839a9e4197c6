/** ConfigMaps (cluster § 10.6). */
import { type FieldError, forbidden, invalid, tooLong } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { isSameMessage } from './equality.ts';
import type { KindRules } from './kind-rules.ts';
import { invalidEach, whyNoConfigKey } from './syntax.ts';
import { CONFIG_MAP_TABLE } from './tables/config-map.ts';

type ConfigMap = Messages['core.v1.ConfigMap'];

const MAX_BYTES = 1024 * 1024;

export const CONFIG_MAP_RULES: KindRules<ConfigMap> = {
  defaults: (configMap) => configMap,
  validate(configMap) {
    const { data = {}, binaryData = {} } = configMap;
    return [
      ...Object.keys(data).flatMap((key) => [
        ...invalidEach(`data[${key}]`, key, whyNoConfigKey(key)),
        ...(Object.hasOwn(binaryData, key)
          ? [invalid(`data[${key}]`, key, 'duplicate of key present in binaryData')]
          : []),
      ]),
      ...Object.keys(binaryData).flatMap((key) =>
        invalidEach(`binaryData[${key}]`, key, whyNoConfigKey(key)),
      ),
      // The reference names the object as a whole so.
      ...(bytesOf(configMap) > MAX_BYTES ? [tooLong('[]', MAX_BYTES)] : []),
    ];
  },
  validateUpdate(configMap, old) {
    if (old.immutable !== true) return [];
    const errors: FieldError[] = [];
    const refuse = (field: string) =>
      errors.push(forbidden(field, 'field is immutable when `immutable` is set'));
    if (configMap.immutable !== true) refuse('immutable');
    if (!isSameMessage('core.v1.ConfigMap', { data: configMap.data }, { data: old.data })) refuse('data');
    const [binaryData, oldBinaryData] = [
      { binaryData: configMap.binaryData },
      { binaryData: old.binaryData },
    ];
    if (!isSameMessage('core.v1.ConfigMap', binaryData, oldBinaryData)) refuse('binaryData');
    return errors;
  },
  table: CONFIG_MAP_TABLE,
};

/** Of the values, decoded. */
function bytesOf({ data = {}, binaryData = {} }: ConfigMap): number {
  let bytes = 0;
  for (const value of Object.values(data)) bytes += Buffer.byteLength(value);
  for (const value of Object.values(binaryData)) bytes += Buffer.byteLength(value, 'base64');
  return bytes;
}
