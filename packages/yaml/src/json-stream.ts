/** JSON objects one after the other, as `jq -c '.items[]'` prints them. */
import { DEEPEST } from './compose.ts';

export interface JsonObject {
  readonly value: unknown;
  /** Where it begins and ends in the text. */
  readonly start: number;
  readonly end: number;
  /** A key stands in it, or in an object within it, more than once; which one, only a slower look can tell. */
  readonly repeatsKeys: boolean;
}

const QUOTE = 0x22;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/**
 * The object that begins at `start`, perhaps after blanks; undefined when there is none that JSON allows, or it is
 * nested too deeply.
 */
export function readJsonObject(text: string, start: number): JsonObject | undefined {
  const from = skipBlanks(text, start);
  const extent = measureObject(text, from);
  if (extent === undefined) return undefined;
  try {
    const value: unknown = JSON.parse(text.slice(from, extent.end));
    const shape = survey(value);
    if (shape.depth > DEEPEST) return undefined;
    return { value, start: from, end: extent.end, repeatsKeys: shape.keys < extent.keys };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function skipBlanks(text: string, start: number): number {
  const blanks = /[ \t\r\n]*/y;
  blanks.lastIndex = start;
  return start + (blanks.exec(text)?.[0].length ?? 0);
}

/** Where the braces that open at `start` are closed again, and how many keys stand between them. */
export function measureObject(
  text: string,
  start: number,
): { readonly end: number; readonly keys: number } | undefined {
  if (text.charCodeAt(start) !== OPEN_BRACE) return undefined;
  let depth = 0;
  let keys = 0;
  for (let at = start; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = endOfString(text, at);
    else if (unit === COLON) keys++;
    else if (unit === OPEN_BRACE) depth++;
    else if (unit === CLOSE_BRACE && --depth === 0) return { end: at + 1, keys };
  }
  return undefined;
}

/** Of the closing quote, or of the end of the text. */
function endOfString(text: string, start: number): number {
  let at = start + 1;
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1;
  return at;
}

/** Without recursion, since JSON.parse reads what is nested deeper than a stack is high. */
function survey(value: unknown): { readonly keys: number; readonly depth: number } {
  let keys = 0;
  let depth = 0;
  for (let level = [value]; level.length > 0; depth++) {
    const below: unknown[] = [];
    for (const each of level) {
      if (typeof each !== 'object' || each === null) continue;
      const inner: readonly unknown[] = Object.values(each);
      if (!Array.isArray(each)) keys += inner.length;
      for (const one of inner) if (typeof one === 'object' && one !== null) below.push(one);
    }
    level = below;
  }
  return { keys, depth };
}
