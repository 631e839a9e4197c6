/** Netlink messages as text for people. The text of each is bounded, whatever is in it. */
import { attributesBehind, ERRNO_SIZE, NLMSGERR_ATTR } from '../acknowledgement.ts';
import { decodeIp } from '../address.ts';
import {
  ATTRIBUTE_HEADER_SIZE,
  type Attributes,
  decodeAttributes,
  decodeText,
  NLA_F_NESTED,
  NLA_TYPE_MASK,
} from '../attribute.ts';
import { formatErrno } from '../errno.ts';
import { KernelError } from '../kernel-error.ts';
import {
  align,
  HEADER_SIZE,
  IS_LITTLE_ENDIAN,
  type NetlinkMessage,
  NLMSG_DONE,
  NLMSG_ERROR,
  NLMSG_NOOP,
  NLMSG_OVERRUN,
  tryDecodeMessages,
  viewOf,
} from '../message.ts';
import { formatFlags } from './flags.ts';
import { attributes, NO_ATTRIBUTES, type Schema, type SchemaOf, type ValueFormat } from './schema.ts';

/** To the kernel, or from it. */
export type Direction = 'sent' | 'received';

/** Of one datagram; what is left out is counted. */
const MAX_MESSAGES = 16;
/** Of one message. */
const MAX_LINES = 60;
/** Of one value in hexadecimal, or in text. */
const MAX_VALUE_SIZE = 32;
const MAX_DEPTH = 10;

const CONTROL_NAMES = new Map([
  [NLMSG_NOOP, 'NLMSG_NOOP'],
  [NLMSG_ERROR, 'NLMSG_ERROR'],
  [NLMSG_DONE, 'NLMSG_DONE'],
  [NLMSG_OVERRUN, 'NLMSG_OVERRUN'],
]);

/** What an answer of the kernel's says beside an error number. */
const ACKNOWLEDGEMENT = attributes('NLMSGERR_ATTR_', { ...NLMSGERR_ATTR, COOKIE: 3, POLICY: 4 } as const, {
  MSG: 'text',
  OFFS: 'u32',
});

/** All messages of a datagram, many lines; `schemaOf` is asked about each in its order. Throws nothing. */
export function formatDatagram(bytes: Uint8Array, direction: Direction, schemaOf: SchemaOf): string {
  const messages = tryDecodeMessages(bytes);
  if (messages === undefined) return `${arrow(direction)} malformed: ${formatHex(bytes)}`;
  const texts = messages.slice(0, MAX_MESSAGES).map((message) => formatMessage(message, direction, schemaOf));
  const rest = messages.length - texts.length;
  if (rest > 0) texts.push(`${arrow(direction)} … and ${rest} more messages in the same datagram`);
  return texts.join('\n');
}

/** One message: a line, one for the header of its family, and one for each attribute, nested ones further right. */
export function formatMessage(message: NetlinkMessage, direction: Direction, schemaOf: SchemaOf): string {
  const { type, flags, sequence, port, payload } = message;
  const lines = new Lines();
  const control = CONTROL_NAMES.get(type);
  const schema = control === undefined ? schemaOf(type, payload) : undefined;
  const name = control ?? schema?.name ?? `type ${type}`;
  const size = HEADER_SIZE + payload.length;
  lines.add(
    0,
    `${arrow(direction)} ${name} flags=${formatFlags(flags, name)} seq=${sequence} port=${port} (${size} bytes)`,
  );
  if (type === NLMSG_ERROR || type === NLMSG_DONE) addEnd(lines, message);
  else if (schema === undefined || payload.length < schema.header.size) addHex(lines, payload);
  else {
    lines.add(1, schema.header.format(payload.subarray(0, schema.header.size)));
    addAttributes(lines, 1, payload.subarray(align(schema.header.size)), schema.attributes);
  }
  return lines.text();
}

function arrow(direction: Direction): string {
  return direction === 'sent' ? '->' : '<-';
}

/** The end of a request or a dump: an error number, the header of the request, and what else there is to say. */
function addEnd(lines: Lines, message: NetlinkMessage): void {
  const { payload } = message;
  if (payload.length < ERRNO_SIZE) {
    addHex(lines, payload);
    return;
  }
  const errno = Math.abs(viewOf(payload).getInt32(0, IS_LITTLE_ENDIAN));
  lines.add(1, errno === 0 ? 'no error' : formatErrno(errno));
  addAttributes(lines, 1, attributesBehind(message), ACKNOWLEDGEMENT);
}

