/** What an open connection costs a process that forwards it. */

import type { NetworkNamespace } from '@menwei/kernel/netns.ts';
import { descriptorLimit } from 'menwei/relay/descriptor-budget.ts';
import { round } from './figures.ts';
import { progress } from './options.ts';
import type { Target, Traffic } from './traffic.ts';

const CONNECTIONS = 10_000;
/** A Service's, in all threads, and some more. */
const FOR_LISTENERS = 100;
const SETTLE_MS = 2_000;

/** Of this process, which holds the relays: bytes of memory and of the kernel's are not told apart by anybody. */
export async function measureHeld(
  traffic: Traffic,
  client: NetworkNamespace,
  target: Target,
): Promise<Readonly<Record<string, number>>> {
  const most = Math.floor((descriptorLimit() - FOR_LISTENERS) / 2);
  const count = Math.min(CONNECTIONS, most);
  if (count < CONNECTIONS) progress(`only ${count} connections are held: this process may open no more`);
  const before = await settledRss();
  const holder = await traffic.hold(client, count, target);
  const during = await settledRss();
  await holder.stop();
  const after = await settledRss();
  return {
    held: count,
    heldKbEach: round((during - before) / count / 1024, 2),
    afterMb: round((after - before) / 2 ** 20, 1),
  };
}

async function settledRss(): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  return process.memoryUsage.rss();
}
