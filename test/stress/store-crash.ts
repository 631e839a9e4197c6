/**
 * A process that writes to a store is killed at any moment, again and again. What it has answered is there afterwards; a Service
 * has its address or neither is there; a watch goes on where it was, and hears of each change once; no revision is used twice.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFileStore } from 'menwei/cluster/store/file-store.ts';
import { keyOf } from 'menwei/cluster/store/objects.ts';
import type { Store, StoreEvent } from 'menwei/cluster/store/store.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { Dice } from './dice.ts';
import type { StoreLine } from './store-line.ts';

const WRITER = join(import.meta.dirname, 'store-writer.ts');
const RESOURCES = ['configmaps', 'endpointslices', 'ipaddresses', 'leases', 'pods', 'services'];

/** What one who watches and one who writes know. */
class Witness {
  /** By key: the last write that was answered. */
  readonly answered = new Map<string, { readonly revision: number; readonly isDeleted: boolean }>();
  /** By key: what a watch has seen, without Events, which may be lost. */
  readonly seen = new Map<string, string>();
  /** By key: when the watch has seen it go; whether that was answered is another matter. */
  readonly gone = new Map<string, number>();
  /** Also of an Event that may be lost: no revision comes back. */
  lastSeen = 1;
  /** Where the watch resumes. */
  resumesAt = 1;
  answers = 0;

  hear(line: StoreLine): void {
    if ('opened' in line) assert.ok(line.opened >= this.lastSeen, 'a revision is used again');
    else if ('told' in line) this.#see(line.told, line.revision, line.key, line.text);
    else {
      this.answers += 1;
      const { revision, isDeleted } = line;
      const before = this.answered.get(line.answered);
      if (before === undefined || before.revision < revision)
        this.answered.set(line.answered, { revision, isDeleted });
    }
  }

  /** What happened since, as the store tells it after the crash. */
  resume(events: readonly StoreEvent[]): void {
    for (const { type, revision, object } of events) {
      this.#see(type, revision, keyOf(object), object.bytes.toString());
    }
  }

  #see(type: StoreEvent['type'], revision: number, key: string, text: string): void {
    this.lastSeen = Math.max(this.lastSeen, revision);
    if (key.startsWith('events/')) return;
    assert.ok(revision > this.resumesAt, `revision ${revision} comes after ${this.resumesAt}`);
    this.resumesAt = revision;
    assert.equal(this.seen.has(key), type !== 'ADDED', `${type} ${key} at ${revision}`);
    if (type === 'DELETED') {
      this.seen.delete(key);
      this.gone.set(key, revision);
    } else this.seen.set(key, text);
  }
}

interface CrashOptions {
  readonly folder: string;
  readonly seed: number;
  readonly rounds: number;
  /** Answered in all rounds together, at least. */
  readonly writes: number;
  readonly report?: (round: number, answers: number) => void;
}

/** Returns how many writes were answered. Throws what was found to be wrong. */
export async function crashStore({ folder, seed, rounds, writes, report }: CrashOptions): Promise<number> {
  const dice = new Dice(seed);
  const witness = new Witness();
  for (let round = 1; round <= rounds; round++) {
    const left = Math.max(0, writes - witness.answers) / (rounds - round + 1);
    // Now and then before it is open at all.
    if (dice.chance(0.15)) {
      await writeUntilKilled(folder, seed + round, witness, 0, dice.below(400));
      await reopen(folder, witness);
    }
    const goal = Math.ceil(left * (round === rounds ? 1 : 0.5 + dice.below(100) / 100));
    await writeUntilKilled(folder, seed + round, witness, goal, dice.below(20));
    await reopen(folder, witness);
    report?.(round, witness.answers);
  }
  return witness.answers;
}

/** What was written and not told yet is told now: a watch that would begin later would miss it. */
async function reopen(folder: string, witness: Witness): Promise<void> {
  const store = await openFileStore({ folder, sync: 'full', logger: silentLogger });
  try {
    verify(store, witness);
  } finally {
    await store.close();
  }
}

async function writeUntilKilled(
  folder: string,
  seed: number,
  witness: Witness,
  answers: number,
  extraMs: number,
): Promise<void> {
  const child = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', WRITER, folder, String(seed)],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const exited = once(child, 'exit');
  const goal = witness.answers + answers;
  const reached = Promise.withResolvers<void>();
  if (answers === 0) reached.resolve();
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => {
    // The last one may be cut.
    if (line.endsWith('}')) witness.hear(JSON.parse(line));
    if (witness.answers >= goal) reached.resolve();
  });
  const closed = once(lines, 'close');
  await Promise.race([reached.promise, exited]);
  if (answers > 0) {
    const second = openFileStore({ folder, sync: 'full', logger: silentLogger });
    await assert.rejects(second, { message: `${folder}: in use by process ${child.pid}` });
  }
  await sleep(extraMs);
  child.kill('SIGKILL');
  const [, signal] = await exited;
  await closed;
  assert.equal(signal, 'SIGKILL', 'the writer has ended by itself');
}

function verify(store: Store, witness: Witness): void {
  assert.ok(store.revision >= witness.lastSeen, 'the revision went back');
  const missed = store.eventsAfter(witness.resumesAt);
  assert.ok(missed, 'the watch can not go on');
  witness.resume(missed);
  const there = new Map(
    RESOURCES.flatMap((resource) => [...store.list(resource)]).map((stored) => [keyOf(stored), stored]),
  );
  const texts = [...there].map(([key, { bytes }]) => [key, bytes.toString()] as const);
  assert.deepEqual(
    new Map(texts.sort()),
    new Map([...witness.seen].sort()),
    'what the watch saw is what is there',
  );
  for (const [key, { revision, isDeleted }] of witness.answered) {
    const stored = there.get(key);
    if (stored === undefined)
      assert.ok(isDeleted || (witness.gone.get(key) ?? 0) > revision, `${key} is lost`);
    else if (isDeleted) assert.ok(stored.revision > revision, `${key} is back`);
    else assert.ok(stored.revision >= revision, `${key} is older than what was answered`);
  }
  for (const { name, bytes } of store.list('services')) {
    const address = store.get('ipaddresses', '', name);
    assert.equal(valueIn(address?.bytes), valueIn(bytes), `half of a transaction: ${name}`);
  }
  assert.equal(store.count('services'), store.count('ipaddresses'), 'half of a transaction');
}

function valueIn(bytes: Buffer | undefined): unknown {
  return bytes === undefined ? undefined : JSON.parse(bytes.toString()).data.value;
}