function addHex(lines: Lines, bytes: Uint8Array): void {
  if (bytes.length > 0) lines.add(1, formatHex(bytes));
}

function addAttributes(lines: Lines, depth: number, bytes: Uint8Array, schema: Schema): void {
  const view = viewOf(bytes);
  for (let at = 0; at < bytes.length && !lines.areFull; ) {
    const rest = bytes.length - at;
    const size = rest < ATTRIBUTE_HEADER_SIZE ? 0 : view.getUint16(at, IS_LITTLE_ENDIAN);
    if (size < ATTRIBUTE_HEADER_SIZE || size > rest) {
      lines.add(depth, `malformed: ${formatHex(bytes.subarray(at))}`);
      return;
    }
    const type = view.getUint16(at + 2, IS_LITTLE_ENDIAN);
    addAttribute(lines, depth, type, bytes.subarray(at + ATTRIBUTE_HEADER_SIZE, at + size), bytes, schema);
    at += align(size);
  }
}

/** @param around the attributes that this one is one of */
function addAttribute(
  lines: Lines,
  depth: number,
  type: number,
  value: Uint8Array,
  around: Uint8Array,
  schema: Schema,
): void {
  const known = schema.get(type & NLA_TYPE_MASK);
  const name = known?.name ?? `attribute ${type & NLA_TYPE_MASK}`;
  const isNested = typeof known?.as === 'function' || (known === undefined && (type & NLA_F_NESTED) !== 0);
  if (!isNested || depth > MAX_DEPTH) {
    const format = typeof known?.as === 'string' ? known.as : 'hex';
    lines.add(depth, `${name} ${formatValue(value, format)}`);
    return;
  }
  lines.add(depth, name);
  const inside = typeof known?.as === 'function' ? known.as(attributesOf(around)) : NO_ATTRIBUTES;
  addAttributes(lines, depth + 1, value, inside);
}

function attributesOf(bytes: Uint8Array): Attributes {
  try {
    return decodeAttributes(bytes);
  } catch (error) {
    if (error instanceof KernelError) return new Map();
    throw error;
  }
}

/** A value of another size than its format wants is written as bytes. */
function formatValue(value: Uint8Array, format: ValueFormat): string {
  const view = viewOf(value);
  const number = NUMBERS[format];
  if (number !== undefined)
    return value.length === number.size ? String(number.read(view)) : formatHex(value);
  if (format === 'text') return JSON.stringify(shortened(decodeText(value)));
  if (format === 'ip' && value.length === 4) return decodeIp('IPv4', value);
  if (format === 'ip' && value.length === 16) return decodeIp('IPv6', value);
  return formatHex(value);
}

const NUMBERS: Readonly<
  Partial<Record<ValueFormat, { readonly size: number; read(view: DataView): number | bigint }>>
> = {
  u8: { size: 1, read: (view) => view.getUint8(0) },
  u16: { size: 2, read: (view) => view.getUint16(0, IS_LITTLE_ENDIAN) },
  u32: { size: 4, read: (view) => view.getUint32(0, IS_LITTLE_ENDIAN) },
  u64: { size: 8, read: (view) => view.getBigUint64(0, IS_LITTLE_ENDIAN) },
  u16be: { size: 2, read: (view) => view.getUint16(0) },
  u32be: { size: 4, read: (view) => view.getUint32(0) },
  s32be: { size: 4, read: (view) => view.getInt32(0) },
  u64be: { size: 8, read: (view) => view.getBigUint64(0) },
};

function shortened(text: string): string {
  return text.length <= MAX_VALUE_SIZE ? text : `${text.slice(0, MAX_VALUE_SIZE)}…`;
}

function formatHex(bytes: Uint8Array): string {
  const shown = Buffer.from(bytes.subarray(0, MAX_VALUE_SIZE)).toString('hex');
  const rest = bytes.length - MAX_VALUE_SIZE;
  return rest > 0 ? `0x${shown}… and ${rest} more bytes` : `0x${shown}`;
}

/** So many lines and no more. */
class Lines {
  readonly #lines: string[] = [];
  #areLost = false;

  get areFull(): boolean {
    return this.#areLost;
  }

  add(depth: number, line: string): void {
    if (this.#lines.length < MAX_LINES) this.#lines.push('  '.repeat(depth) + line);
    else this.#areLost = true;
  }

  text(): string {
    return [...this.#lines, ...(this.#areLost ? ['  … and more'] : [])].join('\n');
  }
}
