/**
 * What SQLite will make of the write-ahead log that a process has left behind when it ended in the middle. SQLite takes all whole
 * commits up to the first page that is wrong, and says nothing of the rest: whether that was an unfinished write, or one that was
 * answered and is damaged now (https://sqlite.org/walformat.html).
 */
import { readFileSync } from 'node:fs';
import { errorCode } from '../../log/error-text.ts';

type LogReport =
  /** There is none, or all of it is whole. */
  | { readonly state: 'whole' }
  /** Its end was being written. */
  | { readonly state: 'unfinished'; readonly pages: number }
  /** What comes after it was written when this had been written already. */
  | { readonly state: 'damaged'; readonly at: number };

const HEADER = 32;
const FRAME_HEADER = 24;
const MAGIC = 0x377f0682;

interface Frame {
  readonly page: number;
  /** Of its commit, the last one. */
  readonly isCommit: boolean;
  /** It follows from the frame before it. */
  readonly isWhole: boolean;
  readonly at: number;
}

/** @param path of the log; it need not be there */
export function examineLog(path: string): LogReport {
  const bytes = readIfThere(path);
  // The header is written first; where a disk has nothing of it yet, nothing that came after it was answered.
  if (bytes === undefined || bytes.length < HEADER || bytes.every((byte) => byte === 0))
    return { state: 'whole' };
  const header = readHeader(bytes);
  if (header === undefined) return { state: 'damaged', at: 0 };
  return judge(readFrames(bytes, header));
}

/** A commit is begun when the one before it is on the disk: what follows on a commit that is not whole tells of damage. */
function judge(frames: readonly Frame[]): LogReport {
  const bad = frames.findIndex(({ isWhole }) => !isWhole);
  const whole = bad === -1 ? frames : frames.slice(0, bad);
  const rest = frames.slice(whole.findLastIndex(({ isCommit }) => isCommit) + 1);
  if (rest.length === 0) return { state: 'whole' };
  const firstBad = frames[bad];
  const end = rest.findIndex(
    ({ isCommit, at }) => isCommit && at >= (firstBad?.at ?? Number.POSITIVE_INFINITY),
  );
  const isFollowed = end !== -1 && end < rest.length - 1;
  // One commit writes a page once.
  const isSeveral = end !== -1 && new Set(rest.map(({ page }) => page)).size < rest.length;
  if (firstBad !== undefined && (isFollowed || isSeveral)) return { state: 'damaged', at: firstBad.at };
  return { state: 'unfinished', pages: rest.length };
}

interface Header {
  readonly isBigEndian: boolean;
  readonly pageSize: number;
  readonly salts: bigint;
  readonly sum: Sum;
}

function readHeader(bytes: Buffer): Header | undefined {
  const magic = bytes.readUInt32BE(0);
  if ((magic & ~1) >>> 0 !== MAGIC) return undefined;
  const isBigEndian = (magic & 1) === 1;
  const sum = checksum(bytes.subarray(0, 24), isBigEndian, { a: 0, b: 0 });
  if (sum.a !== bytes.readUInt32BE(24) || sum.b !== bytes.readUInt32BE(28)) return undefined;
  return { isBigEndian, pageSize: bytes.readUInt32BE(8), salts: bytes.readBigUInt64BE(16), sum };
}

/** Without what an earlier round has left at the end: the log is written over from its beginning, with other salts each time. */
function readFrames(bytes: Buffer, { isBigEndian, pageSize, salts, sum }: Header): readonly Frame[] {
  const frames: Frame[] = [];
  let before = sum;
  let count = 0;
  for (let at = HEADER; at + FRAME_HEADER + pageSize <= bytes.length; at += FRAME_HEADER + pageSize) {
    const head = checksum(bytes.subarray(at, at + 8), isBigEndian, before);
    const own = checksum(bytes.subarray(at + FRAME_HEADER, at + FRAME_HEADER + pageSize), isBigEndian, head);
    before = { a: bytes.readUInt32BE(at + 16), b: bytes.readUInt32BE(at + 20) };
    const isOfThisRound = bytes.readBigUInt64BE(at + 8) === salts;
    const isWhole = isOfThisRound && own.a === before.a && own.b === before.b;
    frames.push({ page: bytes.readUInt32BE(at), isCommit: bytes.readUInt32BE(at + 4) !== 0, isWhole, at });
    if (isOfThisRound) count = frames.length;
  }
  return frames.slice(0, count);
}

interface Sum {
  readonly a: number;
  readonly b: number;
}

/** @param bytes a multiple of 8 */
function checksum(bytes: Buffer, isBigEndian: boolean, { a, b }: Sum): Sum {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let first = a;
  let second = b;
  for (let at = 0; at < bytes.length; at += 8) {
    first = (first + view.getUint32(at, !isBigEndian) + second) >>> 0;
    second = (second + view.getUint32(at + 4, !isBigEndian) + first) >>> 0;
  }
  return { a: first, b: second };
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
