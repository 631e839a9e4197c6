/**
 * IP sets in memory, behind the same interface as the kernel's: it refuses what that refuses, and gives back what it was given.
 * ip-set-laws.ts holds both to the same behaviour. Only tests import this folder.
 */
import { constants } from 'node:os';
import { parseKnownCidr } from '@menwei/addresses/ip.ts';
import type { IpSetCommand } from '@menwei/netfilter/ipset/command.ts';
import { parseDump } from '@menwei/netfilter/ipset/parse.ts';
import { KernelError, MessageWriter } from '@menwei/netlink';
import {
  IPSET_ERR,
  type IpSetClient,
  type ObservedSet,
  type SetEdit,
  type SetEntry,
  type SetRefusal,
  type SetShape,
} from '@menwei/netlink/ipset';
import {
  type EntryEdit,
  EntryReader,
  encodeEntry,
  entryRefusals,
  formatRefusal,
  formatType,
  isEntryEdit,
  type OtherEdit,
  typeOf,
} from '@menwei/netlink/ipset/codec';
import { type FaultOptions, Faults } from './faults.ts';
import { injected, Refused } from './refused.ts';

const { EEXIST, ENOENT, EINVAL } = constants.errno;
const MAX_NAME_LENGTH = 31;
/** Of an entry: all of them are shorter. */
const INITIAL_SIZE = 128;
const ATTRIBUTE_HEADER_SIZE = 4;

interface FakeIpSetsOptions {
  readonly faults?: FaultOptions;
  /** Whether a rule looks into the set, so that it can't be destroyed; none does unless told. */
  readonly isInUse?: (name: string) => boolean;
}

interface FakeSet {
  readonly shape: SetShape;
  readonly entries: Set<SetEntry>;
}

export class FakeIpSets implements IpSetClient {
  readonly faults: Faults;
  /** All that was asked to be done so far, what failed included. */
  readonly applied: (readonly SetEdit[])[] = [];
  readonly #isInUse: (name: string) => boolean;
  readonly #sets = new Map<string, FakeSet>();

  constructor({ faults, isInUse = () => false }: FakeIpSetsOptions = {}) {
    this.faults = new Faults(faults);
    this.#isInUse = isInUse;
  }

  /**
   * A kernel that holds what `ipset save` printed somewhere else, so that a report of a fault becomes a test.
   *
   * @throws UnreadableError where it is no such listing; KernelError for what no kernel would take
   */
  static fromDump(text: string, options: FakeIpSetsOptions = {}): FakeIpSets {
    const sets = new FakeIpSets(options);
    for (const command of parseDump(text)) {
      const [refusal] = sets.meddle([sets.#editOf(command)]);
      if (refusal !== undefined) throw refusal.error;
    }
    return sets;
  }

  async apply(edits: readonly SetEdit[], signal: AbortSignal): Promise<readonly SetRefusal[]> {
    signal.throwIfAborted();
    this.applied.push(edits);
    // As with the kernel, others get a turn meanwhile.
    await Promise.resolve();
    const fault = this.faults.next();
    if (fault === 'none') return this.meddle(edits);
    if (fault === 'halfway') this.meddle(firstHalf(edits));
    if (fault === 'after') this.meddle(edits);
    throw injected('change', 'sets', fault);
  }

  observe(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, ObservedSet>> {
    return this.#observe(signal, () => {
      const sets = this.dump();
      return new Map(
        names.flatMap((name) => {
          const set = sets.get(name);
          return set === undefined ? [] : [[name, set]];
        }),
      );
    });
  }

  observeSizes(signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    return this.#observe(
      signal,
      () => new Map(Array.from(this.#sets, ([name, { entries }]) => [name, entries.size])),
    );
  }

  /** All sets as they are: no fault. */
  dump(): ReadonlyMap<string, ObservedSet> {
    return new Map(
      Array.from(this.#sets, ([name, { shape, entries }]) => [name, { shape, entries: new Set(entries) }]),
    );
  }

  /** What somebody else does: no fault, and nothing that is counted. */
  meddle(edits: readonly SetEdit[]): readonly SetRefusal[] {
    return edits.flatMap((edit) => {
      if (isEntryEdit(edit)) return this.#changeEntries(edit);
      const error = refusalOf(edit, () => this.#change(edit));
      return error === undefined ? [] : [{ edit, error }];
    });
  }

  /** Whether there is such a set. */
  has(name: string): boolean {
    return this.#sets.has(name);
  }

  #editOf(command: IpSetCommand): SetEdit {
    switch (command.command) {
      case 'create':
        return { change: 'create', shape: command.shape };
      case 'add':
      case 'del': {
        const shape = this.#sets.get(command.name)?.shape;
        if (shape === undefined) throw new Error(`BUG: there is no set ${command.name}`);
        return { change: command.command === 'add' ? 'add' : 'remove', shape, entries: [command.entry] };
      }
      case 'destroy':
        return { change: 'destroy', name: command.name };
      case 'swap':
        return { change: 'swap', name: command.name, other: command.other };
    }
  }

  #change(edit: OtherEdit): void {
    if (edit.change === 'create') this.#create(edit.shape);
    else if (edit.change === 'destroy') this.#destroy(edit.name);
    else this.#swap(edit.name, edit.other);
  }

  #create(shape: SetShape): void {
    if (shape.name.length > MAX_NAME_LENGTH) throw refused(EINVAL);
    const present = this.#sets.get(shape.name);
    if (present === undefined) {
      this.#sets.set(shape.name, { shape: observedShape(shape), entries: new Set() });
      return;
    }
    const [type, wanted] = [formatType(typeOf(present.shape)), formatType(typeOf(shape))];
    if (type !== wanted)
      throw new Refused(EEXIST, `there is one of this name, of type ${type} instead of ${wanted}`);
  }

  #destroy(name: string): void {
    if (!this.#sets.has(name)) return;
    if (this.#isInUse(name)) throw refused(IPSET_ERR.BUSY);
    this.#sets.delete(name);
  }

  #swap(name: string, other: string): void {
    const [first, second] = [this.#sets.get(name), this.#sets.get(other)];
    if (first === undefined) throw refused(ENOENT);
    if (second === undefined) throw refused(IPSET_ERR.EXIST_SETNAME2);
    if (formatType(typeOf(first.shape)) !== formatType(typeOf(second.shape)))
      throw refused(IPSET_ERR.TYPE_MISMATCH);
    this.#sets.set(name, { ...second, shape: { ...second.shape, name } });
    this.#sets.set(other, { ...first, shape: { ...first.shape, name: other } });
  }

  #changeEntries(edit: EntryEdit): readonly SetRefusal[] {
    const set = this.#sets.get(edit.shape.name);
    return entryRefusals(
      edit.entries.flatMap((entry) => {
        const errno = set === undefined ? ENOENT : changeEntry(set, edit, entry);
        return errno === undefined ? [] : [{ request: { edit, entries: [entry] }, errno, detail: '' }];
      }),
    );
  }

  async #observe<T>(signal: AbortSignal, look: () => T): Promise<T> {
    signal.throwIfAborted();
    await Promise.resolve();
    const fault = this.faults.next();
    if (fault !== 'none') throw injected('observe', 'sets', fault);
    return look();
  }
}

