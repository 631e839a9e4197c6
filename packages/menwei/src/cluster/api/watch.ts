/** One watch: what there is, if it asks for that, and then changes, until one of the two sides ends it (cluster § 6.2). */
import type { ServerResponse } from 'node:http';
import { writeParts } from '../../http/response-writer.ts';
import { expired, StatusError } from '../schema/status-error.ts';
import type { Store, StoredObject, StoreEvent } from '../store/store.ts';
import type { Encoding } from './encoding.ts';
import type { WatchOptions } from './list-options.ts';
import type { Revisions } from './revisions.ts';
import type { Selection } from './selection.ts';
import {
  type EventLines,
  encodeBookmark,
  encodeLine,
  lineParts,
  type Notice,
  noticeOf,
} from './watch-events.ts';
import type { Watcher, WatchHub } from './watch-hub.ts';

interface WatchRequest {
  readonly storedAs: string;
  readonly selection: Selection;
  readonly options: WatchOptions;
  readonly encoding: Encoding;
}

/** A client that does not read what it asked for is cut: it can resume from where it is. */
const MOST_UNSENT_BYTES = 16 * 1024 * 1024;
const MOST_UNSENT_EVENTS = 10_000;

const BOOKMARK_EVERY_MS = 60_000;
/** The last bookmark comes so long before the end. */
const LAST_BOOKMARK_MS = 2_000;
const SHORTEST_MS = 30 * 60_000;

/** Resolves when the watch is over. The head of the answer has been written. */
export async function serveWatch(
  response: ServerResponse,
  request: WatchRequest,
  { store, hub, revisions }: { readonly store: Store; readonly hub: WatchHub; readonly revisions: Revisions },
): Promise<void> {
  const { options } = request;
  const durationMs = durationOf(options.timeoutSeconds);
  const ended = endOf(response, durationMs);
  try {
    const start = options.revision ?? 0;
    if (start > store.revision) await revisions.wait(start, options.timeoutSeconds);
    const session = new WatchSession(response, request, store, durationMs);
    // Nothing happens between what it begins with and what it is told of.
    const beginning = beginningOf(store, request);
    using _told = hub.add(session);
    await session.begin(beginning, store.revision);
    await ended;
    session.close();
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
    response.write(encodeLine('ERROR', Buffer.from(JSON.stringify(error.status))));
  } finally {
    response.end();
  }
}

/** What a watch begins with: objects that there are, or changes since. */
interface Beginning {
  readonly objects: readonly StoredObject[];
  readonly events: readonly StoreEvent[];
  /** A bookmark says that all that there is was told. */
  readonly isMarked: boolean;
}

/** @throws StatusError 410 */
function beginningOf(store: Store, { storedAs, selection, options }: WatchRequest): Beginning {
  const { revision = 0, sendInitialEvents, allowBookmarks } = options;
  if (sendInitialEvents === true || (sendInitialEvents === undefined && revision === 0)) {
    const objects = [...selection.candidates(store, storedAs)];
    return { objects, events: [], isMarked: sendInitialEvents === true && allowBookmarks };
  }
  if (revision === 0) return { objects: [], events: [], isMarked: false };
  const events = store.eventsAfter(revision);
  if (events === undefined) throw expired(`too old resource version: ${revision} (${store.floor})`);
  const concerned = events.filter(({ object }) => object.resource === storedAs);
  return { objects: [], events: concerned, isMarked: false };
}

/** Long ones end at different times, so that not all clients come back at once. */
function durationOf(timeoutSeconds: number | undefined): number {
  const ms =
    timeoutSeconds !== undefined && timeoutSeconds > 0
      ? timeoutSeconds * 1000
      : SHORTEST_MS * (1 + Math.random());
  // Timers count no further than this.
  return Math.min(ms, 2 ** 31 - 1);
}

/** Resolves when the time is over, or the client has gone. */
function endOf(response: ServerResponse, durationMs: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, durationMs);
    const gone = () => {
      clearTimeout(timer);
      resolve();
    };
    if (response.closed) gone();
    response.once('close', gone);
  });
}

