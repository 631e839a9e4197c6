/** Any object that the schema table allows, in the one form of its values. */
import fc from 'fast-check';
import type { JsonObject, JsonValue } from 'menwei/cluster/schema/json.ts';
import { type JsonType, type ScalarName, shapeOf } from 'menwei/cluster/schema/shape.ts';

/** Most objects have few of the fields that they may have. */
const GIVEN = 0.25;

export function arbitraryMessage(message: string, levels = 5): fc.Arbitrary<JsonObject> {
  const fields = shapeOf(message).fields.filter(({ type }) => levels > 0 || isPlain(type));
  const members = fields.map(({ type }) =>
    fc.tuple(fc.double({ min: 0, max: 1, noNaN: true }), arbitraryValue(type, levels)),
  );
  return fc.tuple(...members).map((made) => {
    const given = made.flatMap(([chance, value], at) => {
      const name = fields[at]?.name;
      return name === undefined || chance > GIVEN ? [] : [[name, value] as const];
    });
    return Object.fromEntries(given);
  });
}

function isPlain(type: JsonType): boolean {
  return type.is !== 'message' && (!('of' in type) || isPlain(type.of));
}

function arbitraryValue(type: JsonType, levels: number): fc.Arbitrary<JsonValue> {
  switch (type.is) {
    case 'message':
      return fc.constant(undefined).chain(() => arbitraryMessage(type.name, levels - 1));
    case 'list':
      return fc.array(arbitraryValue(type.of, levels), { maxLength: 3 });
    case 'map':
      return fc.dictionary(KEYS, arbitraryValue(type.of, levels), { maxKeys: 3 });
    default:
      return SCALARS[type.is];
  }
}

const KEYS = fc.oneof(
  fc.constantFrom('app', '__proto__', 'constructor', '7', ''),
  fc.string({ maxLength: 5 }),
);
const SECONDS = fc.integer({ min: -62_000_000_000, max: 253_000_000_000 });
const atSecond = (seconds: number) => new Date(seconds * 1000).toISOString().replace(/\.\d+Z$/, '');

const SCALARS: Readonly<Record<ScalarName, fc.Arbitrary<JsonValue>>> = {
  string: fc.string({ unit: 'grapheme', maxLength: 8 }),
  bool: fc.boolean(),
  int32: fc.integer(),
  int64: fc.maxSafeInteger(),
  double: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  bytes: fc.uint8Array({ maxLength: 6 }).map((value) => Buffer.from(value).toString('base64')),
  time: SECONDS.map((seconds) => `${atSecond(seconds)}Z`),
  microTime: fc
    .tuple(SECONDS, fc.integer({ min: 0, max: 999_999 }))
    .map(([seconds, micros]) => `${atSecond(seconds)}.${String(micros).padStart(6, '0')}Z`),
  quantity: fc.constantFrom('0', '1', '500m', '2Gi', '1536Mi', '100k', '3n', '-2'),
  intOrString: fc.oneof(fc.integer(), fc.string({ maxLength: 5 })),
  json: fc.dictionary(fc.constantFrom('f:spec', '.', 'f:a'), fc.constant({}), { minKeys: 1 }),
};
