/** Reads one table from the kernel, kind by kind, and no other table's rules, sets or elements. */
import { constants } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import type { Attributes } from '../../attribute.ts';
import type { NetlinkConnection } from '../../connection.ts';
import type { DumpReader } from '../../dump-attempt.ts';
import { KernelError } from '../../kernel-error.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { decodeBody } from '../../nfnetlink.ts';
import { failure, type NetlinkRequest } from '../../request.ts';
import { SharedTexts } from '../../text.ts';
import { decodeChain, decodeChainName, decodeChainTable } from './chain.ts';
import { NFT_MSG, NFTA_RULE, NFTA_SET } from './constants.ts';
import { encodeElementsHeader } from './element.ts';
import { ElementDecoder } from './element-decoder.ts';
import { ElementRows } from './element-rows.ts';
import { encodeHeader } from './header.ts';
import type {
  Chain,
  Element,
  Elements,
  Rule,
  SetDeclaration,
  Table,
  TableContent,
  TableName,
} from './model.ts';
import { decodeRule, decodeRuleChain } from './rule.ts';
import { decodeSet } from './set.ts';
import { decodeIsDormant, decodeTable, encodeTableName } from './table.ts';

const MAX_ATTEMPTS = 10;
/** Some time for the kernel to get on with moving elements. */
const MOVING_MS = 20;

/**
 * All of the table; undefined if there is none of that name. What changes meanwhile may be seen in part. Throws
 * KernelError, or the signal's reason.
 */
export async function readContent(
  connection: NetlinkConnection,
  name: TableName,
  signal?: AbortSignal,
): Promise<TableContent | undefined> {
  const found = readTable(connection, name);
  if (found === undefined) return undefined;
  const chains = await readChains(connection, name, signal);
  const rules = await readRules(connection, name, signal);
  const sets = await readSets(connection, name, signal);
  const elements = new Map<string, Elements>();
  const texts = new SharedTexts();
  for (const set of sets) {
    // Rules make the elements of dynamic sets, and of others there is no word for the elements.
    if (set.dynamic || set.key.length === 0) continue;
    const start = () => new ElementRows(set);
    elements.set(set.name, await readElements(connection, name, { set, texts, start }, signal));
  }
  return {
    table: found.table,
    chains: new Map(chains.map((chain) => [chain.name, wholeChain(chain, rules, found.isDormant)])),
    sets: new Map(sets.map((set) => [set.name, set])),
    elements,
  };
}

/** Names of the chains of a table, whatever is in them; undefined if there is no such table. Throws KernelError. */
export async function readChainNames(
  connection: NetlinkConnection,
  name: TableName,
  signal?: AbortSignal,
): Promise<readonly string[] | undefined> {
  if (readTable(connection, name) === undefined) return undefined;
  const request = requestAbout(name, 'chains of ', NFT_MSG.GETCHAIN, () => undefined);
  return readAll(connection, request, signal, (attributes) =>
    decodeChainTable(attributes) === name.name ? decodeChainName(attributes) : undefined,
  );
}

/** No packet comes to the chains of a table that is put to sleep. */
function wholeChain(chain: Chain, rules: ReadonlyMap<string, readonly Rule[]>, isDormant: boolean): Chain {
  return {
    ...chain,
    hook: isDormant ? undefined : chain.hook,
    rules: rules.get(chain.name) ?? [],
  };
}

function readTable(
  connection: NetlinkConnection,
  name: TableName,
): { readonly table: Table; readonly isDormant: boolean } | undefined {
  try {
    const [answer] = connection.request(
      requestAbout(name, '', NFT_MSG.GETTABLE, (writer) => encodeTableName(writer, name.name)),
    );
    if (answer === undefined) return undefined;
    const attributes = decodeBody(answer.payload);
    return { table: decodeTable(name, attributes), isDormant: decodeIsDormant(attributes) };
  } catch (error) {
    if (error instanceof KernelError && error.errno === constants.errno.ENOENT) return undefined;
    throw error;
  }
}

/** The kernel gives the chains of all tables of a family. */
function readChains(
  connection: NetlinkConnection,
  name: TableName,
  signal?: AbortSignal,
): Promise<readonly Chain[]> {
  const request = requestAbout(name, 'chains of ', NFT_MSG.GETCHAIN, () => undefined);
  return readAll(connection, request, signal, (attributes) =>
    decodeChainTable(attributes) === name.name ? decodeChain(attributes) : undefined,
  );
}

