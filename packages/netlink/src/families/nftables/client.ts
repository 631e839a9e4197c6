/** nf_tables of the network namespace a connection belongs to: one table at a time, changed and read as a whole. */
import type { NetlinkConnection } from '../../connection.ts';
import { EventLoopTurn } from '../../event-loop.ts';
import { KernelError } from '../../kernel-error.ts';
import { decodeBody } from '../../nfnetlink.ts';
import { SharedTexts } from '../../text.ts';
import { u32 } from './attribute-value.ts';
import { NFT_MSG, NFTA_GEN } from './constants.ts';
import { readChainNames, readContent, readElements } from './content-reader.ts';
import { encodeHeader } from './header.ts';
import type { Bytes, Element, SetDeclaration, TableContent, TableName, Transaction } from './model.ts';
import { encodeTransaction, sequencesFor } from './transaction.ts';

const MAX_ATTEMPTS = 5;
/** linux/errno.h. It is not meant for programs, so there is no text for it anywhere. */
const ERESTART = 85;

/** Under which condition a transaction is carried out. */
export interface ApplyOptions {
  /** Of the ruleset the transaction was made for; in any other the kernel refuses it with ERESTART. */
  readonly generation?: number;
}

/** A table at one moment. */
export interface Observation {
  /** Undefined: there is no such table. */
  readonly content: TableContent | undefined;
  /** Of the ruleset of the whole network namespace: every transaction, of whomever, counts it up. */
  readonly generation: number;
}

/** Of a dynamic set. */
export interface DynamicElement extends Element {
  /** How long it will live if nobody renews it; Infinity if there is no end to it. */
  readonly expiresMs: number;
}

/** Owns its connection. All methods throw KernelError. */
export class NfTables implements Disposable {
  readonly #connection: NetlinkConnection;

  constructor(connection: NetlinkConnection) {
    this.#connection = connection;
  }

  /** Who we are in the news that the kernel sends to others. */
  get portId(): number {
    return this.#connection.portId;
  }

  /**
   * Carries out all of the transaction or nothing, and returns what that took. The error names the first operation that
   * the kernel refused: EBUSY for what is still in use, ENOENT for what isn't there, and so on.
   */
  async apply(
    table: TableName,
    transaction: Transaction,
    { generation }: ApplyOptions = {},
  ): Promise<{ readonly messages: number; readonly bytes: number }> {
    if (transaction.length === 0) return { messages: 0, bytes: 0 };
    const firstSequence = this.#connection.takeSequences(sequencesFor(transaction));
    const encoded = await inTurns(encodeTransaction(table, transaction, firstSequence, generation));
    const { bytes, messages, describe } = encoded;
    const { length } = bytes;
    const answers = await this.#connection.exchange(bytes);
    // It may be large, and the garbage collector would keep it for some time.
    if (bytes.buffer instanceof ArrayBuffer) bytes.buffer.transfer(0);
    const [refusal] = answers.filter(({ errno }) => errno !== 0).toSorted((a, b) => a.sequence - b.sequence);
    if (refusal !== undefined) {
      const { sequence, errno } = refusal;
      const detail = errno === ERESTART ? 'the ruleset was changed (ERESTART)' : refusal.detail;
      throw new KernelError({ ...describe(sequence), detail, errno });
    }
    if (answers.length === 0) {
      throw new KernelError({ ...describe(firstSequence), detail: 'no answer from the kernel' });
    }
    return { messages, bytes: length };
  }

  /**
   * What the table holds at one moment: nobody changed the ruleset while it was read. Somebody who changes other tables
   * all the time can't prevent that for ever: in the end what was read counts, with the generation it was begun in, so
   * that a transaction that builds on it is refused. Throws the signal's reason when that comes first.
   */
  async observe(name: TableName, signal?: AbortSignal): Promise<Observation> {
    for (let attempt = 1; ; attempt++) {
      const generation = this.observeGeneration();
      const outcome = await this.#readOrRemember(name, signal);
      const isUnchanged = this.observeGeneration() === generation;
      if (!isUnchanged && attempt < MAX_ATTEMPTS) continue;
      if ('error' in outcome) throw outcome.error;
      return { content: outcome.content, generation };
    }
  }

  /** Of a table of anybody's, whatever is in the chains; undefined if there is no such table. */
  observeChainNames(name: TableName, signal?: AbortSignal): Promise<readonly string[] | undefined> {
    return readChainNames(this.#connection, name, signal);
  }

  observeGeneration(): number {
    const [answer] = this.#connection.request({
      operation: 'observe',
      object: 'ruleset generation',
      type: NFT_MSG.GETGEN,
      write: (writer) => encodeHeader(writer),
    });
    if (answer === undefined) throw new Error('BUG: the kernel acknowledged a question it did not answer');
    return u32(decodeBody(answer.payload), NFTA_GEN.ID);
  }

  /** What rules have put into a dynamic set, in no order. */
  async observeDynamicElements(
    name: TableName,
    set: SetDeclaration,
    signal?: AbortSignal,
  ): Promise<readonly DynamicElement[]> {
    const wanted = { set, texts: new SharedTexts(), start: () => new DynamicElements() };
    return [...(await readElements(this.#connection, name, wanted, signal)).all.values()];
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  /** What goes wrong while somebody changes the ruleset is no failure yet. */
  async #readOrRemember(
    name: TableName,
    signal: AbortSignal | undefined,
  ): Promise<{ readonly content: TableContent | undefined } | { readonly error: KernelError }> {
    try {
      return { content: await readContent(this.#connection, name, signal) };
    } catch (error) {
      if (error instanceof KernelError) return { error };
      throw error;
    }
  }
}

class DynamicElements {
  readonly all = new Map<Bytes, DynamicElement>();

  add(element: Element, expiresMs: number): boolean {
    if (this.all.has(element.key)) return false;
    this.all.set(element.key, { ...element, expiresMs });
    return true;
  }
}

/** Runs the generator to its end, with turns for the event loop in between. */
async function inTurns<T>(steps: Generator<void, T>): Promise<T> {
  const turn = new EventLoopTurn();
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (turn.isOver) await turn.next();
  }
}
