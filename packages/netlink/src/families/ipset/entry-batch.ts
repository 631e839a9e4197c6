/** Adding and removing many entries: which of them make up one message, and which messages one datagram. */
import { NLM_F_ACK, NLM_F_REQUEST } from '../../message.ts';
import { MAX_ATTRIBUTE_SIZE, type MessageWriter } from '../../message-writer.ts';
import { IPSET_ATTR, IPSET_CMD } from './constants.ts';
import type { SetEdit, SetEntry } from './contract.ts';
import { encodeEntry, MAX_ENTRY_SIZE } from './entry.ts';
import { encodeHeader } from './message.ts';

/** An edit of the entries of a set. */
export type EntryEdit = Extract<SetEdit, { readonly change: 'add' | 'remove' }>;

/** An edit of a set as a whole. */
export type OtherEdit = Exclude<SetEdit, EntryEdit>;

/** What one message asks for. */
export interface EntryRequest {
  /** Whose entries, or some of them, these are. */
  readonly edit: EntryEdit;
  readonly entries: readonly SetEntry[];
}

/** A set can't be looked up by packets while it takes in the entries of a message, so there are not as many as fit. */
const ENTRIES_PER_MESSAGE = Math.min(512, Math.floor(MAX_ATTRIBUTE_SIZE / MAX_ENTRY_SIZE) - 1);
/** At most about 700 KB, made in some milliseconds. */
const ENTRIES_PER_DATAGRAM = 8 * 1024;
/** Every message is answered, with about 1 KiB of the socket's queue. */
const MESSAGES_PER_DATAGRAM = 4096;

export function requestsOf(
  edit: EntryEdit,
  entries = edit.entries,
  perMessage = ENTRIES_PER_MESSAGE,
): readonly EntryRequest[] {
  const requests: EntryRequest[] = [];
  for (let start = 0; start < entries.length; start += perMessage) {
    requests.push({ edit, entries: entries.slice(start, start + perMessage) });
  }
  return requests;
}

/** The requests in their order, as many together as make up a datagram. */
export function* datagramsOf(requests: readonly EntryRequest[]): Generator<readonly EntryRequest[]> {
  let pending: EntryRequest[] = [];
  let count = 0;
  for (const request of requests) {
    const isFull = pending.length === MESSAGES_PER_DATAGRAM || count >= ENTRIES_PER_DATAGRAM;
    if (isFull) {
      yield pending;
      pending = [];
      count = 0;
    }
    pending.push(request);
    count += request.entries.length;
  }
  if (pending.length > 0) yield pending;
}

/**
 * Edits in their order; those that add and remove entries together, as many as may be made in any order: a refused message
 * is taken apart and tried again when those that came with it have been made.
 */
export function* stepsOf(edits: readonly SetEdit[]): Generator<OtherEdit | readonly EntryEdit[]> {
  let run: EntryEdit[] = [];
  const changes = new Map<string, EntryEdit['change']>();
  for (const edit of edits) {
    const belongs = isEntryEdit(edit) && (changes.get(edit.shape.name) ?? edit.change) === edit.change;
    if (!belongs && run.length > 0) {
      yield run;
      run = [];
      changes.clear();
    }
    if (isEntryEdit(edit)) {
      run.push(edit);
      changes.set(edit.shape.name, edit.change);
    } else {
      yield edit;
    }
  }
  if (run.length > 0) yield run;
}

/** Whether the edit is one of entries. */
export function isEntryEdit(edit: SetEdit): edit is EntryEdit {
  return edit.change === 'add' || edit.change === 'remove';
}

/** Throws an Error (a broken invariant) if an entry is none of the set. */
export function encodeEntries(
  writer: MessageWriter,
  { edit, entries }: EntryRequest,
  sequence: number,
): void {
  const type = edit.change === 'add' ? IPSET_CMD.ADD : IPSET_CMD.DEL;
  // Without NLM_F_EXCL, what is there already, or isn't there, is no error.
  const message = writer.beginMessage(type, NLM_F_REQUEST | NLM_F_ACK, sequence);
  encodeHeader(writer, edit.shape.name);
  // The kernel wants a place for the number of the line that failed; entries without numbers leave it alone, and it
  // answers with the error only, not with the whole message.
  writer.u32(IPSET_ATTR.LINENO, 0);
  const list = writer.beginNested(IPSET_ATTR.ADT);
  for (const entry of entries) encodeEntry(writer, edit.shape, entry);
  writer.endNested(list);
  writer.endMessage(message);
}