/** Made when it is sent: only then is it known whether the client has the columns of a Table. */
interface Waiting {
  readonly notice: Notice;
  readonly lines: EventLines;
}

class WatchSession implements Watcher {
  readonly storedAs: string;
  readonly selection: Selection;
  readonly #response: ServerResponse;
  readonly #request: WatchRequest;
  readonly #store: Pick<Store, 'revision'>;
  /** What is to be sent after the beginning; undefined once that is sent. */
  #waiting: Waiting[] | undefined = [];
  #waitingBytes = 0;
  #unsentEvents = 0;
  #isFirst = true;
  #timers: NodeJS.Timeout[] = [];

  constructor(
    response: ServerResponse,
    request: WatchRequest,
    store: Pick<Store, 'revision'>,
    durationMs: number,
  ) {
    this.storedAs = request.storedAs;
    this.selection = request.selection;
    this.#response = response;
    this.#request = request;
    this.#store = store;
    if (request.options.allowBookmarks) this.#keepMarking(durationMs);
    response.once('close', () => this.close());
  }

  tell(event: StoreEvent, lines: EventLines): void {
    if (this.#response.destroyed) return;
    const notice = noticeOf(event, this.selection);
    if (notice === undefined) return;
    if (this.#waiting === undefined) {
      this.#send({ notice, lines });
    } else {
      this.#waiting.push({ notice, lines });
      this.#waitingBytes += notice.object.bytes.length;
    }
    this.#bound();
  }

  /** Sends the beginning no faster than the client reads, and then what has happened meanwhile. */
  async begin({ objects, events, isMarked }: Beginning, revision: number): Promise<void> {
    await writeParts(this.#response, this.#initialLines(objects));
    await writeParts(this.#response, this.#pastLines(events));
    if (isMarked) this.#response.write(encodeBookmark(this.#request.encoding, revision, true));
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    this.#waitingBytes = 0;
    for (const each of waiting) this.#send(each);
    this.#bound();
  }

  close(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers = [];
  }

  *#initialLines(objects: readonly StoredObject[]): Iterable<Buffer> {
    for (const object of objects) {
      if (this.selection.matches(object)) yield* this.#own({ type: 'ADDED', object });
    }
  }

  *#pastLines(events: readonly StoreEvent[]): Iterable<Buffer> {
    for (const event of events) {
      const notice = noticeOf(event, this.selection);
      if (notice !== undefined) yield* this.#own(notice);
    }
  }

  #send({ notice, lines }: Waiting): void {
    this.#response.write(lines.line(this.#request.encoding, notice, this.#isFirst));
    this.#isFirst = false;
  }

  #own(notice: Notice): readonly Buffer[] {
    const line = lineParts(this.#request.encoding, notice, this.#isFirst);
    this.#isFirst = false;
    return line;
  }

  #bound(): void {
    const { writableLength } = this.#response;
    const waiting = this.#waiting?.length ?? 0;
    this.#unsentEvents = writableLength === 0 ? 0 : this.#unsentEvents + 1;
    const isTooMuch =
      writableLength + this.#waitingBytes > MOST_UNSENT_BYTES ||
      waiting + this.#unsentEvents > MOST_UNSENT_EVENTS;
    if (isTooMuch) this.#response.destroy();
  }

  #keepMarking(durationMs: number): void {
    this.#timers.push(setInterval(() => this.#mark(), BOOKMARK_EVERY_MS));
    const lastMs = durationMs - LAST_BOOKMARK_MS;
    if (lastMs > 0) this.#timers.push(setTimeout(() => this.#mark(), lastMs));
  }

  /** While the beginning is under way, nothing is complete. */
  #mark(): void {
    if (this.#waiting !== undefined || this.#response.destroyed) return;
    this.#response.write(encodeBookmark(this.#request.encoding, this.#store.revision, false));
    this.#bound();
  }
}
