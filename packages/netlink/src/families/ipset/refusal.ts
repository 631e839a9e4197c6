/** The kernel's refusals in words: most of its error numbers for sets are not known to any C library. */
import { constants } from 'node:os';
import { formatErrno } from '../../errno.ts';
import { KernelError } from '../../kernel-error.ts';
import { IPSET_ERR } from './constants.ts';
import type { SetEntry, SetRefusal, SetType } from './contract.ts';
import type { EntryEdit, EntryRequest } from './entry-batch.ts';

const WORDS: ReadonlyMap<number, string> = new Map([
  [constants.errno.ENOENT, 'there is no such set (ENOENT)'],
  [constants.errno.EEXIST, 'there is a set of this name (EEXIST)'],
  [IPSET_ERR.PROTOCOL, 'the set takes no such entries (IPSET_ERR_PROTOCOL)'],
  [IPSET_ERR.FIND_TYPE, 'the kernel has no sets of this type (IPSET_ERR_FIND_TYPE)'],
  [IPSET_ERR.MAX_SETS, 'there are as many sets as the kernel can have (IPSET_ERR_MAX_SETS)'],
  [IPSET_ERR.BUSY, 'the set is in use (IPSET_ERR_BUSY)'],
  [IPSET_ERR.EXIST_SETNAME2, 'there is no set of the second name (IPSET_ERR_EXIST_SETNAME2)'],
  [IPSET_ERR.TYPE_MISMATCH, 'the sets are of different types (IPSET_ERR_TYPE_MISMATCH)'],
  [IPSET_ERR.INVALID_CIDR, 'no set takes a network of this length (IPSET_ERR_INVALID_CIDR)'],
  [IPSET_ERR.INVALID_FAMILY, 'the type of set is not for this IP family (IPSET_ERR_INVALID_FAMILY)'],
]);

const HASH_WORDS: ReadonlyMap<number, string> = new Map([
  [IPSET_ERR.HASH_FULL, 'the set is full (IPSET_ERR_HASH_FULL)'],
  [IPSET_ERR.HASH_ELEM, 'no set takes an address of zeros (IPSET_ERR_HASH_ELEM)'],
]);

const BITMAP_WORDS: ReadonlyMap<number, string> = new Map([
  [IPSET_ERR.BITMAP_RANGE, 'it is outside of the range of the set (IPSET_ERR_BITMAP_RANGE)'],
]);

/** @param detail what is said of numbers that are not the sets' own */
export function formatRefusal(errno: number, type?: SetType, detail = formatErrno(errno)): string {
  const ofType = type === 'bitmap:port' ? BITMAP_WORDS : HASH_WORDS;
  return WORDS.get(errno) ?? ofType.get(errno) ?? detail;
}

export interface RefusedRequest {
  readonly request: EntryRequest;
  readonly errno: number;
  readonly detail: string;
}

/** One refusal for all entries of an edit that were refused for the same reason; its edit has only those. */
export function entryRefusals(refused: readonly RefusedRequest[]): readonly SetRefusal[] {
  const byEdit = Map.groupBy(refused, ({ request }) => request.edit);
  return Array.from(byEdit, ([edit, ofEdit]) =>
    Array.from(Map.groupBy(ofEdit, ({ errno }) => errno).values(), (alike) => refusalOf(edit, alike)),
  ).flat();
}

function refusalOf(edit: EntryEdit, alike: readonly RefusedRequest[]): SetRefusal {
  const [first] = alike;
  if (first === undefined) throw new Error('BUG: a refusal of nothing');
  const entries = alike.flatMap(({ request }) => request.entries);
  const detail = formatRefusal(first.errno, edit.shape.type, first.detail);
  return { edit: { ...edit, entries }, error: entriesError(edit, entries, detail, first.errno) };
}

/** `add 10.0.0.1,tcp:80 and 3 more to set KUBE-CLUSTER-IP: …` */
export function entriesError(
  { change, shape }: EntryEdit,
  [first = 'nothing', ...others]: readonly SetEntry[],
  detail: string,
  errno?: number,
): KernelError {
  const entries = others.length === 0 ? first : `${first} and ${others.length} more`;
  const object = `${entries} ${change === 'add' ? 'to' : 'from'} set ${shape.name}`;
  return new KernelError({ operation: change, object, detail, errno });
}
