/** How entries and types of IP sets are written in bytes and in text, for fakes of them. */

export { encodeEntry } from './entry.ts';
export { type EntryEdit, isEntryEdit, type OtherEdit } from './entry-batch.ts';
export { EntryReader } from './entry-reader.ts';
export { formatType, typeOf } from './message.ts';
export { entryRefusals, formatRefusal } from './refusal.ts';
