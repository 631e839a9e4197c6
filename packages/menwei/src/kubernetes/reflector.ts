/**
 * Keeps a sink equal to what the API server holds of one kind: a list, then a watch from its resource version for as
 * long as that works, then again. It remembers names and versions only; the objects belong to whom they are given.
 *
 * Law: at no time is an object removed that the server still has. A new list is compared with what was delivered
 * before, so that losing the watch for an hour, or a 410, costs the difference and never an empty moment.
 */

import { LineSplitter } from '@menwei/kernel/line-splitter.ts';
import { EventLoopTurn } from '../scheduling/event-loop.ts';
import { pause } from '../scheduling/pause.ts';
import { retryDelayMs } from '../scheduling/retry.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './api-error.ts';
import { Complaints } from './complaints.ts';
import { decodeOrReport } from './decode.ts';
import { show } from './decode-text.ts';
import { type ListEnvelope, ListSplitter } from './list-splitter.ts';
import type { WatchedObject } from './objects.ts';
import {
  isExpected,
  REFLECTOR_TIMING,
  type ReflectorObserver,
  type ReflectorOptions,
  type ReflectorSink,
  type ReflectorTiming,
  type WatchedResource,
} from './reflector-options.ts';
import { MOST_BYTES, tooLong } from './remainder.ts';
import { type ItemIdentity, itemIdentity, parseItem, parseWatchEvent, statedKind } from './watch-event.ts';

/**
 * How the next list is asked for. `cached`: from the server's memory, however old, as all clients do at their start,
 * since thousands of nodes may start at once. `consistent`: what is true now, after the cache's version was no good.
 * `whole`: the same in one page, after a page expired while the one before it was read.
 */
type ListMode = 'cached' | 'consistent' | 'whole';

export class Reflector<T extends WatchedObject> {
  readonly #client: ApiClient;
  readonly #resource: WatchedResource<T>;
  readonly #sink: ReflectorSink;
  readonly #observer: ReflectorObserver;
  readonly #timing: ReflectorTiming;
  /** `namespace/name` → resourceVersion of everything the server was last known to have. */
  readonly #known = new Map<string, string>();
  readonly #complaints: Complaints;
  /** Where the next watch begins; undefined: list first. */
  #resourceVersion: string | undefined;
  #listMode: ListMode = 'cached';
  /** An object of the list could not be told from others. */
  #listIsUnclear = false;
  /** A 410 now would be no everyday life: what it is about comes from the server's newest list. */
  #isFresh = false;
  /** In a row: of what is withheld, and all others. */
  #withheld = 0;
  #failures = 0;
  /** The last watch lived long enough for its end to be no reason to wait. */
  #watchWorked = false;

  constructor({ client, resource, sink, known = [], observer, timing }: ReflectorOptions<T>) {
    this.#client = client;
    this.#resource = resource;
    this.#sink = sink;
    for (const key of known) this.#known.set(key, '');
    this.#complaints = new Complaints(sink);
    this.#observer = observer;
    this.#timing = { ...REFLECTOR_TIMING, ...timing };
  }

  /** Runs until the signal fires. Rejects for mistakes of the program only. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const failure = await this.#round(signal);
      if (signal.aborted) return;
      if (failure !== undefined && !this.#isForgivable(failure)) this.#observer.failed(failure);
      if (this.#watchWorked) {
        this.#failures = 0;
        this.#withheld = 0;
      } else await this.#wait(failure, signal);
    }
  }

  /** A list if one is due, then one watch to its end. */
  async #round(signal: AbortSignal): Promise<ApiError | undefined> {
    this.#watchWorked = false;
    this.#isFresh = this.#resourceVersion === undefined && this.#listMode === 'whole';
    try {
      const from = this.#resourceVersion ?? (await this.#list(signal));
      await this.#watch(from, signal);
      return undefined;
    } catch (error) {
      if (signal.aborted) return undefined;
      if (!(error instanceof ApiError)) throw error;
      if (!isResumable(error)) this.#resourceVersion = undefined;
      if (error.failure === 'gone' && this.#listMode === 'cached') this.#listMode = 'consistent';
      return error;
    }
  }

