/** Objects in protobuf as the clients of Kubernetes send them: every plain field, also those that are zero. */
import type { JsonObject, JsonValue } from 'menwei/cluster/schema/json.ts';
import { SCHEMA } from 'menwei/cluster/schema/schema.ts';
import { type Field, type Inlined, type JsonType, keepsZero, shapeOf } from 'menwei/cluster/schema/shape.ts';
import { isList, isObject } from 'menwei/cluster/schema/values.ts';

/** The whole body of a request. */
export function encodeBody(message: string, object: JsonObject): Buffer {
  const meta = Buffer.concat([text(1, String(object.apiVersion ?? '')), text(2, String(object.kind ?? ''))]);
  const raw = encodeMessage(message, object);
  return Buffer.concat([Buffer.from('k8s\0'), bytes(1, meta), bytes(2, raw), text(3, ''), text(4, '')]);
}

function encodeMessage(message: string, object: JsonObject): Buffer {
  const numbers = Object.values(SCHEMA[message]?.f ?? {}).map(({ n }) => n);
  const shape = shapeOf(message);
  return Buffer.concat(
    numbers.flatMap((number) => {
      const field: Field | Inlined | undefined = shape.byNumber.get(number);
      if (field === undefined) return [];
      if ('inlined' in field) return [bytes(number, encodeMessage(field.inlined, object))];
      return encodeField(number, field, object[field.name] ?? undefined);
    }),
  );
}

function encodeField(number: number, field: Field, value: JsonValue | undefined): readonly Buffer[] {
  const { type } = field;
  if (type.is === 'list') return (isList(value) ? value : []).map((one) => encodeValue(number, type.of, one));
  if (type.is === 'map') return encodeMap(number, type.of, isObject(value) ? value : {});
  if (value === undefined) return keepsZero(field) ? [] : [encodeValue(number, type, ZERO[type.is] ?? null)];
  return [encodeValue(number, type, value)];
}

const ZERO: Readonly<Record<string, JsonValue>> = {
  string: '',
  bytes: '',
  bool: false,
  int32: 0,
  int64: 0,
  double: 0,
  intOrString: 0,
  quantity: '',
  message: {},
};

function encodeMap(number: number, of: JsonType, map: JsonObject): readonly Buffer[] {
  return Object.entries(map).map(([key, value]) =>
    bytes(number, Buffer.concat([text(1, key), encodeValue(2, of, value)])),
  );
}

function encodeValue(number: number, type: JsonType, value: JsonValue): Buffer {
  switch (type.is) {
    case 'message':
      return bytes(number, encodeMessage(type.name, isObject(value) ? value : {}));
    case 'list':
      return bytes(number, Buffer.concat((isList(value) ? value : []).map((one) => text(1, String(one)))));
    case 'bool':
      return integer(number, value === true ? 1n : 0n);
    case 'int32':
    case 'int64':
      return integer(number, BigInt(Number(value)));
    case 'string':
      return text(number, String(value));
    case 'bytes':
      return bytes(number, Buffer.from(String(value), 'base64'));
    case 'quantity':
      return bytes(number, text(1, String(value)));
    case 'intOrString':
      return bytes(number, encodeIntOrString(value));
    case 'time':
    case 'microTime':
      return bytes(number, typeof value === 'string' ? encodeTime(value) : Buffer.alloc(0));
    case 'json':
      return bytes(number, text(1, JSON.stringify(value)));
    default:
      throw new Error(`BUG: no way to encode ${type.is}`);
  }
}

function encodeIntOrString(value: JsonValue): Buffer {
  const isText = typeof value === 'string';
  return Buffer.concat([
    integer(1, isText ? 1n : 0n),
    integer(2, isText ? 0n : BigInt(Number(value))),
    text(3, isText ? value : ''),
  ]);
}

function encodeTime(value: string): Buffer {
  const micros = /\.(\d{6})Z$/.exec(value)?.[1] ?? '0';
  const seconds = Math.floor(Date.parse(value.replace(/\.\d+/, '')) / 1000);
  return Buffer.concat([integer(1, BigInt(seconds)), integer(2, BigInt(micros) * 1000n)]);
}

function text(number: number, value: string): Buffer {
  return bytes(number, Buffer.from(value));
}

function bytes(number: number, value: Buffer): Buffer {
  return Buffer.concat([varint(BigInt(number * 8 + 2)), varint(BigInt(value.length)), value]);
}

function integer(number: number, value: bigint): Buffer {
  return Buffer.concat([varint(BigInt(number * 8)), varint(BigInt.asUintN(64, value))]);
}

function varint(value: bigint): Buffer {
  const list: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) list.push(Number(rest & 127n) | 128);
  return Buffer.from([...list, Number(rest)]);
}
