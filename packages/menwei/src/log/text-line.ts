/** The text form of a log line: `2026-01-02T03:04:05.678Z W can't listen port=10256 err="address in use"`. */

/** Letters as Kubernetes' components use them. */
const LEVEL_LETTERS: Readonly<Record<string, string>> = { debug: 'D', info: 'I', warn: 'W', error: 'E' };
/** Needs no quotes. */
const PLAIN_VALUE = /^[^\s"=\p{Cc}]+$/u;

/** @param jsonLine a line as pino writes it. */
export function formatTextLine(jsonLine: string): string {
  const { time, level, msg, ...fields }: Record<string, unknown> = JSON.parse(jsonLine);
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${formatValue(value)}`);
  const letter = LEVEL_LETTERS[String(level)] ?? '?';
  return `${[time, letter, escapeControls(String(msg ?? '')), ...pairs].join(' ')}\n`;
}

function formatValue(value: unknown): string {
  if (typeof value === 'string' && PLAIN_VALUE.test(value)) return value;
  return escapeControls(JSON.stringify(value));
}

/** Text of others (an object's name, a tool's output) must not be able to forge a line or to steer a terminal. */
function escapeControls(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    const escaped = JSON.stringify(character).slice(1, -1);
    // JSON leaves the upper control characters as they are.
    return escaped === character ? `\\u00${character.charCodeAt(0).toString(16)}` : escaped;
  });
}
