/**
 * Endpoints leave and come back, again and again, while connections through their Service are open: all of those stay, new
 * ones go to endpoints that are there, and in the end every endpoint that came back has its share.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import type { LongLivedConnection } from '@menwei/lab/host.ts';
import { isFailure } from '@menwei/lab/outcome.ts';
import { StressProxy } from './proxy.ts';
import type { Round } from './scenario.ts';
import { expectProgrammed, expectRight, expectServed } from './verdict.ts';

const SERVICE = 1;
const CONNECTIONS = 4;
const CHANGES = 8;
const LONGEST_PAUSE_MS = 60;

export async function drain(round: Round): Promise<void> {
  const { mode, dice, world, site, patienceMs } = round;
  world.publish(SERVICE, true);
  if (dice.chance(0.5)) world.publish(2);
  const proxy = await StressProxy.start(round);
  try {
    await proxy.settle(patienceMs);
    const connections: LongLivedConnection[] = [];
    for (let step = 0; step < CHANGES; step++) {
      proxy.gate.setFaulty(dice.chance(0.7));
      if (connections.length < CONNECTIONS && dice.chance(0.6)) connections.push(await connect(round));
      for (let changes = 1 + dice.below(3); changes > 0; changes--) world.shufflePods(SERVICE);
      if (dice.chance(0.2)) world.change([SERVICE]);
      await sleep(dice.below(LONGEST_PAUSE_MS));
    }
    proxy.gate.setFaulty(false);
    await proxy.settle(patienceMs);
    expectProgrammed(proxy);
    await expectRight(world, mode, proxy);
    await expectServed(site, world);
    for (const connection of connections) await expectAlive(connection);
    await Promise.all(connections.map((connection) => connection.close()));
  } catch (error) {
    round.tell(proxy.account());
    throw error;
  } finally {
    await proxy.end();
  }
}

async function connect({ dice, site, world }: Round): Promise<LongLivedConnection> {
  const target = world.target(dice.pick(IP_FAMILIES), SERVICE);
  const connection = await site.visitor.open(target, { timeoutMs: 5_000 });
  if (isFailure(connection)) throw new Error(`no connection to ${target}: ${connection.detail}`);
  return connection;
}

async function expectAlive(connection: LongLivedConnection): Promise<void> {
  const echo = await connection.echo('still there', 5_000);
  if (echo === 'still there') return;
  const why = typeof echo === 'string' ? `it said ${echo}` : echo.detail;
  throw new Error(`a connection to ${connection.answer.pod} was lost: ${why}`);
}
