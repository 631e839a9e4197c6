/** How values, elements and comments of nf_tables are written in bytes and in text, for fakes of it and tests of the kernel. */
export { AsciiWriter } from './ascii-writer.ts';
export {
  decodeValue,
  encodeFields,
  encodeValue,
  noSuchValue,
  paddedSize,
  SEPARATOR,
  valueSize,
} from './datatype.ts';
export { encodeElementsHeader } from './element.ts';
export { decodeBody, encodeHeader } from './header.ts';
export { decodeRange, encodeRange } from './range.ts';
export { MAX_COMMENT_SIZE } from './userdata.ts';
export { formatVerdict, parseVerdict } from './verdict.ts';
