/**
 * Others hold what the proxy wants, or leave it behind; they come and go between syncs, and damage what is ours. What is
 * theirs is never touched, what is ours is repaired, and what they let go of is taken.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Snapshot } from './dump.ts';
import { StressProxy } from './proxy.ts';
import type { Round } from './scenario.ts';
import { contestedThings, harm, type Thing, thingsBeside } from './strangers.ts';
import { eventuallyRight, expectProgrammed, expectServed } from './verdict.ts';

const STEPS = 8;
const LONGEST_PAUSE_MS = 60;

/** A thing that was put there, and how it looked then. */
interface Held {
  readonly thing: Thing;
  readonly look: string;
}

export async function takeover(round: Round): Promise<void> {
  const { mode, dice, world, site, patienceMs, tell } = round;
  for (const number of [1, 2, 3]) if (dice.chance(0.8)) world.publish(number);
  const start = new Snapshot();
  // Those that are there from the start are looked at by others.
  const candidates = [...thingsBeside(mode), ...contestedThings(mode)].filter(
    ({ look }) => look(start) === '',
  );
  const held: Held[] = [];
  for (const thing of dice.some(candidates, 0)) if (dice.chance(0.5)) await put(thing, held);
  const proxy = await StressProxy.start(round);
  try {
    for (let step = 0; step < STEPS; step++) {
      proxy.gate.setFaulty(dice.chance(0.6));
      expectHeld(held);
      tell(await act(round, candidates, held));
      await sleep(dice.below(LONGEST_PAUSE_MS));
    }
    proxy.gate.setFaulty(false);
    expectHeld(held);
    for (const { thing } of held.splice(0)) await thing.take();
    await eventuallyRight(world, mode, proxy, patienceMs);
    await proxy.settle(patienceMs);
    expectProgrammed(proxy);
    await expectServed(site, world);
  } catch (error) {
    tell(proxy.account());
    throw error;
  } finally {
    await proxy.end();
    for (const { thing } of held.splice(0)) if (thing.look(new Snapshot()) !== '') await thing.take();
  }
}

/** One deed of others, or a change of ours. */
async function act(
  { mode, dice, world }: Round,
  candidates: readonly Thing[],
  held: Held[],
): Promise<string> {
  const free = candidates.filter((thing) => !held.some((each) => each.thing === thing));
  if (free.length > 0 && dice.chance(0.4)) {
    const thing = dice.pick(free);
    return (await put(thing, held)) ? `put ${thing.name}` : `could not put ${thing.name}`;
  }
  if (held.length > 0 && dice.chance(0.4)) {
    const [gone] = held.splice(dice.below(held.length), 1);
    await gone?.thing.take();
    return `took ${gone?.thing.name}`;
  }
  if (dice.chance(0.5)) {
    world.change();
    return 'changed a Service';
  }
  try {
    return harm(mode, dice);
  } catch (error) {
    // What was to be damaged was just changed.
    return `harm failed: ${error instanceof Error ? error.message.trim() : error}`;
  }
}

async function put(thing: Thing, held: Held[]): Promise<boolean> {
  if (!(await thing.put())) return false;
  held.push({ thing, look: thing.look(new Snapshot()) });
  return true;
}

function expectHeld(held: readonly Held[]): void {
  const node = new Snapshot();
  for (const { thing, look } of held) {
    const now = thing.look(node);
    if (now !== look) throw new Error(`${thing.name} of others was changed:\n${look}\nis now\n${now}`);
  }
}