  /** The end of a watch that worked is everyday life: servers restart, connections are cut, versions grow old. */
  #isForgivable({ failure }: ApiError): boolean {
    if (failure === 'gone') return this.#watchWorked || !this.#isFresh;
    return this.#watchWorked && failure === 'unreachable';
  }

  async #wait(failure: ApiError | undefined, signal: AbortSignal): Promise<void> {
    const { retry, withheldRetry, random } = this.#timing;
    const isWaiting = failure !== undefined && isExpected(this.#resource, failure);
    const waitMs = isWaiting
      ? retryDelayMs(++this.#withheld, withheldRetry, random)
      : retryDelayMs(++this.#failures, retry, random);
    await pause(Math.max(waitMs, failure?.retryAfterMs ?? 0), signal);
  }

  /** Delivers the difference between what is known and what the server has; gives the version of the list. */
  async #list(signal: AbortSignal): Promise<string> {
    const seen = new Set<string>();
    this.#listIsUnclear = false;
    let page = await this.#listPage('', seen, signal);
    while (page.continueToken !== '') {
      const next = await this.#listPage(page.continueToken, seen, signal);
      if (next.continueToken === page.continueToken) throw this.#invalid('the pages of the list form a loop');
      page = next;
    }
    if (this.#listIsUnclear) this.#reportNameless();
    else {
      for (const key of this.#known.keys()) {
        if (!seen.has(key)) this.#remove(key);
      }
    }
    this.#resourceVersion = page.resourceVersion;
    this.#isFresh = this.#listMode !== 'cached';
    this.#listMode = 'consistent';
    this.#observer.listed();
    return page.resourceVersion;
  }

  async #listPage(continueToken: string, seen: Set<string>, signal: AbortSignal): Promise<ListEnvelope> {
    const { path } = this.#resource;
    const splitter = new ListSplitter();
    const turn = new EventLoopTurn();
    try {
      const query = this.#listQuery(continueToken);
      const silenceMs = this.#timing.listSilenceMs;
      for await (const chunk of await this.#client.get(path, query, {
        signal,
        silenceMs,
        compressed: true,
      })) {
        for (const text of splitter.push(chunk)) {
          const item = parseItem(text, path);
          const identity = itemIdentity(item);
          if (identity === undefined) this.#listIsUnclear = true;
          else {
            this.#upsert(item, identity);
            seen.add(keyOf(identity));
          }
          await turn.rest();
        }
      }
      const envelope = this.#checkEnvelope(splitter.finish());
      this.#observer.working();
      return envelope;
    } catch (error) {
      if (error instanceof SyntaxError) {
        throw this.#invalid('the answer is not a complete list', error);
      }
      // The rest of an expired list can't be had any more; one long page can't expire halfway.
      if (error instanceof ApiError && error.failure === 'gone' && continueToken !== '')
        this.#listMode = 'whole';
      throw error;
    }
  }

  /** Anything else than a list of the right kind must not be taken for "there are no services". */
  #checkEnvelope(envelope: ListEnvelope): ListEnvelope {
    const { kind } = this.#resource;
    if (envelope.kind === `${kind}List` && envelope.resourceVersion !== '') return envelope;
    throw this.#invalid(`the answer is not a ${kind}List with a resourceVersion`);
  }

  #invalid(what: string, cause?: SyntaxError): ApiError {
    return new ApiError('invalid-answer', `${this.#resource.path}: ${what}`, { cause });
  }

  #listQuery(continueToken: string): Record<string, string> {
    return {
      ...this.#selectors(),
      ...(this.#listMode !== 'whole' && { limit: String(this.#timing.pageSize) }),
      ...(continueToken !== '' && { continue: continueToken }),
      ...(this.#listMode === 'cached' && continueToken === '' && { resourceVersion: '0' }),
    };
  }

  #selectors(): Record<string, string> {
    const { labelSelector, fieldSelector } = this.#resource;
    return {
      ...(labelSelector !== undefined && { labelSelector }),
      ...(fieldSelector !== undefined && { fieldSelector }),
    };
  }

  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { watchMs, watchSilenceMs: silenceMs, shortestWatchMs, random } = this.#timing;
    const query = {
      ...this.#selectors(),
      watch: 'true',
      resourceVersion: from,
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(Math.ceil((watchMs * (1 + random())) / 1000)),
    };
    const body = await this.#client.get(this.#resource.path, query, { signal, silenceMs });
    const beganAtMs = performance.now();
    this.#observer.working();
    try {
      await this.#takeEvents(body);
    } catch (error) {
      throw error instanceof SyntaxError ? this.#invalid(`an event has ${error.message}`, error) : error;
    } finally {
      this.#watchWorked = performance.now() - beganAtMs >= shortestWatchMs;
    }
  }

  async #takeEvents(body: AsyncIterable<Buffer>): Promise<void> {
    const splitter = new LineSplitter(MOST_BYTES, tooLong);
    const turn = new EventLoopTurn();
    for await (const chunk of body) {
      for (const line of splitter.push(chunk)) {
        const event = line.trim();
        if (event !== '') this.#takeEvent(event);
        await turn.rest();
      }
    }
  }

  #takeEvent(line: string): void {
    const event = parseWatchEvent(line, this.#resource.path);
    if (event.type === 'BOOKMARK') {
      this.#resourceVersion = event.resourceVersion || this.#resourceVersion;
      return;
    }
    if (event.type === 'DELETED') this.#remove(keyOf(event.identity));
    else this.#upsert(event.object, event.identity);
    this.#resourceVersion = event.identity.resourceVersion || this.#resourceVersion;
  }

  #upsert(item: unknown, identity: ItemIdentity): void {
    const key = keyOf(identity);
    const { resourceVersion } = identity;
    const known = this.#known.get(key);
    if (known !== undefined && known === resourceVersion && resourceVersion !== '') return;
    const { kind, decode } = this.#resource;
    const ref = { kind, namespace: show(identity.namespace), name: show(identity.name) };
    const stated = statedKind(item) ?? kind;
    const decoded =
      stated === kind
        ? decodeOrReport(ref, () => decode(item))
        : {
            object: undefined,
            problems: [{ object: ref, field: 'kind', message: `${show(stated)} is not ${kind}` }],
          };
    this.#complaints.tell(key, ref, decoded);
    const { object, problems } = decoded;
    if (object !== undefined) this.#sink.upsert(object);
    // Not wanted any more (a slice that lost its service's label). With problems the last good version stays.
    else if (problems.length === 0 && known !== undefined) this.#remove(key);
    this.#known.set(key, resourceVersion);
  }

  /** One that can't be told apart may be any of those that are missing, so all of them stay. */
  #reportNameless(): void {
    const object = { kind: this.#resource.kind, namespace: '', name: '(no name)' };
    const message = 'missing; ignored, and nothing is taken for deleted';
    this.#sink.report({ object, field: 'metadata.name', message });
  }

  #remove(key: string): void {
    this.#complaints.forget(key);
    if (!this.#known.delete(key)) return;
    const [namespace = '', name = ''] = key.split('/');
    this.#sink.remove({ kind: this.#resource.kind, namespace, name });
  }
}

function keyOf({ namespace, name }: ItemIdentity): string {
  return `${namespace}/${name}`;
}

/** Whether the watch can go on where it was once the trouble is over; otherwise the state is compared anew. */
function isResumable({ failure }: ApiError): boolean {
  return (
    failure !== 'gone' && failure !== 'refused' && failure !== 'not-found' && failure !== 'invalid-answer'
  );
}
