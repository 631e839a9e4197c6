/** From the body of a request to the object that it must hold (cluster § 7.1). */
import { checkValue, MismatchError } from './check-value.ts';
import type { JsonValue } from './json.ts';
import type { Messages } from './messages.ts';
import { type ApiObject, apiVersionOf } from './object.ts';
import { readEnvelope, readMessage } from './protobuf.ts';
import { WireError } from './protobuf-wire.ts';
import { type ReadValue, readJson, TextError, UTF8 } from './read-json.ts';
import { readYaml } from './read-yaml.ts';
import { SCHEMA } from './schema.ts';
import type { MessageName } from './shape.ts';
import { badRequest, type StatusError } from './status-error.ts';
import { isObject, nameOf } from './values.ts';

export type BodyFormat = 'json' | 'yaml' | 'protobuf';

/** The kind that the path of a request asks for. A `Resource` is one. */
export interface ExpectedKind<Name extends MessageName = MessageName> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  readonly message: Name;
}

interface DecodedBody<Value> {
  /**
   * With `kind`, `apiVersion` and `metadata` in any case. Zero values (empty, false) are left out where they mean the same as
   * nothing. Maps have no prototype.
   */
  readonly object: Value;
  /** Unknown and duplicate fields, for `enforceFieldValidation`; the unknown are not in the object. */
  readonly faults: readonly string[];
}

/** Of what clients may leave out. */
interface Header {
  readonly kind: string;
  readonly apiVersion: string;
}

interface ReadBody extends Header {
  /** @throws WireError, TextError */
  readonly read: () => ReadValue;
  readonly faults: readonly string[];
}

type ObjectOf<Name extends MessageName> = Messages[Name] & ApiObject;

/** @throws StatusError 400 */
export function decodeBody<Name extends MessageName>(
  expected: ExpectedKind<Name>,
  body: Uint8Array,
  format: BodyFormat,
): DecodedBody<ObjectOf<Name>> {
  const { read, faults, ...given } = readBody(expected, body, format);
  const header = withDefaults(given, expected);
  refuseOtherKind(header, expected);
  const checked = asKind(header, expected, () => checkValue(expected.message, read()));
  const object = { metadata: {}, ...checked.value, ...header };
  // Either of the two has the metadata.
  return { object: object as unknown as ObjectOf<Name>, faults: [...faults, ...checked.faults] };
}

/**
 * What a DELETE may carry; nothing is said of unknown fields. Each group has the kind under its own version.
 * @throws StatusError 400
 */
export function decodeDeleteOptions(body: Uint8Array, format: BodyFormat): Messages['meta.DeleteOptions'] {
  if (body.length === 0) return {};
  const expected = {
    group: '',
    version: 'v1',
    kind: 'DeleteOptions',
    message: 'meta.DeleteOptions',
  } as const;
  const { read, ...given } = readBody(expected, body, format);
  const header = withDefaults(given, expected);
  if (header.kind !== expected.kind) refuseOtherKind(header, expected);
  return asKind(header, expected, () => checkValue(expected.message, read())).value;
}

/** In Go's words: kind, version, and why it is not what was expected. */
export function cannotBeHandled(given: Header, expected: ExpectedKind, why: string): StatusError {
  const version = given.apiVersion.slice(given.apiVersion.indexOf('/') + 1);
  return badRequest(
    `${given.kind} in version ${JSON.stringify(version)} cannot be handled as a ${expected.kind}: ${why}`,
  );
}

function readBody({ kind, message }: ExpectedKind, body: Uint8Array, format: BodyFormat): ReadBody {
  try {
    if (format === 'protobuf') {
      const { raw, ...header } = readEnvelope(body);
      return {
        ...checkVersion(header),
        read: () => ({ value: readMessage(message, raw), repeated: new Map() }),
        faults: [],
      };
    }
    const text = UTF8.decode(body);
    const { faults, ...read } = format === 'yaml' ? readYaml(text) : { ...readJsonBody(text), faults: [] };
    return { ...checkVersion(headerOf(read.value)), read: () => read, faults };
  } catch (error) {
    if (error instanceof TextError || error instanceof WireError) {
      throw badRequest(
        `the object provided is unrecognized (must be of type ${kind}): ${error.message} (${summarize(body)})`,
      );
    }
    throw error;
  }
}

function readJsonBody(text: string): ReadValue {
  try {
    return readJson(text);
  } catch (error) {
    throw error instanceof TextError ? noHeader(error.message) : error;
  }
}

function headerOf(value: JsonValue): Header {
  if (value === null) return { kind: '', apiVersion: '' };
  if (!isObject(value))
    throw noHeader(`json: cannot unmarshal ${nameOf(value)} into Go value of type ${HEADER}`);
  const text = (name: string) => {
    const given = value[name] ?? '';
    if (typeof given === 'string') return given;
    throw noHeader(`json: cannot unmarshal ${nameOf(given)} into Go struct field .${name} of type string`);
  };
  return { apiVersion: text('apiVersion'), kind: text('kind') };
}

function checkVersion(header: Header): Header {
  if (header.apiVersion.split('/').length <= 2) return header;
  throw new TextError(`unexpected GroupVersion string: ${header.apiVersion}`);
}

function noHeader(why: string): TextError {
  return new TextError(`couldn't get version/kind; json parse error: ${why}`);
}

const HEADER =
  'struct { APIVersion string "json:\\"apiVersion,omitempty\\""; Kind string "json:\\"kind,omitempty\\"" }';
const LONGEST_SUMMARY = 30;

/** The beginning of a body, as text if it looks like JSON. */
function summarize(body: Uint8Array): string {
  if (body.length === 0) return '<empty>';
  const start = body.subarray(0, LONGEST_SUMMARY);
  const text = start[0] === 0x7b ? UTF8.decode(start) : Buffer.from(start).toString('hex');
  return body.length > LONGEST_SUMMARY ? `${text} ...` : text;
}

function withDefaults({ kind, apiVersion }: Header, expected: ExpectedKind): Header {
  return { kind: kind || expected.kind, apiVersion: apiVersion || apiVersionOf(expected) };
}

function refuseOtherKind(header: Header, expected: ExpectedKind): void {
  const { kind } = expected;
  if (header.kind === kind && header.apiVersion === apiVersionOf(expected)) return;
  const known = messageOf(header);
  throw cannotBeHandled(
    header,
    expected,
    known === undefined
      ? `no kind ${JSON.stringify(header.kind)} is registered for version ${JSON.stringify(header.apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`
      : `converting (v1.${header.kind}) to (${expected.message.split('.')[0]}.${kind}): unknown conversion`,
  );
}

/** The message of a kind in a version, if it is one of an object. */
function messageOf({ kind, apiVersion }: Header): string | undefined {
  const [group = '', version] = apiVersion.includes('/') ? apiVersion.split('/') : ['core', apiVersion];
  const name = `${group.split('.')[0]}.${version}.${kind}`;
  return Object.hasOwn(SCHEMA, name) && SCHEMA[name]?.f.metadata !== undefined ? name : undefined;
}

function asKind<Value>(header: Header, expected: ExpectedKind, check: () => Value): Value {
  try {
    return check();
  } catch (error) {
    if (error instanceof MismatchError || error instanceof TextError || error instanceof WireError) {
      throw cannotBeHandled(header, expected, error.message);
    }
    throw error;
  }
}
