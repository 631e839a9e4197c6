/** Quantities such as `500m` and `1Gi` in the one form that each amount has (k8s.io/apimachinery/pkg/api/resource). */

const WRITTEN = /^([+-]?)(\d+(?:\.\d*)?|\.\d+)([numkKMGTPE]i?|[eE][+-]?\d+)?$/;
const DECIMAL: Readonly<Record<string, number>> = {
  n: -9,
  u: -6,
  m: -3,
  '': 0,
  k: 3,
  M: 6,
  G: 9,
  T: 12,
  P: 15,
  E: 18,
};
const BINARY: readonly string[] = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi', 'Ei'];
const NANO = 10n ** 9n;
const GREATEST = (2n ** 63n - 1n) * NANO;
/** Longer ones name no amount of anything. */
const LONGEST = 100;

type Format = 'decimal' | 'binary' | 'exponent';

/** Undefined: it is none. */
export function canonicalQuantity(text: string): string | undefined {
  const quantity = parseQuantity(text);
  return quantity === undefined ? undefined : formatQuantity(quantity.nanos, quantity.format);
}

/** Billionths; undefined: it is none. */
export function nanosOf(text: string): bigint | undefined {
  return parseQuantity(text)?.nanos;
}

function parseQuantity(text: string): { readonly nanos: bigint; readonly format: Format } | undefined {
  if (text.length > LONGEST) return undefined;
  const [, sign, number = '', suffix = ''] = WRITTEN.exec(text) ?? [];
  if (sign === undefined) return undefined;
  const scale = readSuffix(suffix);
  if (scale === undefined) return undefined;
  const nanos = toNanos(number, scale);
  return { nanos: sign === '-' ? -nanos : nanos, format: scale.format };
}

interface Scale {
  readonly format: Format;
  readonly exponent: number;
}

function readSuffix(suffix: string): Scale | undefined {
  const binary = BINARY.indexOf(suffix);
  if (binary > 0) return { format: 'binary', exponent: binary * 10 };
  const decimal = Object.hasOwn(DECIMAL, suffix) ? DECIMAL[suffix] : undefined;
  if (decimal !== undefined) return { format: 'decimal', exponent: decimal };
  const exponent = /^[eE][+-]?\d+$/.test(suffix) ? Number(suffix.slice(1)) : undefined;
  return exponent === undefined ? undefined : { format: 'exponent', exponent };
}

/** Finer amounts are rounded up to a nano, greater ones down to what 64 bits hold. */
function toNanos(number: string, { format, exponent }: Scale): bigint {
  const [whole = '', fraction = ''] = number.split('.');
  const digits = BigInt(`${whole}${fraction}`);
  if (digits === 0n) return 0n;
  if (format === 'binary')
    return clamp(divideUp(digits * 2n ** BigInt(exponent) * NANO, 10n ** BigInt(fraction.length)));
  const power = exponent - fraction.length + 9;
  if (power > 2 * LONGEST) return GREATEST;
  if (power < -2 * LONGEST) return 1n;
  return clamp(power >= 0 ? digits * 10n ** BigInt(power) : divideUp(digits, 10n ** BigInt(-power)));
}

function divideUp(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

function clamp(nanos: bigint): bigint {
  return nanos > GREATEST ? GREATEST : nanos;
}

function formatQuantity(nanos: bigint, format: Format): string {
  if (nanos === 0n) return '0';
  const magnitude = nanos < 0n ? -nanos : nanos;
  const sign = nanos < 0n ? '-' : '';
  const isBinary = format === 'binary' && magnitude >= 1024n * NANO && magnitude % NANO === 0n;
  return `${sign}${isBinary ? formatBinary(magnitude / NANO) : formatDecimal(magnitude, format)}`;
}

function formatBinary(value: bigint): string {
  let rest = value;
  let power = 0;
  while (rest % 1024n === 0n && power < BINARY.length - 1) {
    rest /= 1024n;
    power += 1;
  }
  return `${rest}${BINARY[power]}`;
}

function formatDecimal(nanos: bigint, format: Format): string {
  let rest = nanos;
  let exponent = -9;
  while (rest % 1000n === 0n && exponent < 18) {
    rest /= 1000n;
    exponent += 3;
  }
  if (format === 'exponent') return exponent === 0 ? String(rest) : `${rest}e${exponent}`;
  const [suffix = ''] = Object.entries(DECIMAL).find(([, power]) => power === exponent) ?? [];
  return `${rest}${suffix}`;
}
