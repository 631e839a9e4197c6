/** Fills the disk of a folder with the objects of a store: `node test/stress/store-full-disk.ts FOLDER`. Prints what came of it. */
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { openFileStore } from 'menwei/cluster/store/file-store.ts';
import type { Store } from 'menwei/cluster/store/store.ts';
import { silentLogger } from 'menwei/log/logger.ts';

export interface FullDisk {
  readonly refusal: string;
  readonly trouble: string | undefined;
  /** Answered before the disk was full; there then; there after a restart on the full disk; there in the end. */
  readonly answered: number;
  readonly readable: number;
  readonly restarted: number;
  readonly inTheEnd: number;
  readonly troubleWithSpace: string | undefined;
}

const [, , root = ''] = process.argv;
const folder = join(root, 'data');
const ballast = join(root, 'ballast');
const open = () => openFileStore({ folder, sync: 'full', logger: silentLogger });

function put(store: Store, name: string): Promise<unknown> {
  const metadata = { name, namespace: 'a' };
  const object = { kind: 'ConfigMap', apiVersion: 'v1', metadata, data: { filler: 'x'.repeat(20_000) } };
  return store.transact((transaction) => transaction.put('configmaps', object));
}

async function fill(store: Store): Promise<{ readonly answered: number; readonly refusal: string }> {
  for (let answered = 0; ; answered++) {
    try {
      await put(store, `c${answered}`);
    } catch (error) {
      return { answered, refusal: String(error) };
    }
  }
}

async function troubleAfter(store: Store): Promise<string | undefined> {
  for (let turn = 0; turn < 40 && store.trouble !== undefined; turn++) await sleep(250);
  return store.trouble;
}

writeFileSync(ballast, Buffer.alloc(6_000_000));
const first = await open();
const { answered, refusal } = await fill(first);
const { trouble } = first;
const readable = first.count('configmaps');
await first.close();
const second = await open();
const restarted = second.count('configmaps');
await put(second, 'refused').catch(() => undefined);
rmSync(ballast);
const troubleWithSpace = await troubleAfter(second);
await put(second, 'last');
await second.close();
const third = await open();
const inTheEnd = third.count('configmaps');
await third.close();
const found: FullDisk = { refusal, trouble, answered, readable, restarted, inTheEnd, troubleWithSpace };
process.stdout.write(JSON.stringify(found));
