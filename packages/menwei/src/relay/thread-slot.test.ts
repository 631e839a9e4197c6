import { Worker } from 'node:worker_threads';
import { aRelay } from '@menwei/testing/relay/testing.ts';
import { afterEach, expect, it, vi } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { allocateBudget, SharedDescriptorBudget } from './descriptor-budget.ts';
import { ThreadSlot } from './thread-slot.ts';

const limits = {
  drainMs: 0,
  idleMs: 0,
  halfClosedMs: 0,
  udpStreamMs: 0,
  udpUnansweredMs: 0,
  udpAnsweredMs: 0,
};
const relay = aRelay(80, []);
const relays = new Map([[relay.key, relay]]);

const slots: ThreadSlot[] = [];

afterEach(async () => {
  for (const slot of slots.splice(0)) await slot.close(0);
});

/** A slot whose threads run this script. */
function aSlot(script: string, descriptors = allocateBudget(10, 1)) {
  const pauses: unknown[] = [];
  const slot = new ThreadSlot(
    { limits, descriptors, number: 0 },
    {
      logger: { ...silentLogger, error: (fields) => pauses.push('pauseMs' in fields && fields.pauseMs) },
      startWorker: () => new Worker(script, { eval: true, execArgv: [] }),
      counted: () => undefined,
      mayStartAgain: () => void slot.startAgain(),
    },
  );
  slots.push(slot);
  return { slot, pauses };
}

it('waits longer each time a thread ends that was just started', async () => {
  const { slot, pauses } = aSlot('throw new Error("no luck")');
  expect(await slot.apply(relays)).toBe('ended');
  await vi.waitFor(() => expect(pauses.slice(0, 3)).toEqual([100, 200, 400]));
});

it('takes over changes while there is no thread', async () => {
  const { slot, pauses } = aSlot('process.exit(1)');
  await slot.apply(relays);
  await vi.waitFor(() => expect(pauses).toHaveLength(1));
  expect(slot.isRunning).toBe(false);
  expect(await slot.apply(new Map([[relay.key, undefined]]))).toBe('ended');
  expect(slot.relayOf(relay.key)).toBeUndefined();
});

it('gets back the descriptors of a thread that ended', async () => {
  const memory = allocateBudget(10, 1);
  const budget = new SharedDescriptorBudget(memory, 0);
  const { slot, pauses } = aSlot('process.exit(1)', memory);
  budget.take(10);
  await slot.apply(relays);
  await vi.waitFor(() => expect(pauses).toHaveLength(1));
  expect(budget.take(10)).toBe(true);
});
