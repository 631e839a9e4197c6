/**
 * IPv4 and IPv6 addresses between text and bytes, read and written in place: dumps and batches hold hundreds of
 * thousands of them. The text is canonical, for IPv6 that of RFC 5952 § 4 with hexadecimal groups throughout.
 */
import type { AsciiWriter } from './ascii-writer.ts';

const ZERO = 0x30;
const DOT = 0x2e;
const COLON = 0x3a;
const GROUPS = 8;

/** A decimal number without leading zeros; -1 if the text from `from` to `to` isn't one or is above `limit`. */
export function parseDecimal(text: string, from: number, to: number, limit: number): number {
  if (from >= to || to - from > 10) return -1;
  if (text.charCodeAt(from) === ZERO && to - from > 1) return -1;
  let value = 0;
  for (let index = from; index < to; index++) {
    const digit = text.charCodeAt(index) - ZERO;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value <= limit ? value : -1;
}

/** Writes 4 bytes at `at`. False if the text from `from` to `to` is no IPv4 address; leading zeros make it none. */
export function encodeIpv4(text: string, from: number, to: number, bytes: Uint8Array, at: number): boolean {
  let octets = 0;
  let value = 0;
  let start = from;
  for (let index = from; index <= to; index++) {
    const code = index < to ? text.charCodeAt(index) : DOT;
    if (code === DOT) {
      const isShort = index > start && (index === start + 1 || text.charCodeAt(start) !== ZERO);
      if (!isShort || value > 255 || octets === 4) return false;
      bytes[at + octets] = value;
      octets++;
      value = 0;
      start = index + 1;
    } else {
      const digit = code - ZERO;
      if (digit < 0 || digit > 9 || value > 255) return false;
      value = value * 10 + digit;
    }
  }
  return octets === 4;
}

/** Writes the 4 bytes at `at` as text. */
export function decodeIpv4(bytes: Uint8Array, at: number, text: AsciiWriter): void {
  for (let octet = 0; octet < 4; octet++) {
    if (octet > 0) text.character(DOT);
    text.decimal(bytes[at + octet] ?? 0);
  }
}

/** Writes 16 bytes at `at`. False if the text from `from` to `to` is no IPv6 address (RFC 4291 § 2.2, any form). */
export function encodeIpv6(text: string, from: number, to: number, bytes: Uint8Array, at: number): boolean {
  let groups = 0;
  /** Before which group `::` stands. */
  let gap = -1;
  let index = from;
  if (text.charCodeAt(from) === COLON) {
    if (from + 1 >= to || text.charCodeAt(from + 1) !== COLON) return false;
    gap = 0;
    index += 2;
  }
  while (index < to) {
    if (groups === GROUPS) return false;
    const start = index;
    let value = 0;
    for (let digit = 0; index < to; index++) {
      digit = hexadecimalDigit(text.charCodeAt(index));
      if (digit < 0) break;
      value = (value << 4) | digit;
    }
    if (index < to && text.charCodeAt(index) === DOT) {
      if (groups > GROUPS - 2 || !encodeIpv4(text, start, to, bytes, at + 2 * groups)) return false;
      groups += 2;
      break;
    }
    if (index === start || index - start > 4) return false;
    bytes[at + 2 * groups] = value >> 8;
    bytes[at + 2 * groups + 1] = value & 0xff;
    groups++;
    if (index === to) break;
    if (text.charCodeAt(index) !== COLON || index + 1 === to) return false;
    index++;
    if (text.charCodeAt(index) !== COLON) continue;
    if (gap >= 0) return false;
    gap = groups;
    index++;
  }
  if (gap < 0) return groups === GROUPS;
  if (groups === GROUPS) return false;
  const moved = 2 * (groups - gap);
  bytes.copyWithin(at + 16 - moved, at + 2 * gap, at + 2 * groups);
  bytes.fill(0, at + 2 * gap, at + 16 - moved);
  return true;
}

function hexadecimalDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const letter = code | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}

/** Writes the 16 bytes at `at` as text. */
export function decodeIpv6(bytes: Uint8Array, at: number, text: AsciiWriter): void {
  const gap = longestGap(bytes, at);
  const gapEnd = gap + gapLength(bytes, at, gap);
  for (let group = 0; group < GROUPS; group++) {
    if (group === gap) {
      text.character(COLON);
      text.character(COLON);
      group = gapEnd - 1;
      continue;
    }
    if (group > 0 && group !== gapEnd) text.character(COLON);
    text.hexadecimal(groupAt(bytes, at, group));
  }
}

/** Where `::` belongs: the first of the longest runs of two zero groups or more; -1 if there is none. */
function longestGap(bytes: Uint8Array, at: number): number {
  let longest = 1;
  let found = -1;
  for (let group = 0; group < GROUPS; group++) {
    const length = gapLength(bytes, at, group);
    if (length > longest) {
      longest = length;
      found = group;
    }
    group += length;
  }
  return found;
}

/** How many zero groups stand in a row from this one on. */
function gapLength(bytes: Uint8Array, at: number, group: number): number {
  let end = group;
  while (end >= 0 && end < GROUPS && groupAt(bytes, at, end) === 0) end++;
  return end - group;
}

function groupAt(bytes: Uint8Array, at: number, group: number): number {
  return ((bytes[at + 2 * group] ?? 0) << 8) | (bytes[at + 2 * group + 1] ?? 0);
}
