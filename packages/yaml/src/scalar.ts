/** What a scalar means to Go's YAML (go-yaml v2), by which kubectl and kube-proxy read: docs/yaml.md has the rules. */

type Scalar = string | number | boolean | null;

interface Unreadable {
  readonly mistake: string;
}

type Kind = 'null' | 'bool' | 'int' | 'float' | 'str';

const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ...variants(['y', 'yes', 'true', 'on'], true),
  ...variants(['n', 'no', 'false', 'off'], false),
  ...variants(['null'], null),
  ['~', null],
  ['', null],
]);
const NOT_FINITE = /^(?:[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/;
const INTEGER = /^([-+]?)(0[xX][\da-fA-F]+|0[bB][01]+|0[oO][0-7]+|0[0-7]*|[1-9]\d*)$/;
const FLOAT = /^[-+]?(?:\.\d+|\d+(?:\.\d*)?)(?:[eE][-+]?\d+)?$/;
const CORE = 'tag:yaml.org,2002:';
/** Larger ones are no integers to Go. */
const LEAST_INTEGER = -(2n ** 63n);
const GREATEST_INTEGER = 2n ** 64n - 1n;

/** `yes`, `Yes` and `YES`, but not `yEs`. */
function variants<T>(words: readonly string[], value: T): readonly [string, T][] {
  return words.flatMap((word) => [
    [word, value],
    [`${word[0]?.toUpperCase()}${word.slice(1)}`, value],
    [word.toUpperCase(), value],
  ]);
}

/** @param tag as written down, with its whole name; a scalar in quotes without one is a text */
export function resolveScalar(text: string, tag: string | undefined, isPlain: boolean): Scalar | Unreadable {
  if (tag === undefined) return isPlain ? resolvePlain(text) : text;
  if (!tag.startsWith(CORE)) return text;
  const wanted = tag.slice(CORE.length);
  switch (wanted) {
    case 'binary':
      return Buffer.from(text, 'base64').toString('utf8');
    case 'null':
    case 'bool':
    case 'int':
    case 'float':
      return resolveAs(text, wanted);
    default:
      return text;
  }
}

function resolveAs(text: string, wanted: Kind): Scalar | Unreadable {
  const value = resolvePlain(text);
  if (value !== null && typeof value === 'object') return value;
  const kind = kindOf(value);
  if (kind === wanted || (kind === 'int' && wanted === 'float')) return value;
  return { mistake: `not a value of type !!${wanted}` };
}

function kindOf(value: Scalar): Kind {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'int' : 'float';
  return 'str';
}

/** Times stay texts, and so do numbers of base 60: `1:20` is more likely an address. */
function resolvePlain(text: string): Scalar | Unreadable {
  const word = WORDS.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.\d]/.test(text)) return text;
  if (NOT_FINITE.test(text)) return { mistake: 'not a finite number' };
  const plain = text.startsWith('.') ? text : text.replaceAll('_', '');
  return resolveInteger(plain) ?? resolveFloat(plain) ?? text;
}

function resolveInteger(text: string): number | undefined {
  const [matched, sign, digits = ''] = INTEGER.exec(text) ?? [];
  if (matched === undefined) return undefined;
  const magnitude = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  const value = sign === '-' ? -magnitude : magnitude;
  return value < LEAST_INTEGER || value > GREATEST_INTEGER ? undefined : Number(value);
}

function resolveFloat(text: string): number | undefined {
  const value = FLOAT.test(text) ? Number(text) : Number.NaN;
  return Number.isFinite(value) ? value : undefined;
}
