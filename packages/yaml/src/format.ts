/** Plain values as YAML that every reader of it takes for the same: kubectl, kube-proxy and this package. */

/** Block style, two blanks a level, in the order of the keys; empty lists and objects as `[]` and `{}`. */
export function formatYaml(value: unknown): string {
  return isNested(value) ? `${lines(value).join('\n')}\n` : `${formatScalar(value)}\n`;
}

type Nested = readonly unknown[] | Readonly<Record<string, unknown>>;

/** It has something inside. */
function isNested(value: unknown): value is Nested {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

function lines(value: Nested): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(itemLines);
  return Object.entries(value).flatMap(([key, inner]) => {
    const name = formatText(key);
    if (!isNested(inner)) return [`${name}: ${formatScalar(inner)}`];
    return [`${name}:`, ...lines(inner).map((line) => (Array.isArray(inner) ? line : `  ${line}`))];
  });
}

function itemLines(item: unknown): readonly string[] {
  if (!isNested(item)) return [`- ${formatScalar(item)}`];
  return lines(item).map((line, index) => (index === 0 ? `- ${line}` : `  ${line}`));
}

function formatScalar(value: unknown): string {
  if (typeof value === 'string') return formatText(value);
  if (Array.isArray(value)) return '[]';
  return JSON.stringify(value) ?? 'null';
}

/** Words, paths, addresses and durations need no quotes; what could be read as anything else gets them. */
function formatText(text: string): string {
  const isPlain = PLAIN.some((pattern) => pattern.test(text)) && !SPECIAL.test(text);
  return isPlain ? text : JSON.stringify(text).replaceAll(UNPRINTABLE, escapeUnit);
}

const PLAIN: readonly RegExp[] = [
  /^[A-Za-z/][\w./-]*$/,
  /^\d+\.\d+\.\d+\.\d+([/:]\d+)?$/,
  /^-?(\d+(\.\d+)?(h|m|s|ms|µs|ns))+$/,
];
/** By one of the versions of YAML they are no text. */
const SPECIAL = /^(y|n|yes|no|on|off|true|false|null)$/i;
/** JSON leaves them as they are, and a reader of YAML may refuse them or take them for the end of a line. */
const UNPRINTABLE = /[\u007f-\u009f\u2028\u2029\ufeff\ufffe\uffff]/g;

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
