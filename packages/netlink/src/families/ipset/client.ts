/** The IP sets of a network namespace, in the kernel (linux/netfilter/ipset/ip_set.h). */
import { constants } from 'node:os';
import type { Attributes } from '../../attribute.ts';
import { NetlinkConnection } from '../../connection.ts';
import { KernelError } from '../../kernel-error.ts';
import { type NetlinkMessage, NLM_F_EXCL } from '../../message.ts';
import { MessageWriter } from '../../message-writer.ts';
import { NETLINK_NETFILTER } from '../../netlink-protocols.ts';
import { decodeBody } from '../../nfnetlink.ts';
import { openNetlinkTransport } from '../../transport.ts';
import { IPSET_ATTR, IPSET_CMD } from './constants.ts';
import type { IpSetClient, ObservedSet, SetEdit, SetRefusal, SetShape, SetType } from './contract.ts';
import {
  datagramsOf,
  type EntryEdit,
  type EntryRequest,
  encodeEntries,
  type OtherEdit,
  requestsOf,
  stepsOf,
} from './entry-batch.ts';
import { SetReader, SizesReader } from './list-reader.ts';
import {
  attribute,
  decodeType,
  encodeCreation,
  encodeHeader,
  encodeSizesRequest,
  encodeType,
  formatType,
  typeOf,
} from './message.ts';
import { entriesError, entryRefusals, formatRefusal, type RefusedRequest } from './refusal.ts';

const { EEXIST, ENOENT } = constants.errno;
const INITIAL_DATAGRAM_SIZE = 16 * 1024;

/**
 * The last revision of each type that has been known to ipset since 6.23 of 2014. The program refuses to list a set of a
 * revision it does not know, and there is nothing for us in later ones.
 */
const KNOWN_REVISIONS: Readonly<Record<SetType, number>> = {
  'hash:ip': 4,
  'hash:ip,port': 5,
  'hash:ip,port,ip': 5,
  'hash:ip,port,net': 7,
  'bitmap:port': 3,
};

/** In the network namespace the calling thread is in. Throws KernelError. */
export function openIpSetClient(): KernelIpSets {
  return new KernelIpSets(new NetlinkConnection(openNetlinkTransport(NETLINK_NETFILTER)));
}

/** Owns its connection. */
export class KernelIpSets implements IpSetClient, Disposable {
  readonly #connection: NetlinkConnection;
  /** Which revision of a type sets are made of. */
  readonly #revisions = new Map<string, number>();

  constructor(connection: NetlinkConnection) {
    this.#connection = connection;
  }

  async apply(edits: readonly SetEdit[], signal: AbortSignal): Promise<readonly SetRefusal[]> {
    const refusals: SetRefusal[] = [];
    for (const step of stepsOf(edits)) {
      signal.throwIfAborted();
      if (!('change' in step)) {
        refusals.push(...(await this.#applyEntries(step, signal)));
        continue;
      }
      const error = this.#applyOne(step);
      if (error !== undefined) refusals.push({ edit: step, error });
    }
    return refusals;
  }

  async observe(names: readonly string[], signal: AbortSignal): Promise<ReadonlyMap<string, ObservedSet>> {
    const sets = new Map<string, ObservedSet>();
    for (const name of names) {
      const set = await this.#observeOne(name, signal);
      if (set !== undefined) sets.set(name, set);
    }
    return sets;
  }

  observeSizes(signal: AbortSignal): Promise<ReadonlyMap<string, number>> {
    const list = { operation: 'observe', object: 'sets', type: IPSET_CMD.LIST, write: encodeSizesRequest };
    return this.#connection.dump(list, () => new SizesReader(), signal);
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  async #observeOne(name: string, signal: AbortSignal): Promise<ObservedSet | undefined> {
    const list = {
      operation: 'observe',
      object: `set ${name}`,
      type: IPSET_CMD.LIST,
      write: (writer: MessageWriter) => encodeHeader(writer, name),
    };
    try {
      return await this.#connection.dump(list, () => new SetReader(name), signal);
    } catch (error) {
      if (error instanceof KernelError && error.errno === ENOENT) return undefined;
      throw error;
    }
  }

  #applyOne(edit: OtherEdit): KernelError | undefined {
    switch (edit.change) {
      case 'create':
        return this.#create(edit.shape);
      case 'destroy': {
        const error = refusalOf(() => this.#request('destroy', edit.name, IPSET_CMD.DESTROY));
        return error?.errno === ENOENT ? undefined : error;
      }
      case 'swap':
        return refusalOf(() =>
          this.#connection.request({
            operation: 'swap',
            object: `sets ${edit.name} and ${edit.other}`,
            type: IPSET_CMD.SWAP,
            write(writer) {
              encodeHeader(writer, edit.name);
              writer.text(IPSET_ATTR.SETNAME2, edit.other);
            },
          }),
        );
    }
  }

