/**
 * From JSON that a client sent to a typed value: every field checked against the schema table, unknown ones reported and left
 * out, zero values left out where they mean the same as nothing, times and quantities in their one form.
 */
import type { JsonObject, JsonValue } from './json.ts';
import type { Messages } from './messages.ts';
import { canonicalQuantity } from './quantity.ts';
import type { ReadValue } from './read-json.ts';
import {
  type Field,
  type JsonType,
  keepsZero,
  type MessageName,
  type ScalarName,
  type Shape,
  shapeOf,
} from './shape.ts';
import { canonicalTime, type TimePrecision } from './time.ts';
import { isList, isObject, isZero, nameOf, newObject } from './values.ts';

/** A value that is not what the schema says, in Go's words. */
export class MismatchError extends Error {
  override readonly name = 'MismatchError';
}

interface CheckedValue<Value> {
  /** Objects in it have no prototype. */
  readonly value: Value;
  /** `unknown field "spec.nope"`, `duplicate field "spec.ports[0].port"`: each once, in the order of the text. */
  readonly faults: readonly string[];
}

/** As many as are told of one object. */
const MOST_FAULTS = 100;
/** Go's year 1, which means no time. */
const NO_TIME = /^0001-01-01T00:00:00(?:\.0+)?Z$/;

/** @throws MismatchError */
export function checkValue<Name extends MessageName>(
  message: Name,
  read: ReadValue,
): CheckedValue<Messages[Name]> {
  const { value, faults } = new Checking(read.repeated).check(message, read.value);
  // It is held against the table from which the type is made.
  return { value: value as unknown as Messages[Name], faults };
}

class Checking {
  readonly #repeated: ReadValue['repeated'];
  readonly #faults = new Set<string>();
  /** Where the walk is: for faults with indexes, for mismatches without. */
  readonly #steps: (string | number)[] = [];
  /** The struct whose field is looked at. */
  #struct = '';

  constructor(repeated: ReadValue['repeated']) {
    this.#repeated = repeated;
  }

  check(message: string, value: JsonValue): CheckedValue<JsonObject> {
    const shape = shapeOf(message);
    if (value === null) return { value: newObject(), faults: [] };
    if (!isObject(value)) throw this.#mismatch(value, `v1.${shape.goName}`);
    const checked = this.#fields(shape, value, ['kind', 'apiVersion']);
    return { value: checked, faults: [...this.#faults] };
  }

  /** @param besides strings that every object has at its root */
  #fields(shape: Shape, value: JsonObject, besides: readonly string[] = []): JsonObject {
    const checked = newObject();
    const repeated = this.#repeated.get(value);
    const outer = this.#struct;
    for (const name of Object.keys(value)) {
      this.#steps.push(name);
      this.#struct = shape.goName;
      const field = shape.byName.get(name);
      const given = value[name] ?? null;
      if (field !== undefined) this.#field(field, given, checked);
      else if (!besides.includes(name)) this.#fault('unknown');
      else if (typeof given === 'string') checked[name] = given;
      else if (given !== null) throw this.#mismatch(given, 'string');
      if (repeated?.has(name) && (field !== undefined || besides.includes(name))) this.#fault('duplicate');
      this.#steps.pop();
    }
    this.#struct = outer;
    return checked;
  }

  #field(field: Field, given: JsonValue, checked: Record<string, JsonValue>): void {
    if (given === null) return;
    const value = this.#value(field.type, given);
    if (value === undefined || (!keepsZero(field) && isZero(field.type, value))) return;
    checked[field.name] = value;
  }

