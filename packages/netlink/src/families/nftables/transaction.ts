/**
 * A transaction as one datagram (linux/netfilter/nfnetlink.h): a message that begins the batch, those of the operations,
 * and one that ends it. The kernel carries out all or nothing.
 */
import { IS_LITTLE_ENDIAN, NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_REQUEST } from '../../message.ts';
import { MAX_ATTRIBUTE_SIZE, type Mark, MessageWriter } from '../../message-writer.ts';
import { encodeChain, encodeChainName } from './chain.ts';
import {
  NFNL_BATCH_GENID,
  NFNL_BATCH_SUBSYSTEM,
  NFNL_MSG_BATCH_BEGIN,
  NFNL_MSG_BATCH_END,
  NFT_MSG,
  NFTA_SET_ELEM_LIST,
} from './constants.ts';
import { elementEncoder, encodeElementsHeader, MAX_ELEMENT_SIZE } from './element.ts';
import { encodeHeader } from './header.ts';
import type { ElementList, Operation, SetDeclaration, TableName, Transaction } from './model.ts';
import { encodeRule, encodeRuleChain } from './rule.ts';
import { encodeSet, encodeSetName } from './set.ts';
import { encodeTable, encodeTableName } from './table.ts';

/** One attribute holds the elements of a message. */
const MIN_ELEMENTS_A_MESSAGE = Math.floor(MAX_ATTRIBUTE_SIZE / MAX_ELEMENT_SIZE) - 1;
/** What begins and what ends the batch. */
const FRAME_MESSAGES = 2;
const ELEMENTS_A_STEP = 500;
const USUAL_MESSAGE_SIZE = 512;
const USUAL_ELEMENT_SIZE = 128;

export interface EncodedTransaction {
  readonly bytes: Uint8Array;
  readonly messages: number;
  /** What the message with this sequence number asks for, as an operation and its object. */
  describe(sequence: number): OperationWords;
}

interface OperationWords {
  /** `add rule` */
  readonly operation: string;
  /** `in chain services of table ip menwei` */
  readonly object: string;
}

/** How many sequence numbers a transaction may need. */
export function sequencesFor(transaction: Transaction): number {
  return transaction.reduce((sum, operation) => {
    const elements = 'elements' in operation ? operation.elements.length : 0;
    return sum + 1 + Math.ceil(elements / MIN_ELEMENTS_A_MESSAGE);
  }, FRAME_MESSAGES);
}

/**
 * Encodes a transaction step by step: whoever drives the generator may do something else whenever it yields. Throws an
 * Error (a broken invariant) for what the model can't mean.
 *
 * @param firstSequence of {@link sequencesFor} numbers in a row
 * @param generation of the ruleset the transaction was made for: the kernel refuses it (ERESTART) in any other
 */
export function* encodeTransaction(
  table: TableName,
  transaction: Transaction,
  firstSequence: number,
  generation?: number,
): Generator<void, EncodedTransaction> {
  const encoder = new TransactionEncoder(table, firstSequence, usualSize(transaction));
  encoder.begin(generation);
  for (const operation of transaction) {
    yield* encoder.encode(operation);
    yield;
  }
  return encoder.end();
}

/** An operation that is one message. */
type SmallOperation = Exclude<Operation, { readonly elements: ElementList }>;

interface Request {
  readonly type: number;
  readonly flags: number;
  readonly write: (writer: MessageWriter) => void;
}

/** So that a large buffer need not grow, and be copied, again and again. What is not used takes no memory. */
function usualSize(transaction: Transaction): number {
  return transaction.reduce((sum, operation) => {
    const elements = 'elements' in operation ? operation.elements.length : 0;
    return sum + USUAL_MESSAGE_SIZE + elements * USUAL_ELEMENT_SIZE;
  }, USUAL_MESSAGE_SIZE);
}

class TransactionEncoder {
  readonly #writer: MessageWriter;
  readonly #table: TableName;
  readonly #firstSequence: number;
  /** What each message is part of; undefined for the frame. */
  readonly #operations: (Operation | undefined)[] = [];
  #lastMessage: Mark = 0;

  constructor(table: TableName, firstSequence: number, sizeHint: number) {
    this.#writer = new MessageWriter(sizeHint);
    this.#table = table;
    this.#firstSequence = firstSequence;
  }