  #create(shape: SetShape): KernelError | undefined {
    const error = refusalOf(() => {
      const revision = this.#revision(shape);
      this.#connection.request({
        operation: 'create',
        object: `set ${shape.name}`,
        type: IPSET_CMD.CREATE,
        // Without it, the kernel takes a set of the other family for the same, and one of another size for another.
        flags: NLM_F_EXCL,
        write: (writer) => encodeCreation(writer, shape, revision),
      });
    }, shape.type);
    return error?.errno === EEXIST ? this.#compareWithPresent(shape) : error;
  }

  /** The refusal, if the set of this name that is there is another than it should be. */
  #compareWithPresent(shape: SetShape): KernelError | undefined {
    const body = bodyOf(this.#request('observe', shape.name, IPSET_CMD.HEADER));
    const [present, wanted] = [formatType(decodeType(body)), formatType(typeOf(shape))];
    if (present === wanted) return undefined;
    const detail = `there is one of this name, of type ${present} instead of ${wanted}`;
    return new KernelError({ operation: 'create', object: `set ${shape.name}`, detail, errno: EEXIST });
  }

  #revision({ type, family }: SetShape): number {
    const key = `${type} ${family}`;
    const known = this.#revisions.get(key);
    if (known !== undefined) return known;
    const answers = this.#connection.request({
      operation: 'observe',
      object: `type of sets ${type}`,
      type: IPSET_CMD.TYPE,
      write(writer) {
        encodeHeader(writer);
        encodeType(writer, { type, family });
      },
    });
    const body = bodyOf(answers);
    const highest = attribute(body, IPSET_ATTR.REVISION)[0] ?? 0;
    const lowest = attribute(body, IPSET_ATTR.REVISION_MIN)[0] ?? 0;
    const revision = Math.max(lowest, Math.min(highest, KNOWN_REVISIONS[type]));
    this.#revisions.set(key, revision);
    return revision;
  }

  /** For requests that say no more than a name. */
  #request(operation: string, name: string, type: number): readonly NetlinkMessage[] {
    const write = (writer: MessageWriter): void => encodeHeader(writer, name);
    return this.#connection.request({ operation, object: `set ${name}`, type, write });
  }

  async #applyEntries(edits: readonly EntryEdit[], signal: AbortSignal): Promise<readonly SetRefusal[]> {
    const all = edits.flatMap((edit) => requestsOf(edit));
    const whole: RefusedRequest[] = [];
    const singles: EntryRequest[] = [];
    for (const refused of await this.#exchangeAll(all, signal)) {
      const { edit, entries } = refused.request;
      // The kernel stops at the first entry that it refuses; without such a set it refuses any.
      if (entries.length === 1 || refused.errno === ENOENT) whole.push(refused);
      else singles.push(...requestsOf(edit, entries, 1));
    }
    return entryRefusals([...whole, ...(await this.#exchangeAll(singles, signal))]);
  }

  async #exchangeAll(
    requests: readonly EntryRequest[],
    signal: AbortSignal,
  ): Promise<readonly RefusedRequest[]> {
    const refused: RefusedRequest[] = [];
    for (const datagram of datagramsOf(requests)) {
      signal.throwIfAborted();
      refused.push(...(await this.#exchange(datagram)));
    }
    return refused;
  }

  async #exchange(requests: readonly EntryRequest[]): Promise<readonly RefusedRequest[]> {
    const first = this.#connection.takeSequences(requests.length);
    const writer = new MessageWriter(INITIAL_DATAGRAM_SIZE);
    for (const [index, request] of requests.entries()) encodeEntries(writer, request, first + index);
    const answers = await this.#connection.exchange(writer.bytes());
    const bySequence = new Map(answers.map((answer) => [answer.sequence, answer]));
    return requests.flatMap((request, index) => {
      const answer = bySequence.get(first + index);
      if (answer === undefined)
        throw entriesError(request.edit, request.entries, 'no answer from the kernel');
      const { errno, detail } = answer;
      return errno === 0 ? [] : [{ request, errno, detail }];
    });
  }
}

/** Returns the kernel's refusal, in words, if there is one. */
function refusalOf(work: () => void, type?: SetType): KernelError | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    if (!(error instanceof KernelError) || error.errno === undefined) throw error;
    const { operation, object, errno, cause } = error;
    const detail = formatRefusal(errno, type, error.detail);
    return new KernelError({ operation, object, detail, errno, cause });
  }
}

function bodyOf([answer]: readonly NetlinkMessage[]): Attributes {
  if (answer === undefined) throw new Error('BUG: the kernel acknowledged a question it did not answer');
  return decodeBody(answer.payload);
}
