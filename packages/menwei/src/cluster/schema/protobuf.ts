/**
 * Objects in protobuf, as clients send them: the four bytes `k8s\0`, an envelope, in it the object. They become what they are
 * in JSON. Numbers that the schema table does not know are left out: the client is newer.
 */
import type { JsonValue } from './json.ts';
import { readFields, readVarints, WireError, type WireField } from './protobuf-wire.ts';
import { DEEPEST, MOST_VALUES, readJson, TOO_DEEP, TOO_MANY, UTF8 } from './read-json.ts';
import { type Field, type JsonType, keepsZero, type Shape, shapeOf } from './shape.ts';
import { formatElements, isTimeInRange, type TimePrecision } from './time.ts';
import { isZero, newObject } from './values.ts';

interface Envelope {
  /** Empty where the client does not say. */
  readonly kind: string;
  readonly apiVersion: string;
  readonly raw: Uint8Array;
}

const MAGIC = Uint8Array.of(0x6b, 0x38, 0x73, 0x00);
const PROTOBUF = 'application/vnd.kubernetes.protobuf';

/** @throws WireError */
export function readEnvelope(body: Uint8Array): Envelope {
  if (body.length === 0) throw new WireError('empty data');
  if (!MAGIC.every((byte, at) => body[at] === byte)) {
    throw new WireError(
      `provided data does not appear to be a protobuf message, expected prefix [${MAGIC.join(' ')}]`,
    );
  }
  let [kind, apiVersion, encoding, type] = ['', '', '', ''];
  let raw: Uint8Array = new Uint8Array();
  for (const field of readFields(body.subarray(MAGIC.length))) {
    if (field.number === 1) [apiVersion, kind] = readTypeMeta(bytesOf(field));
    else if (field.number === 2) raw = bytesOf(field);
    else if (field.number === 3) encoding = textOf(field);
    else if (field.number === 4) type = textOf(field);
  }
  if (encoding !== '')
    throw new WireError(`unknown content encoding ${JSON.stringify(encoding.slice(0, 40))}`);
  if (type !== '' && type !== PROTOBUF) {
    throw new WireError(`unknown content type ${JSON.stringify(type.slice(0, 40))}`);
  }
  return { kind, apiVersion, raw };
}

function readTypeMeta(bytes: Uint8Array): [apiVersion: string, kind: string] {
  let [apiVersion, kind] = ['', ''];
  for (const field of readFields(bytes)) {
    if (field.number === 1) apiVersion = textOf(field);
    else if (field.number === 2) kind = textOf(field);
  }
  return [apiVersion, kind];
}

/** @throws WireError */
export function readMessage(message: string, bytes: Uint8Array): JsonValue {
  const value = newObject();
  new Reading().into(value, shapeOf(message), bytes);
  return value;
}

class Reading {
  #depth = 0;
  #fields = 0;

  into(value: Record<string, JsonValue>, shape: Shape, bytes: Uint8Array): void {
    this.#depth += 1;
    if (this.#depth > DEEPEST) throw new WireError(TOO_DEEP);
    const lists = new Map<string, JsonValue[]>();
    const maps = new Map<string, Record<string, JsonValue>>();
    for (const wire of readFields(bytes)) {
      this.#fields += 1;
      if (this.#fields > MOST_VALUES) throw new WireError(TOO_MANY);
      const known = shape.byNumber.get(wire.number);
      if (known === undefined) continue;
      if ('inlined' in known) this.into(value, shapeOf(known.inlined), bytesOf(wire));
      else if (known.type.is === 'list') {
        this.#item(
          known.type.of,
          wire,
          inPlace(lists, known.name, () => []),
        );
      } else if (known.type.is === 'map') {
        this.#entry(known.type.of, wire, inPlace(maps, known.name, newObject));
      } else this.#single(known, wire, value);
    }
    for (const [name, list] of lists) value[name] = list;
    for (const [name, map] of maps) value[name] = map;
    this.#depth -= 1;
  }

  #single(field: Field, wire: WireField, value: Record<string, JsonValue>): void {
    const { name, type } = field;
    const one = this.#value(type, wire);
    // A field that stands twice counts as it stands last.
    if (one === undefined || (!keepsZero(field) && isZero(type, one))) delete value[name];
    else value[name] = one;
  }

