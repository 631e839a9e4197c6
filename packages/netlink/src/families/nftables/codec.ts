/** How values, elements and comments of nf_tables are written in bytes and in text, for fakes of it and tests of the kernel. */
export { decodeBody } from '../../nfnetlink.ts';
export { valueSize } from './datatype.ts';
export { CATCHALL, encodeElementsHeader } from './element.ts';
export { ElementRows } from './element-rows.ts';
export { keySize } from './fields.ts';
export { encodeHeader } from './header.ts';
export { MAX_COMMENT_SIZE } from './userdata.ts';
export { formatVerdict, parseVerdict } from './verdict.ts';
