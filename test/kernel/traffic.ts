/** Traffic that goes on while something happens to the node, and what became of it. */
import { isIP } from 'node:net';
import type { LabHost, LongLivedConnection } from '@menwei/lab/host.ts';
import { isFailure } from '@menwei/lab/outcome.ts';
import { expect } from 'vitest';

/**
 * - `new TCP`, `new UDP`: a connection for each request;
 * - `long TCP`: one connection that stays;
 * - `UDP flow`: datagrams from one source port.
 */
type StreamKind = 'new TCP' | 'new UDP' | 'long TCP' | 'UDP flow';

export interface Stream {
  readonly kind: StreamKind;
  readonly from: LabHost;
  readonly target: string;
}

interface Count {
  answered: number;
  /** Answers of a flow that came from another pod than its first one. */
  moved: number;
  readonly byPod: Map<string, number>;
  /** How often which failure, with where from and to. */
  readonly failures: Map<string, number>;
}

const PAUSE_MS = 10;
/** Nothing is lost, so nothing has to come within a time; only failures take as long. */
const TIMEOUT_MS = 5_000;
/** Neither of a relay nor of a connection that the kernel chose a port for. */
const FIRST_PORT = 20_000;
let lastPort = FIRST_PORT;

export class Traffic {
  #counts = new Map<StreamKind, Count>();
  /** How often each stream was tried. */
  readonly #tries = new Map<Stream, number>();
  readonly #running: Promise<unknown>;
  #isOver = false;

  private constructor(streams: readonly Stream[], connections: readonly LongLivedConnection[]) {
    const long = connections.values();
    this.#running = Promise.all(
      streams.map((stream) => {
        this.#tries.set(stream, 0);
        if (stream.kind !== 'long TCP') return this.#ask(stream);
        const connection = long.next().value;
        return connection === undefined ? undefined : this.#hold(stream, connection);
      }),
    );
  }

  /** Resolves when every connection that stays is open; throws if one can't be. */
  static async start(streams: readonly Stream[]): Promise<Traffic> {
    const long = streams.filter(({ kind }) => kind === 'long TCP');
    const connections = await Promise.all(
      long.map(async ({ from, target }) => {
        const connection = await from.open(target, { timeoutMs: TIMEOUT_MS });
        if (isFailure(connection)) throw new Error(`${from.name} → ${target}: ${connection.detail}`);
        return connection;
      }),
    );
    return new Traffic(streams, connections);
  }

  /** Resolves when every stream was tried so many times more, however long that takes a busy machine. */
  async tried(times: number): Promise<void> {
    const before = new Map(this.#tries);
    const isTried = ([stream, tries]: readonly [Stream, number]) =>
      tries >= (before.get(stream) ?? 0) + times;
    while (![...this.#tries].every(isTried)) await pause();
  }

  /** What came so far, and is forgotten now; for who tells one time from the next. */
  take(): TrafficReport {
    const report = new TrafficReport(this.#counts);
    this.#counts = new Map();
    return report;
  }

  /** Ends all streams; what came since it was last asked. */
  async stop(): Promise<TrafficReport> {
    this.#isOver = true;
    await this.#running;
    return this.take();
  }

  async #ask(stream: Stream): Promise<void> {
    const { kind, from, target } = stream;
    lastPort += 1;
    // An address of a Service becomes one of the node, and then its own packets come from there, unless they say where from.
    const flow = {
      sourcePort: lastPort,
      from: isIP(target.replace(/^\[|\]?:\d+$/g, '')) === 6 ? from.ip6 : from.ip,
    };
    let first: string | undefined;
    while (!this.#isOver) {
      const options = { timeoutMs: TIMEOUT_MS };
      const outcome =
        kind === 'new TCP'
          ? await from.http(target, options)
          : await from.udp(target, kind === 'UDP flow' ? { ...options, ...flow } : options);
      const count = this.#count(kind);
      if (isFailure(outcome))
        add(count.failures, `${outcome.error} (${from.name} → ${target}): ${codeOf(outcome.detail)}`);
      else {
        count.answered += 1;
        add(count.byPod, outcome.pod);
        if (kind === 'UDP flow' && outcome.pod !== (first ?? outcome.pod)) count.moved += 1;
        first = outcome.pod;
      }
      await this.#again(stream);
    }
  }

  async #hold(stream: Stream, connection: LongLivedConnection): Promise<void> {
    const { kind, from, target } = stream;
    let isAlive = true;
    while (!this.#isOver) {
      const echo = isAlive ? await connection.echo('still there', TIMEOUT_MS) : undefined;
      const count = this.#count(kind);
      if (echo === 'still there') count.answered += 1;
      else if (echo !== undefined) {
        isAlive = false;
        add(count.failures, `${typeof echo === 'string' ? echo : echo.error} (${from.name} → ${target})`);
      }
      await this.#again(stream);
    }
    await connection.close();
  }

  async #again(stream: Stream): Promise<void> {
    this.#tries.set(stream, (this.#tries.get(stream) ?? 0) + 1);
    await pause();
  }

  #count(kind: StreamKind): Count {
    const count = this.#counts.get(kind) ?? { answered: 0, moved: 0, byPod: new Map(), failures: new Map() };
    this.#counts.set(kind, count);
    return count;
  }
}

class TrafficReport {
  readonly #counts: ReadonlyMap<StreamKind, Count>;

  constructor(counts: ReadonlyMap<StreamKind, Count>) {
    this.#counts = counts;
  }

  /** Each kind with how often it was answered. */
  get answered(): Readonly<Record<string, number>> {
    return Object.fromEntries(Array.from(this.#counts, ([kind, { answered }]) => [kind, answered]));
  }

  /** `new TCP: 3 × refused (visitor → 10.0.0.1:80)` */
  failures(): readonly string[] {
    return [...this.#counts].flatMap(([kind, { failures }]) =>
      Array.from(failures, ([what, times]) => `${kind}: ${times} × ${what}`),
    );
  }

  /** How many answers of UDP flows came from another pod than the one before. */
  get moved(): number {
    return [...this.#counts.values()].reduce((sum, { moved }) => sum + moved, 0);
  }

  /** The pods that answered. */
  get pods(): readonly string[] {
    return [...new Set([...this.#counts.values()].flatMap(({ byPod }) => [...byPod.keys()]))].sort();
  }

  toString(): string {
    const answered = Object.entries(this.answered).map(([kind, times]) => `${times} ${kind}`);
    return `${answered.join(', ')} answered; failed: ${this.failures().join(', ') || 'none'}; moved: ${this.moved}`;
  }
}

/** Nothing failed, no flow went to another pod, and there was traffic of every kind. */
export function expectUnharmed(report: TrafficReport): void {
  expect(report.failures()).toEqual([]);
  expect(report.moved).toBe(0);
  const kinds: readonly StreamKind[] = ['new TCP', 'new UDP', 'long TCP', 'UDP flow'];
  expect(kinds.filter((kind) => (report.answered[kind] ?? 0) === 0)).toEqual([]);
}

function add(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}

/** The name of the error number, where there is one. */
function codeOf(detail: string): string {
  return /\bE[A-Z]+\b/.exec(detail)?.[0] ?? detail;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
}
