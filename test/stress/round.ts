/** Plays one round of a scenario: a node with things of others, a seed that decides all the rest, and a verdict. */
import type { ProxyMode } from 'menwei/config/settings.ts';
import { Dice } from './dice.ts';
import { drain } from './drain.ts';
import { dump, type Lines, Snapshot } from './dump.ts';
import { restart } from './restart.ts';
import type { Round, Scenario } from './scenario.ts';
import type { Site } from './site.ts';
import { type Thing, thingsBeside } from './strangers.ts';
import { takeover } from './takeover.ts';
import { expectCleanedUp, expectUntouched } from './verdict.ts';
import { World } from './world.ts';

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  drain: { about: 'endpoints leave and come back under open and new connections', run: drain },
  takeover: {
    about: 'others hold what the proxy wants, come and go between syncs, and damage what is ours',
    run: takeover,
  },
  restart: { about: 'the proxy is killed in the middle of its work, and another one goes on', run: restart },
};

export async function playRound(
  scenario: Scenario,
  site: Site,
  mode: ProxyMode,
  seed: number,
  options: Pick<Round, 'patienceMs' | 'watchMs' | 'tell'>,
): Promise<void> {
  const dice = new Dice(seed);
  site.empty(mode);
  const things = dice.some(thingsBeside(mode), 0);
  const there: Thing[] = [];
  try {
    for (const thing of things) {
      await thing.put();
      there.push(thing);
    }
    const before: Lines = dump(mode);
    await scenario.run({ mode, site, dice, world: new World(dice), ...options });
    expectUntouched(mode, before);
    await expectCleanedUp(mode, before);
  } finally {
    const left = new Snapshot();
    for (const thing of there) if (thing.look(left) !== '') await thing.take();
  }
}