/** What the kernel has to say of a set it was asked for: of a bitmap, the family and the size are no matter. */
function observedShape(shape: SetShape): SetShape {
  return shape.type === 'bitmap:port' ? { ...shape, family: 'IPv4', maxEntries: 65_536 } : shape;
}

/** Returns the number of the error with which the entry is refused. */
function changeEntry({ shape, entries }: FakeSet, edit: EntryEdit, text: SetEntry): number | undefined {
  const entry = canonical(edit.shape, text);
  if (!isUnderstood(edit.shape, shape)) return IPSET_ERR.PROTOCOL;
  if (shape.type === 'hash:ip' && (entry === '0.0.0.0' || entry === '::')) return IPSET_ERR.HASH_ELEM;
  if (/\/0(?!\d)/.test(entry)) return IPSET_ERR.INVALID_CIDR;
  if (edit.change === 'remove') {
    entries.delete(entry);
    return undefined;
  }
  if (entries.size >= shape.maxEntries && !entries.has(entry)) return IPSET_ERR.HASH_FULL;
  entries.add(entry);
  return undefined;
}

/** Whether entries written for one set have what the other one wants, and nothing else. */
function isUnderstood(written: SetShape, present: SetShape): boolean {
  if (formatType(typeOf(written)) === formatType(typeOf(present))) return true;
  const isAddressForNetwork = written.type === 'hash:ip,port,ip' && present.type === 'hash:ip,port,net';
  return isAddressForNetwork && written.family === present.family;
}

/** Through bytes and back; a network loses the bits beyond its length. Throws an Error (a broken invariant). */
function canonical(shape: SetShape, text: SetEntry): SetEntry {
  const writer = new MessageWriter(INITIAL_SIZE);
  encodeEntry(writer, shape, text);
  const bytes = writer.bytes();
  const entry = new EntryReader(shape.type).read(bytes, ATTRIBUTE_HEADER_SIZE, bytes.length);
  return entry.replace(/[^,]+\/\d+/, (network) => parseKnownCidr(network).text);
}

function firstHalf(edits: readonly SetEdit[]): readonly SetEdit[] {
  const whole = Math.floor(edits.length / 2);
  const next = edits[whole];
  if (next === undefined || !('entries' in next)) return edits.slice(0, whole);
  return [...edits.slice(0, whole), { ...next, entries: next.entries.slice(0, next.entries.length / 2) }];
}

function refused(errno: number): Refused {
  return new Refused(errno, formatRefusal(errno));
}

function refusalOf(edit: OtherEdit, work: () => void): KernelError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    const object = edit.change === 'create' ? `set ${edit.shape.name}` : `set ${edit.name}`;
    return new KernelError({ operation: edit.change, object, detail: error.message, errno: error.errno });
  }
}
