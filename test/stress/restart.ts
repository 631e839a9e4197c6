/**
 * The proxy is killed between two operations on the kernel or in the middle of one, once or several times in a row, while
 * Services change; the last one that is started makes everything right, and what nothing concerned went on all the time.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import type { LongLivedConnection } from '@menwei/lab/host.ts';
import { isFailure } from '@menwei/lab/outcome.ts';
import { StressProxy } from './proxy.ts';
import type { Round } from './scenario.ts';
import { expectProgrammed, expectRight, expectServed } from './verdict.ts';

/** Nothing changes about this one. */
const STEADY = 4;
const LIVES = 3;
const LONGEST_LIFE_MS = 150;

export async function restart(round: Round): Promise<void> {
  const { mode, dice, world, site, patienceMs } = round;
  world.publish(STEADY, true);
  for (const number of [1, 2, 3]) if (dice.chance(0.7)) world.publish(number);
  const first = await StressProxy.start(round);
  const operations = await live(first, round, async () => {
    await first.settle(patienceMs);
    const count = first.gate.count;
    await die(first, round, count);
    return count;
  });
  const connection = await connect(round);
  for (let lives = dice.below(LIVES); lives > 0; lives--) {
    const next = await StressProxy.start(round);
    await live(next, round, () => die(next, round, operations));
  }
  for (let changes = dice.below(3); changes > 0; changes--) world.change([STEADY]);
  const last = await StressProxy.start(round);
  await live(last, round, async () => {
    last.gate.setFaulty(dice.chance(0.5));
    for (let changes = dice.below(3); changes > 0; changes--) {
      await sleep(dice.below(40));
      world.change([STEADY]);
    }
    last.gate.setFaulty(false);
    await last.settle(patienceMs);
    expectProgrammed(last);
    await expectRight(world, mode, last);
    await expectServed(site, world);
    const echo = await connection?.echo('still there', 5_000);
    if (connection !== undefined && echo !== 'still there') {
      throw new Error(`a connection was lost: ${JSON.stringify(echo)}`);
    }
  });
  await connection?.close();
}

/** Through the Service that nothing concerns. Userspace mode holds connections itself, so they end with the proxy. */
async function connect({ mode, dice, world, site }: Round): Promise<LongLivedConnection | undefined> {
  if (mode === 'userspace') return undefined;
  const connection = await site.visitor.open(world.target(dice.pick(IP_FAMILIES), STEADY));
  if (!isFailure(connection)) return connection;
  throw new Error(`no connection to the steady Service: ${connection.detail}`);
}

/** Changes things, with faults, until the proxy dies at one of so many operations, or has lived for long enough. */
async function die(proxy: StressProxy, { dice, world }: Round, operations: number): Promise<void> {
  const death = proxy.dieAfter(1 + dice.below(operations));
  proxy.gate.setFaulty(dice.chance(0.5));
  for (let changes = 1 + dice.below(4); changes > 0; changes--) {
    world.change([STEADY]);
    await Promise.race([death, sleep(dice.below(20))]);
  }
  await Promise.race([death, sleep(LONGEST_LIFE_MS)]);
}

async function live<T>(proxy: StressProxy, round: Round, deeds: () => Promise<T>): Promise<T> {
  try {
    return await deeds();
  } catch (error) {
    round.tell(proxy.account());
    throw error;
  } finally {
    await proxy.end();
  }
}