  #item(of: JsonType, wire: WireField, list: JsonValue[]): void {
    const isPacked = wire.wire === 'bytes' && (of.is === 'int32' || of.is === 'int64');
    if (!isPacked) list.push(this.#value(of, wire) ?? null);
    // Numbers one after the other, as newer encoders write lists of them.
    else for (const number of readVarints(wire.bytes)) list.push(this.#value(of, number) ?? null);
  }

  #entry(of: JsonType, wire: WireField, map: Record<string, JsonValue>): void {
    let key = '';
    let one: JsonValue | undefined;
    for (const field of readFields(bytesOf(wire))) {
      if (field.number === 1) key = textOf(field);
      else if (field.number === 2) one = this.#value(of, field);
    }
    // What is not written is empty, and so is what these bytes mean.
    one ??= this.#value(of, { number: 2, wire: 'bytes', bytes: new Uint8Array() }) ?? null;
    map[key] = one;
  }

  /** Undefined: a time that is unset. */
  #value(type: JsonType, wire: WireField): JsonValue | undefined {
    switch (type.is) {
      case 'message': {
        const value = newObject();
        this.into(value, shapeOf(type.name), bytesOf(wire));
        return value;
      }
      case 'list':
        return this.#strings(bytesOf(wire));
      case 'map':
        throw new Error('BUG: a map in a list or map');
      case 'bool':
        return bitsOf(wire) !== 0n;
      case 'int32':
        return Number(BigInt.asIntN(32, bitsOf(wire)));
      case 'int64':
        return Number(BigInt.asIntN(64, bitsOf(wire)));
      case 'double':
        return doubleOf(wire);
      case 'string':
        return textOf(wire);
      case 'bytes':
        return Buffer.from(bytesOf(wire)).toString('base64');
      case 'time':
        return timeOf(bytesOf(wire), 'seconds');
      case 'microTime':
        return timeOf(bytesOf(wire), 'micros');
      case 'quantity':
        return quantityOf(bytesOf(wire));
      case 'intOrString':
        return intOrStringOf(bytesOf(wire));
      case 'json':
        return jsonOf(bytesOf(wire));
    }
  }

  /** A message that is a list in JSON. */
  #strings(bytes: Uint8Array): JsonValue {
    const strings: string[] = [];
    for (const field of readFields(bytes)) if (field.number === 1) strings.push(textOf(field));
    return strings;
  }
}

function inPlace<Value>(map: Map<string, Value>, key: string, make: () => Value): Value {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}

function bytesOf(field: WireField): Uint8Array {
  if (field.wire === 'bytes') return field.bytes;
  throw wrongType(field);
}

function textOf(field: WireField): string {
  return UTF8.decode(bytesOf(field));
}

function bitsOf(field: WireField): bigint {
  if (field.wire === 'varint') return field.bits;
  throw wrongType(field);
}

function doubleOf(field: WireField): number {
  if (field.wire !== 'fixed64') throw wrongType(field);
  const [value = 0] = new Float64Array(BigUint64Array.of(field.bits).buffer);
  if (Number.isFinite(value)) return value;
  throw new WireError(`proto: field ${field.number} is not a finite number`);
}

function wrongType({ number, wire }: WireField): WireError {
  return new WireError(`proto: wrong wireType = ${wire} for field ${number}`);
}

function timeOf(bytes: Uint8Array, precision: TimePrecision): string | undefined {
  if (bytes.length === 0) return undefined;
  let [seconds, nanos] = [0, 0];
  for (const field of readFields(bytes)) {
    if (field.number === 1) seconds = Number(BigInt.asIntN(64, bitsOf(field)));
    else if (field.number === 2) nanos = Number(BigInt.asIntN(32, bitsOf(field)));
  }
  if (!isTimeInRange(seconds) || nanos < 0 || nanos > 999_999_999) throw new WireError('time out of range');
  return formatElements(seconds, Math.floor(nanos / 1000), precision);
}

function quantityOf(bytes: Uint8Array): string {
  return firstTextOf(bytes) || '0';
}

function intOrStringOf(bytes: Uint8Array): number | string {
  let [isString, number, text] = [false, 0, ''];
  for (const field of readFields(bytes)) {
    if (field.number === 1) isString = bitsOf(field) !== 0n;
    else if (field.number === 2) number = Number(BigInt.asIntN(32, bitsOf(field)));
    else if (field.number === 3) text = textOf(field);
  }
  return isString ? text : number;
}

/** The first field is the text of a JSON value. */
function jsonOf(bytes: Uint8Array): JsonValue {
  const text = firstTextOf(bytes);
  return text === '' ? null : readJson(text).value;
}

/** Of the field with number 1, which is all that some messages have. */
function firstTextOf(bytes: Uint8Array): string {
  let text = '';
  for (const field of readFields(bytes)) if (field.number === 1) text = textOf(field);
  return text;
}
