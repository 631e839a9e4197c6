/** Generic netlink, where the type of a message says of which family it is, and its header what it is. */
import { decodeAttributes, decodeText } from '../attribute.ts';
import { CTRL_ATTR, CTRL_CMD, GENERIC_HEADER_SIZE, GENL_ID_CTRL } from '../generic-constants.ts';
import { KernelError } from '../kernel-error.ts';
import { IS_LITTLE_ENDIAN, viewOf } from '../message.ts';
import { attributes, type HeaderSchema, type MessageSchemas, messages, type SchemaOf } from './schema.ts';

/** struct genlmsghdr. */
export const GENERIC_HEADER: HeaderSchema = {
  size: GENERIC_HEADER_SIZE,
  format: ([command, version]) => `command=${command} version=${version}`,
};

const CONTROL = attributes('CTRL_ATTR_', { ...CTRL_ATTR, VERSION: 3, HDRSIZE: 4, MAXATTR: 5 } as const, {
  FAMILY_ID: 'u16',
  FAMILY_NAME: 'text',
  VERSION: 'u32',
  HDRSIZE: 'u32',
  MAXATTR: 'u32',
});
const CONTROL_MESSAGES = messages('CTRL_CMD_', CTRL_CMD, GENERIC_HEADER, () => CONTROL);

/**
 * Learns the types of families from the kernel's answers, which every socket asks for first.
 *
 * @param families their messages by their commands, by the name of the family
 */
export function genericSchemas(families: ReadonlyMap<string, MessageSchemas>): SchemaOf {
  const byType = new Map<number, MessageSchemas | undefined>([[GENL_ID_CTRL, CONTROL_MESSAGES]]);
  return (type, payload) => {
    const command = payload[0] ?? 0;
    if (type === GENL_ID_CTRL && command === CTRL_CMD.NEWFAMILY) {
      const family = familyOf(payload);
      if (family !== undefined) byType.set(family.type, families.get(family.name));
    }
    return byType.get(type)?.get(command);
  };
}

function familyOf(payload: Uint8Array): { readonly type: number; readonly name: string } | undefined {
  try {
    const all = decodeAttributes(payload.subarray(GENERIC_HEADER_SIZE));
    const [type, name] = [all.get(CTRL_ATTR.FAMILY_ID), all.get(CTRL_ATTR.FAMILY_NAME)];
    if (type?.length !== 2 || name === undefined) return undefined;
    return { type: viewOf(type).getUint16(0, IS_LITTLE_ENDIAN), name: decodeText(name) };
  } catch (error) {
    if (error instanceof KernelError) return undefined;
    throw error;
  }
}
