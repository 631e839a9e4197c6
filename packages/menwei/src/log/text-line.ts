/** The text form of a log line: `2026-01-02T03:04:05.678Z W can't listen port=10256 err="address in use"`. */
import { escapeControls } from './escape-controls.ts';

/** Letters as Kubernetes' components use them. */
const LEVEL_LETTERS: Readonly<Record<string, string>> = { info: 'I', warn: 'W', error: 'E' };
/** Needs no quotes. */
const PLAIN_VALUE = /^[^\s"=\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u;

/** @param jsonLine a line as pino writes it. */
export function formatTextLine(jsonLine: string): string {
  // As klog, text does not say at which verbosity a line appears.
  const { time, level, msg, v, dryRun, ...fields }: Record<string, unknown> = JSON.parse(jsonLine);
  const pairs = Object.entries(fields).map(([key, value]) => `${key}=${formatValue(value)}`);
  const letter = LEVEL_LETTERS[String(level)] ?? '?';
  const message = `${dryRun === true ? 'dry run: ' : ''}${escapeControls(String(msg ?? ''))}`;
  return `${[time, letter, message, ...pairs].join(' ')}\n`;
}

function formatValue(value: unknown): string {
  if (typeof value === 'string' && PLAIN_VALUE.test(value)) return value;
  return escapeControls(JSON.stringify(value));
}
