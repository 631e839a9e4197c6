/**
 * What `/status` says, as a table that is kept up to date while somebody watches it: of the service ports that changed, and of
 * all of them when the node or what is wrong with objects changed. While nobody watches, it costs nothing.
 */
import { isDeepStrictEqual } from 'node:util';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Logger } from '../log/logger.ts';
import { EventLoopTurn } from '../scheduling/event-loop.ts';
import { Turns } from '../scheduling/turns.ts';
import type { EndpointHealth } from '../state/endpoint-health.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import type { Reader } from '../state/reader.ts';
import type { ServicePortKey } from '../state/service-port.ts';
import { Table } from '../state/table.ts';
import type { ReportedStatus } from './reported-status.ts';
import { type DeletedRow, rowKey } from './status-row.ts';

/** Changes that come so shortly after each other are taken in together. */
const GATHER_MS = 100;
/** How soon a change of the node or of a component is noticed, of which no table tells. */
const NODE_PERIOD_MS = 2_000;

interface StatusInputs {
  readonly families: readonly Pick<
    FamilyTables,
    'family' | 'status' | 'servicePorts' | 'applied' | 'health'
  >[];
  readonly objects: Pick<ObjectTables, 'stale' | 'flawed'>;
  /** All rows. */
  readonly all: () => Iterable<ReportedStatus>;
  /** The rows of these service ports, as far as there are any. */
  readonly some: (family: IpFamily, keys: ReadonlySet<ServicePortKey>) => Iterable<ReportedStatus>;
  /** All that rows depend on and that is in no table, as data. */
  readonly node: () => unknown;
  readonly logger: Logger;
}

/** The rows as one watcher sees them. */
export interface StatusCursor {
  /** What differs since the last time; the first time: every row. */
  take(): readonly (ReportedStatus | DeletedRow)[];
  /** Waits until there is something to take, or the signal fires. */
  changed(signal: AbortSignal): Promise<void>;
  close(): void;
}

export class StatusFeed {
  readonly #inputs: StatusInputs;
  #watched: WatchedStatus | undefined;
  #watchers = 0;

  constructor(inputs: StatusInputs) {
    this.#inputs = inputs;
  }

  /** To be closed by its owner. */
  async open(): Promise<StatusCursor> {
    this.#watchers++;
    this.#watched ??= new WatchedStatus(this.#inputs);
    const { table, listed } = this.#watched;
    try {
      await listed;
    } catch (error) {
      this.#leave();
      throw error;
    }
    const reader = table.reader();
    return {
      take: () => reader.take().map(({ before, after }) => after ?? deletedRow(before)),
      changed: (signal) => reader.changed(signal),
      close: () => {
        reader.close();
        this.#leave();
      },
    };
  }

  #leave(): void {
    if (--this.#watchers > 0) return;
    this.#watched?.close();
    this.#watched = undefined;
  }
}

class WatchedStatus {
  readonly table = new Table<ReportedStatus>(isDeepStrictEqual);
  /** Resolves when all rows are in the table. */
  readonly listed: Promise<void>;
  readonly #inputs: StatusInputs;
  readonly #families: readonly FamilyReaders[];
  readonly #objects: readonly KeyReader[];
  readonly #turns = new Turns();
  readonly #period: NodeJS.Timeout;
  #due: NodeJS.Timeout | undefined;
  #node: unknown;
  /** At first, and after a failure, which has lost what the readers had taken. */
  #isAllDue = true;

  constructor(inputs: StatusInputs) {
    this.#inputs = inputs;
    const note = () => this.#note();
    this.#families = inputs.families.map(({ family, status, servicePorts, applied, health }) => ({
      family,
      readers: [status.reader(note), servicePorts.reader(note), applied.reader(note)],
      health: health.reader(note),
    }));
    this.#objects = [inputs.objects.stale.reader(note), inputs.objects.flawed.reader(note)];
    this.listed = this.#turns.take(() => this.#update());
    this.#period = setInterval(note, NODE_PERIOD_MS).unref();
  }

  close(): void {
    clearInterval(this.#period);
    clearTimeout(this.#due);
    for (const reader of [
      ...this.#objects,
      ...this.#families.flatMap(({ readers, health }) => [...readers, health]),
    ])
      reader.close();
  }

  #note(): void {
    this.#due ??= setTimeout(() => {
      this.#due = undefined;
      this.#turns
        .take(() => this.#update())
        .catch((error: unknown) => this.#inputs.logger.error({ err: error }, 'status could not be updated'));
    }, GATHER_MS).unref();
  }

  async #update(): Promise<void> {
    const wasAllDue = this.#isAllDue;
    this.#isAllDue = true;
    const node = this.#inputs.node();
    const objectChanges = this.#objects.map((reader) => reader.take().length);
    const isAll =
      wasAllDue || objectChanges.some((count) => count > 0) || !isDeepStrictEqual(node, this.#node);
    this.#node = node;
    const changed = this.#families.map(({ family, readers, health }) => ({
      family,
      keys: new Set([
        ...readers.flatMap((reader) => reader.take().map(({ key }) => key)),
        ...health.take().map(({ before, after }) => (after ?? before)?.port ?? ''),
      ]),
    }));
    if (isAll) await this.#put(this.#inputs.all(), new Set(this.table.rows.keys()));
    else {
      for (const { family, keys } of changed) {
        const gone = Array.from(keys, (servicePort) => rowKey({ servicePort, family }));
        await this.#put(this.#inputs.some(family, keys), new Set(gone));
      }
    }
    this.#isAllDue = false;
  }

  /** @param gone the keys whose rows are gone unless they are among these rows */
  async #put(rows: Iterable<ReportedStatus>, gone: Set<string>): Promise<void> {
    const turn = new EventLoopTurn();
    for (const row of rows) {
      const key = rowKey(row);
      gone.delete(key);
      this.table.put(key, row);
      await turn.rest();
    }
    for (const key of gone) this.table.delete(key);
  }
}

interface FamilyReaders {
  readonly family: IpFamily;
  /** Of tables by the key of the service port. */
  readonly readers: readonly KeyReader[];
  readonly health: Reader<EndpointHealth>;
}

/** Of a table of whatever rows. */
type KeyReader = Pick<Reader<unknown>, 'take' | 'close'>;

function deletedRow(row: ReportedStatus | undefined): DeletedRow {
  if (row === undefined) throw new Error('BUG: a change of a row that was never there');
  return { servicePort: row.servicePort, family: row.family, state: 'deleted' };
}