  /** Undefined: a time that is unset. */
  #value(type: JsonType, given: JsonValue): JsonValue | undefined {
    switch (type.is) {
      case 'message':
        if (!isObject(given)) throw this.#mismatch(given, type.goName);
        return this.#fields(shapeOf(type.name), given);
      case 'list':
        return this.#list(type.of, given, type.goName);
      case 'map':
        return this.#map(type.of, given, type.goName);
      default:
        return this.#scalar(type.is, given, type.goName);
    }
  }

  #list(of: JsonType, given: JsonValue, goName: string): JsonValue {
    if (!isList(given)) throw this.#mismatch(given, goName);
    return given.map((one, index) => {
      this.#steps.push(index);
      const value = one === null ? zeroOf(of) : (this.#value(of, one) ?? null);
      this.#steps.pop();
      return value;
    });
  }

  #map(of: JsonType, given: JsonValue, goName: string): JsonValue {
    if (!isObject(given)) throw this.#mismatch(given, goName);
    const map = newObject();
    const repeated = this.#repeated.get(given);
    for (const key of Object.keys(given)) {
      const one = given[key] ?? null;
      map[key] = one === null ? zeroOf(of) : (this.#value(of, one) ?? null);
      if (!repeated?.has(key)) continue;
      this.#steps.push(key);
      this.#fault('duplicate');
      this.#steps.pop();
    }
    return map;
  }

  #scalar(is: ScalarName, given: JsonValue, goName: string): JsonValue | undefined {
    switch (is) {
      case 'string':
        if (typeof given !== 'string') throw this.#mismatch(given, goName);
        return given;
      case 'bool':
        if (typeof given !== 'boolean') throw this.#mismatch(given, goName);
        return given;
      case 'double':
        if (typeof given !== 'number') throw this.#mismatch(given, goName);
        return given;
      case 'int32':
      case 'int64':
        return this.#integer(given, is, goName);
      case 'bytes':
        return this.#bytes(given, goName);
      case 'time':
        return this.#time(given, 'seconds');
      case 'microTime':
        return this.#time(given, 'micros');
      case 'quantity':
        return quantity(given);
      case 'intOrString':
        return intOrString(given);
      case 'json':
        if (!isObject(given)) throw this.#mismatch(given, goName);
        return given;
    }
  }

  #integer(given: JsonValue, is: 'int32' | 'int64', goName: string): number {
    if (typeof given !== 'number') throw this.#mismatch(given, goName);
    if (!isInteger(given, is)) throw this.#mismatch(given, goName, `number ${given}`);
    return given;
  }

  #bytes(given: JsonValue, goName: string): string {
    if (typeof given !== 'string') throw this.#mismatch(given, goName);
    const text = given.replace(/[\r\n]/g, '');
    const bad = text.search(/[^A-Za-z0-9+/](?!=?$)/);
    if (bad >= 0 || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) {
      throw new MismatchError(`illegal base64 data at input byte ${bad >= 0 ? bad : text.length}`);
    }
    return Buffer.from(text, 'base64').toString('base64');
  }

  #time(given: JsonValue, precision: TimePrecision): string | undefined {
    if (typeof given !== 'string') throw mismatchOfValue(given, 'string');
    const canonical = canonicalTime(given, precision);
    if ('why' in canonical) throw new MismatchError(canonical.why);
    return NO_TIME.test(canonical.time) ? undefined : canonical.time;
  }

  #fault(what: 'unknown' | 'duplicate'): void {
    if (this.#faults.size >= MOST_FAULTS) return;
    const path = this.#steps.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
    this.#faults.add(`${what} field ${JSON.stringify(path.slice(1))}`);
  }

  #mismatch(given: JsonValue, goName: string, what = nameOf(given)): MismatchError {
    if (this.#steps.length === 0) return mismatchOfValue(given, goName);
    const path = [this.#struct, ...this.#steps.filter((step) => typeof step === 'string')].join('.');
    return new MismatchError(`json: cannot unmarshal ${what} into Go struct field ${path} of type ${goName}`);
  }
}

function quantity(given: JsonValue): string {
  const text = typeof given === 'number' ? String(given) : given;
  const canonical = typeof text === 'string' ? canonicalQuantity(text.trim()) : undefined;
  if (canonical !== undefined) return canonical;
  throw new MismatchError(
    `quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'`,
  );
}

function intOrString(given: JsonValue): number | string {
  if (typeof given === 'string') return given;
  if (typeof given !== 'number') throw mismatchOfValue(given, 'int32');
  if (!isInteger(given, 'int32')) throw mismatchOfValue(given, 'int32', `number ${given}`);
  return given;
}

function isInteger(value: number, is: 'int32' | 'int64'): boolean {
  return is === 'int32' ? value === (value | 0) : Number.isSafeInteger(value);
}

function mismatchOfValue(given: JsonValue, goName: string, what = nameOf(given)): MismatchError {
  return new MismatchError(`json: cannot unmarshal ${what} into Go value of type ${goName}`);
}

/** What stands in a list or map for null. */
function zeroOf(type: JsonType): JsonValue {
  switch (type.is) {
    case 'message':
    case 'map':
      return newObject();
    case 'list':
      return [];
    case 'bool':
      return false;
    case 'int32':
    case 'int64':
    case 'double':
    case 'intOrString':
      return 0;
    case 'quantity':
      return '0';
    case 'json':
      return null;
    default:
      return '';
  }
}
