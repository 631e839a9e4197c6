/**
 * Writes to the store of a folder until it is killed: `node test/stress/store-writer.ts FOLDER SEED`. Says on its output, a line
 * each, what was answered and what watches were told; what is said has been before.
 */
import type { ApiObject } from 'menwei/cluster/schema/object.ts';
import { openFileStore } from 'menwei/cluster/store/file-store.ts';
import { keyOf } from 'menwei/cluster/store/objects.ts';
import type { StoredObject, Transaction } from 'menwei/cluster/store/store.ts';
import { silentLogger } from 'menwei/log/logger.ts';
import { Dice } from './dice.ts';
import type { StoreLine } from './store-line.ts';

const WRITERS = 8;
const NAMES = 12;

const [, , folder = '', seed = '1'] = process.argv;
const dice = new Dice(Number(seed));
let written = 0;

const store = await openFileStore({
  folder,
  sync: 'full',
  logger: silentLogger,
  limits: { minEvents: 200, minMs: 0, maxEvents: 2_000, maxBytes: 10_000_000 },
  compactEveryMs: 40,
});
say({ opened: store.revision });
store.subscribe(({ type, revision, object }) => {
  say({ told: type, revision, key: keyOf(object), text: object.bytes.toString() });
});
await Promise.all(Array.from({ length: WRITERS }, writeForever));

async function writeForever(): Promise<void> {
  for (;;) {
    written += 1;
    const value = written;
    const work = dice.pick([putOne, putOne, deleteOne, putService, deleteService, putEvent]);
    const name = `n${dice.below(NAMES)}`;
    const size = dice.chance(0.1) ? 30_000 : dice.below(600);
    const answers = await store.transact((transaction) => work(transaction, name, value, size));
    for (const { key, revision, isDeleted } of answers) say({ answered: key, revision, isDeleted });
    // Otherwise events would be all that there is time for.
    if (work === putEvent) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

interface Answer {
  readonly key: string;
  readonly revision: number;
  readonly isDeleted: boolean;
}

function putOne(transaction: Transaction, name: string, value: number, size: number): readonly Answer[] {
  const resource = ['configmaps', 'endpointslices', 'pods', 'leases'][value % 4] ?? '';
  return [answerOf(transaction.put(resource, makeObject(name, 'a', value, size)), false)];
}

function deleteOne(transaction: Transaction, name: string): readonly Answer[] {
  if (transaction.get('configmaps', 'a', name) === undefined) return [];
  return [answerOf(transaction.delete('configmaps', 'a', name), true)];
}

/** A Service and its address belong together. */
function putService(transaction: Transaction, name: string, value: number, size: number): readonly Answer[] {
  const service = transaction.put('services', makeObject(name, 'a', value, size));
  const address = transaction.put('ipaddresses', makeObject(name, undefined, value, 10));
  return [answerOf(service, false), answerOf(address, false)];
}

function deleteService(transaction: Transaction, name: string): readonly Answer[] {
  if (transaction.get('services', 'a', name) === undefined) return [];
  const service = transaction.delete('services', 'a', name);
  return [answerOf(service, true), answerOf(transaction.delete('ipaddresses', '', name), true)];
}

function putEvent(transaction: Transaction, name: string, value: number): readonly Answer[] {
  transaction.put('events', makeObject(name, 'a', value, 100));
  return [];
}

function answerOf(stored: StoredObject, isDeleted: boolean): Answer {
  return { key: keyOf(stored), revision: stored.revision, isDeleted };
}

function makeObject(name: string, namespace: string | undefined, value: number, size: number): ApiObject {
  const metadata = { name, ...(namespace === undefined ? {} : { namespace }) };
  const object = { kind: 'Any', apiVersion: 'v1', metadata, data: { value, filler: 'x'.repeat(size) } };
  return object;
}

function say(line: StoreLine): void {
  process.stdout.write(`${JSON.stringify(line)}\n`);
}
