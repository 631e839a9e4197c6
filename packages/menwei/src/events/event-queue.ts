/** Which events are still to be sent: each kind about an object once, then as a series, and not more than so many. */
import { type ClusterEvent, eventKind } from './event.ts';

/** So many new events may wait, unless otherwise said; an API server that was away for long gets no more than these. */
const MAX_WAITING = 100;
/** Of so many is it known that they were told. */
const MAX_KNOWN = 1_000;
/** What happens again within this time after the last time, or after that was told, is the same event. */
const SERIES_MS = 10 * 60_000;
/** From a request about an event to the next one about the same. */
const UPDATE_MS = 5 * 60_000;

/** What the API server was told of an event last. */
interface Told<Name> {
  /** Under which it has it; undefined: it was told by somebody else, and is not ours to change. */
  readonly name: Name | undefined;
  readonly count: number;
  readonly atMs: number;
}

/** An event that has happened once or several times. Times are of a clock that nobody sets. */
export interface EventSeries<Name> {
  /** As it happened last before it was told first. */
  readonly event: ClusterEvent;
  readonly firstMs: number;
  readonly lastMs: number;
  /** How often it has happened. */
  readonly count: number;
  readonly told: Told<Name> | undefined;
}

export class EventQueue<Name> {
  /** By kind of event, in the order in which they happened first. */
  readonly #series = new Map<string, EventSeries<Name>>();
  readonly #maxWaiting: number;
  #waiting = 0;
  #dropped = 0;

  constructor(maxWaiting = MAX_WAITING) {
    this.#maxWaiting = maxWaiting;
  }

  record(event: ClusterEvent, nowMs: number): void {
    const kind = eventKind(event);
    const known = this.#series.get(kind);
    if (known !== undefined && nowMs < endMs(known)) {
      const latest = known.told === undefined ? event : known.event;
      this.#series.set(kind, { ...known, event: latest, lastMs: nowMs, count: known.count + 1 });
      return;
    }
    if (this.#waiting >= this.#maxWaiting) {
      this.#dropped++;
      return;
    }
    this.#series.delete(kind);
    if (this.#series.size >= Math.max(MAX_KNOWN, this.#maxWaiting)) this.#forgetOne();
    this.#waiting++;
    this.#series.set(kind, { event, firstMs: nowMs, lastMs: nowMs, count: 1, told: undefined });
  }

  /** What is to be sent now; undefined: nothing is. */
  due(nowMs: number): EventSeries<Name> | undefined {
    for (const series of this.#series.values()) if (dueMs(series) <= nowMs) return series;
    return undefined;
  }

  /** When something is to be sent, if nothing is recorded until then; infinite: never. */
  nextDueMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const series of this.#series.values()) nextMs = Math.min(nextMs, dueMs(series));
    return nextMs;
  }

  /** It was sent as it was given, and the API server has it under this name; undefined: under somebody else's. */
  told({ event, count }: EventSeries<Name>, name: Name | undefined, nowMs: number): void {
    this.#change(event, (known) => ({ ...known, told: { name, count, atMs: nowMs } }));
  }

  /** The API server no longer has it: what happened since is to be told as something new. */
  untold({ event }: EventSeries<Name>): void {
    this.#change(event, (known) => ({ ...known, firstMs: known.lastMs, count: 1, told: undefined }));
  }

  /** It is not to be told. */
  giveUp({ event }: EventSeries<Name>): void {
    this.#change(event, () => undefined);
  }

  /** Nothing is to be told any more. */
  clear(): void {
    this.#series.clear();
    this.#waiting = 0;
  }

  /** For how many events there was no room since the last time that somebody asked. */
  takeDropped(): number {
    const dropped = this.#dropped;
    this.#dropped = 0;
    return dropped;
  }

  #change(event: ClusterEvent, changed: (known: EventSeries<Name>) => EventSeries<Name> | undefined): void {
    const kind = eventKind(event);
    const before = this.#series.get(kind);
    if (before === undefined) return;
    const after = changed(before);
    if (before.told === undefined) this.#waiting--;
    if (after !== undefined && after.told === undefined) this.#waiting++;
    if (after === undefined) this.#series.delete(kind);
    else this.#series.set(kind, after);
  }

  /** The one that happened first of those that were told. */
  #forgetOne(): void {
    for (const [kind, { told }] of this.#series) {
      if (told === undefined) continue;
      this.#series.delete(kind);
      return;
    }
  }
}

/** What happens from then on is something new. */
function endMs<Name>({ told, lastMs }: EventSeries<Name>): number {
  return told === undefined ? Number.POSITIVE_INFINITY : Math.max(lastMs, told.atMs) + SERIES_MS;
}

function dueMs<Name>({ count, told, firstMs }: EventSeries<Name>): number {
  if (told === undefined) return firstMs;
  return told.name !== undefined && count > told.count ? told.atMs + UPDATE_MS : Number.POSITIVE_INFINITY;
}
