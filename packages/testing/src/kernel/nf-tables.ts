/**
 * nf_tables in memory, behind the same interface as the kernel's: it checks what that checks, refuses what that refuses, and
 * gives back what it was given. nf-tables-laws.ts holds both to the same behaviour. Only tests import this folder.
 */
import { constants } from 'node:os';
import { parseListing } from '@menwei/netfilter/nft/parse.ts';
import type {
  ApplyOptions,
  DynamicElement,
  NfTablesClient,
  Observation,
  Operation,
  SetDeclaration,
  TableContent,
  TableName,
  Transaction,
} from '@menwei/netlink/nftables';
import { type FaultOptions, Faults } from './faults.ts';
import { checkPaths } from './nf-paths.ts';
import { NfTable } from './nf-table.ts';
import { failure, injected, Refused } from './refused.ts';

const { ENOENT, ERESTART } = { ...constants.errno, ERESTART: 85 };

interface FakeNfTablesOptions {
  readonly faults?: FaultOptions;
}

export class FakeNfTables implements NfTablesClient {
  readonly portId = 4711;
  readonly faults: Faults;
  /** All that was asked to be done so far, what failed included. */
  readonly transactions: Transaction[] = [];
  #tables: ReadonlyMap<string, NfTable> = new Map();
  #generation = 1;

  constructor({ faults }: FakeNfTablesOptions = {}) {
    this.faults = new Faults(faults);
  }

  /**
   * A kernel that holds what `nft -j list ruleset` printed somewhere else, so that a report of a fault becomes a test. Tables
   * of other families than ip and ip6 are left out.
   *
   * @throws UnreadableError where it is no such listing
   */
  static fromDump(text: string, options: FakeNfTablesOptions = {}): FakeNfTables {
    const fake = new FakeNfTables(options);
    const tables = parseListing(text).map(
      (content) => [formatTable(content.table), NfTable.holding(content)] as const,
    );
    fake.#tables = new Map(tables);
    return fake;
  }

  /** It has no bytes, and one message for every operation. */
  async apply(
    table: TableName,
    transaction: Transaction,
    { generation }: ApplyOptions = {},
  ): Promise<{ readonly messages: number; readonly bytes: number }> {
    this.transactions.push(transaction);
    await this.#operation('apply', () => {
      if (generation !== undefined && generation !== this.#generation) {
        throw failure('commit', formatTable(table), ERESTART);
      }
      this.#run(table, transaction);
    });
    return { messages: transaction.length, bytes: 0 };
  }

  observe(table: TableName, signal?: AbortSignal): Promise<Observation> {
    signal?.throwIfAborted();
    return this.#operation('observe', () => ({
      content: this.#tables.get(formatTable(table))?.content(),
      generation: this.#generation,
    }));
  }

  observeGeneration(): number {
    return this.#generation;
  }

  observeDynamicElements(
    table: TableName,
    { name }: SetDeclaration,
    signal?: AbortSignal,
  ): Promise<readonly DynamicElement[]> {
    signal?.throwIfAborted();
    return this.#operation('observe', () => {
      const set = this.#tables.get(formatTable(table))?.sets.get(name);
      if (set === undefined) throw failure('observe', `set ${name} of ${formatTable(table)}`, ENOENT);
      // Time stands still here.
      return Array.from(set.elements(), (element) => ({ ...element, expiresMs: Number.POSITIVE_INFINITY }));
    });
  }

  /** All of a table, what rules have put there included: no fault, and nothing that is counted. */
  dump(table: TableName): TableContent | undefined {
    return this.#tables.get(formatTable(table))?.content(true);
  }

  /** What somebody else does: no fault, and nothing that is counted. */
  meddle(table: TableName, transaction: Transaction): void {
    this.#run(table, transaction);
  }

  async #operation<T>(operation: string, work: () => T): Promise<T> {
    // As with the kernel, others get a turn meanwhile.
    await Promise.resolve();
    const fault = this.faults.next();
    if (fault === 'none') return work();
    // There is no halfway in a transaction.
    if (fault === 'after') work();
    throw injected(operation, '', fault);
  }

  #run(name: TableName, transaction: Transaction): void {
    const tables = new Map(this.#tables);
    const key = formatTable(name);
    const present = tables.get(key);
    if (present !== undefined) tables.set(key, present.copy());
    for (const operation of transaction) {
      this.#attempt(operation, key, () => runOne(tables, key, operation));
    }
    const table = tables.get(key);
    if (table !== undefined) this.#attempt(transaction.at(-1), key, () => checkPaths(table));
    this.#tables = tables;
    if (transaction.length > 0) this.#generation++;
  }

  #attempt(operation: Operation | undefined, table: string, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      throw failure(operation?.do ?? 'commit', table, error.errno, error.message);
    }
  }
}

function runOne(tables: Map<string, NfTable>, key: string, operation: Operation): void {
  const table = tables.get(key);
  if (operation.do === 'add table') {
    if (table === undefined) tables.set(key, new NfTable(operation.table));
    return;
  }
  if (table === undefined) throw new Refused(ENOENT, 'no such table');
  if (operation.do === 'delete table') tables.delete(key);
  else table.run(operation);
}

function formatTable({ family, name }: TableName): string {
  return `table ${family} ${name}`;
}
