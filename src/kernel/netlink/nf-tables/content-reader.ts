/** Reads one table from the kernel, kind by kind, and no other table's rules, sets or elements. */
import { constants } from 'node:os';
import { KernelError } from '../../kernel-error.ts';
import type { Attributes } from '../attribute.ts';
import type { NetlinkConnection } from '../connection.ts';
import type { MessageWriter } from '../message-writer.ts';
import type { NetlinkRequest } from '../request.ts';
import { decodeChain, decodeChainTable } from './chain.ts';
import { NFT_MSG, NFTA_RULE, NFTA_SET } from './constants.ts';
import { encodeElementsHeader } from './element.ts';
import { ElementDecoder, type ElementTaker } from './element-decoder.ts';
import { decodeBody, encodeHeader } from './header.ts';
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
  for (const set of sets) {
    // Rules make the elements of dynamic sets, and of others there is no word for the elements.
    if (set.dynamic || set.key.length === 0) continue;
    elements.set(set.name, await readElements(connection, name, set, signal));
  }
  return {
    table: found.table,
    chains: new Map(chains.map((chain) => [chain.name, wholeChain(chain, rules, found.isDormant)])),
    sets: new Map(sets.map((set) => [set.name, set])),
    elements,
  };
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

async function readElements(
  connection: NetlinkConnection,
  name: TableName,
  set: SetDeclaration,
  signal?: AbortSignal,
): Promise<Elements> {
  return dumpElements(connection, name, set, signal, () => {
    const elements = new Map<string, Element>();
    return { take: (element) => elements.set(element.key, element), result: elements };
  });
}

/** Calls `start` for every attempt, for who takes the elements and what comes of it. */
export function dumpElements<T>(
  connection: NetlinkConnection,
  name: TableName,
  set: SetDeclaration,
  signal: AbortSignal | undefined,
  start: () => { readonly take: ElementTaker; readonly result: T },
): Promise<T> {
  const request = requestAbout(name, `elements of ${set.name} of `, NFT_MSG.GETSETELEM, (writer) =>
    encodeElementsHeader(writer, name.name, set.name),
  );
  return connection.dump(
    request,
    () => {
      const { take, result } = start();
      const decoder = new ElementDecoder(set, take);
      return {
        read: ({ payload }) => decoder.read(payload),
        result: () => {
          decoder.end();
          return result;
        },
      };
    },
    signal,
  );
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