  begin(generation: number | undefined): void {
    this.#frame(NFNL_MSG_BATCH_BEGIN, () => {
      if (generation !== undefined) this.#writer.u32be(NFNL_BATCH_GENID, generation);
    });
  }

  end(): EncodedTransaction {
    const last = this.#lastMessage;
    this.#frame(NFNL_MSG_BATCH_END, () => undefined);
    const bytes = this.#writer.bytes();
    // Before kernel 6.10 what ends the batch is not acknowledged itself.
    bytes[last + (IS_LITTLE_ENDIAN ? 6 : 7)] = (bytes[last + (IS_LITTLE_ENDIAN ? 6 : 7)] ?? 0) | NLM_F_ACK;
    const operations = this.#operations;
    const first = this.#firstSequence;
    const table = this.#table;
    return {
      bytes,
      messages: operations.length,
      describe: (sequence) => describe(table, operations[sequence - first]),
    };
  }

  *encode(operation: Operation): Generator<void, void> {
    switch (operation.do) {
      case 'add elements':
        return yield* this.#elements(NFT_MSG.NEWSETELEM, NLM_F_CREATE, operation, 'add');
      case 'delete elements':
        return yield* this.#elements(NFT_MSG.DELSETELEM, 0, operation, 'delete');
      default: {
        const { type, flags, write } = this.#request(operation);
        const message = this.#beginMessage(type, flags, operation);
        write(this.#writer);
        this.#writer.endMessage(message);
      }
    }
  }

  #request(operation: SmallOperation): Request {
    const { name } = this.#table;
    switch (operation.do) {
      case 'add table':
        return add(NFT_MSG.NEWTABLE, (writer) => encodeTable(writer, operation.table));
      case 'delete table':
        return remove(NFT_MSG.DELTABLE, (writer) => encodeTableName(writer, name));
      case 'add set':
        // The number must be no other set's in this transaction.
        return add(NFT_MSG.NEWSET, (writer) =>
          encodeSet(writer, name, operation.set, this.#operations.length),
        );
      case 'delete set':
        return remove(NFT_MSG.DELSET, (writer) => encodeSetName(writer, name, operation.set));
      case 'add chain':
        return add(NFT_MSG.NEWCHAIN, (writer) => encodeChain(writer, name, operation.chain));
      case 'flush chain':
        return remove(NFT_MSG.DELRULE, (writer) => encodeRuleChain(writer, name, operation.chain));
      case 'delete chain':
        return remove(NFT_MSG.DELCHAIN, (writer) => encodeChainName(writer, name, operation.chain));
      case 'add rule':
        return append(NFT_MSG.NEWRULE, (writer) =>
          encodeRule(writer, this.#table, operation.chain, operation.rule),
        );
    }
  }

  /** In as few messages as can be: the length of an attribute has 16 bits. */
  *#elements(
    type: number,
    flags: number,
    operation: Extract<Operation, { readonly elements: ElementList }>,
    purpose: 'add' | 'delete',
  ): Generator<void, void> {
    const { set, elements } = operation;
    const encode = elementEncoder(set, purpose);
    const writer = this.#writer;
    const source = elements[Symbol.iterator]();
    let next = source.next();
    for (let count = 0; next.done !== true; ) {
      const message = this.#beginMessage(type, flags, operation);
      encodeElementsHeader(writer, this.#table.name, set.name);
      const list = writer.beginNested(NFTA_SET_ELEM_LIST.ELEMENTS);
      const end = writer.size + MAX_ATTRIBUTE_SIZE - MAX_ELEMENT_SIZE;
      for (; writer.size < end && next.done !== true; next = source.next()) {
        encode(writer, next.value);
        count++;
        if (count % ELEMENTS_A_STEP === 0) yield;
      }
      writer.endNested(list);
      writer.endMessage(message);
    }
  }

  #beginMessage(type: number, flags: number, operation: Operation | undefined): Mark {
    const sequence = this.#firstSequence + this.#operations.length;
    this.#operations.push(operation);
    this.#lastMessage = this.#writer.beginMessage(type, NLM_F_REQUEST | flags, sequence);
    if (operation !== undefined) encodeHeader(this.#writer, this.#table.family);
    return this.#lastMessage;
  }

  /** These have the subsystem in their header, instead of a family. */
  #frame(type: number, write: () => void): void {
    const message = this.#beginMessage(type, 0, undefined);
    this.#writer.raw(new Uint8Array([0, 0, 0, NFNL_BATCH_SUBSYSTEM]));
    write();
    this.#writer.endMessage(message);
  }
}

function add(type: number, write: Request['write']): Request {
  return { type, flags: NLM_F_CREATE, write };
}

function append(type: number, write: Request['write']): Request {
  return { type, flags: NLM_F_CREATE | NLM_F_APPEND, write };
}

function remove(type: number, write: Request['write']): Request {
  return { type, flags: 0, write };
}

function describe(name: TableName, operation: Operation | undefined): OperationWords {
  const table = `${name.family} ${name.name}`;
  if (operation === undefined) return { operation: 'commit', object: `transaction of table ${table}` };
  const place = placeOf(operation);
  return { operation: operation.do, object: place === '' ? table : `${place} of table ${table}` };
}

/** In the table; empty for the table itself. */
function placeOf(operation: Operation): string {
  switch (operation.do) {
    case 'add table':
    case 'delete table':
      return '';
    case 'add set':
      return operation.set.name;
    case 'delete set':
      return operation.set;
    case 'add chain':
      return operation.chain.name;
    case 'flush chain':
    case 'delete chain':
      return operation.chain;
    case 'add rule':
      return `in chain ${operation.chain}`;
    case 'add elements':
      return `to ${kindOf(operation.set)} ${operation.set.name}`;
    case 'delete elements':
      return `of ${kindOf(operation.set)} ${operation.set.name}`;
  }
}

function kindOf({ data }: SetDeclaration): string {
  return data === undefined ? 'set' : 'map';
}