/** By chain, in their order. */
async function readRules(
  connection: NetlinkConnection,
  name: TableName,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, readonly Rule[]>> {
  const request = requestAbout(name, 'rules of ', NFT_MSG.GETRULE, (writer) =>
    writer.text(NFTA_RULE.TABLE, name.name),
  );
  const all = await readAll(connection, request, signal, (attributes) => ({
    chain: decodeRuleChain(attributes),
    rule: decodeRule(attributes, name.family),
  }));
  const rules = new Map<string, Rule[]>();
  for (const { chain, rule } of all) {
    const others = rules.get(chain);
    if (others === undefined) rules.set(chain, [rule]);
    else others.push(rule);
  }
  return rules;
}

function readSets(
  connection: NetlinkConnection,
  name: TableName,
  signal?: AbortSignal,
): Promise<readonly SetDeclaration[]> {
  const request = requestAbout(name, 'sets of ', NFT_MSG.GETSET, (writer) =>
    writer.text(NFTA_SET.TABLE, name.name),
  );
  return readAll(connection, request, signal, decodeSet);
}

/** Takes the elements of a set. */
interface ElementSink {
  /** False if there is one with this key already. */
  add(element: Element, expiresMs: number): boolean;
}

interface ElementsWanted<Sink extends ElementSink> {
  readonly set: SetDeclaration;
  /** Of comments and chains, which sets of a table have in common. */
  readonly texts: SharedTexts;
  /** What they are put into; called for every attempt. */
  start(): Sink;
}

/**
 * The kernel moves the elements of a large set to a larger table while nobody waits for it, and counts from the beginning
 * again for every piece of a dump: what comes in another order then is left out, and as much comes twice. So what holds
 * nothing twice is whole. Throws KernelError when it never is.
 */
export async function readElements<Sink extends ElementSink>(
  connection: NetlinkConnection,
  name: TableName,
  wanted: ElementsWanted<Sink>,
  signal?: AbortSignal,
): Promise<Sink> {
  const { set } = wanted;
  const request = requestAbout(name, `elements of ${set.name} of `, NFT_MSG.GETSETELEM, (writer) =>
    encodeElementsHeader(writer, name.name, set.name),
  );
  for (let attempt = 1; ; attempt++) {
    const { sink, isWhole } = await connection.dump(request, () => elementReader(wanted), signal);
    if (isWhole) return sink;
    if (attempt === MAX_ATTEMPTS) {
      throw failure(
        request,
        `dump interrupted ${MAX_ATTEMPTS} times (elements were moved)`,
        constants.errno.EINTR,
      );
    }
    await setTimeout(MOVING_MS);
  }
}

function elementReader<Sink extends ElementSink>({
  set,
  texts,
  start,
}: ElementsWanted<Sink>): DumpReader<{ readonly sink: Sink; readonly isWhole: boolean }> {
  const sink = start();
  let isWhole = true;
  const take = (element: Element, expiresMs: number) => {
    if (!sink.add(element, expiresMs)) isWhole = false;
  };
  const decoder = new ElementDecoder(set, take, texts);
  return {
    read: ({ payload }) => decoder.read(payload),
    result: () => {
      decoder.end();
      return { sink, isWhole };
    },
  };
}

/** `decode` gives undefined for what is to be left out. */
function readAll<T>(
  connection: NetlinkConnection,
  request: NetlinkRequest,
  signal: AbortSignal | undefined,
  decode: (attributes: Attributes) => T | undefined,
): Promise<readonly T[]> {
  return connection.dump(
    request,
    () => {
      const all: T[] = [];
      return {
        read: ({ payload }) => {
          const decoded = decode(decodeBody(payload));
          if (decoded !== undefined) all.push(decoded);
        },
        result: () => all,
      };
    },
    signal,
  );
}

function requestAbout(
  { family, name }: TableName,
  what: string,
  type: number,
  writeBody: (writer: MessageWriter) => void,
): NetlinkRequest {
  return {
    operation: 'observe',
    object: `${what}table ${family} ${name}`,
    type,
    write: (writer) => {
      encodeHeader(writer, family);
      writeBody(writer);
    },
  };
}
