/**
 * A segment in memory, for tests: what one station sends, all others hear a little later, unless the cable between them is cut.
 * Frames are bytes, as on a real one.
 */
import { decode, encode } from '@menwei/neighbor/frame.ts';
import type { NeighborMessage } from '@menwei/neighbor/message.ts';

/** Who is on the segment. */
interface Station {
  readonly name: string;
  /** A network interface lets in what is sent to it, to all, or to a group that it was told of. */
  accepts(destination: string): boolean;
  hear(message: NeighborMessage): void;
}

/** One frame that was sent. */
interface SentFrame {
  readonly atMs: number;
  readonly by: string;
  readonly message: NeighborMessage;
}

interface FakeSegmentOptions {
  /** How long a frame is on its way. */
  readonly delayMs?: number;
}

export class FakeSegment {
  readonly sent: SentFrame[] = [];
  readonly #delayMs: number;
  readonly #stations = new Set<Station>();
  /** Which part of the segment a station is in while it is in parts. */
  #parts = new Map<string, number>();

  constructor({ delayMs = 1 }: FakeSegmentOptions = {}) {
    this.#delayMs = delayMs;
  }

  join(station: Station): Disposable {
    this.#stations.add(station);
    return { [Symbol.dispose]: () => this.#stations.delete(station) };
  }

  /** From now on those of different groups don't hear each other; who is in none hears nobody. */
  partition(...groups: readonly (readonly string[])[]): void {
    this.#parts = new Map(groups.flatMap((names, part) => names.map((name) => [name, part])));
  }

  heal(): void {
    this.#parts = new Map();
  }

  send(by: Station, message: NeighborMessage): void {
    const frame = encode(message);
    this.sent.push({ atMs: Date.now(), by: by.name, message });
    for (const station of this.#stations) {
      if (station === by || !this.#isConnected(by, station) || !station.accepts(message.destination))
        continue;
      setTimeout(() => {
        const heard = this.#stations.has(station) ? decode(frame) : undefined;
        if (heard !== undefined) station.hear(heard);
      }, this.#delayMs);
    }
  }

  #isConnected(a: Station, b: Station): boolean {
    if (this.#parts.size === 0) return true;
    const part = this.#parts.get(a.name);
    return part !== undefined && part === this.#parts.get(b.name);
  }
}
