/** Rounds with chosen seeds as tests. */

import type { ProxyMode } from 'menwei/config/settings.ts';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { MODES } from './engine.ts';
import { playRound, SCENARIOS } from './round.ts';
import { Site } from './site.ts';

/** Programs take a while on a busy machine, and in the guest a multiple of that. */
const PATIENCE_MS = 30_000;
const WATCH_MS = 300;

export function describeRounds(
  name: string,
  seeds: Readonly<Partial<Record<ProxyMode, readonly number[]>>>,
): void {
  const scenario = SCENARIOS[name];
  const cases = MODES.flatMap((mode) => (seeds[mode] ?? []).map((seed) => ({ mode, seed })));
  describe(`stress ${name}`, () => {
    let site: Site;
    beforeAll(async () => {
      site = await Site.open();
    });
    afterAll(() => site[Symbol.asyncDispose]());

    it.each(cases)('comes through round $seed in $mode mode', async ({ mode, seed }) => {
      if (scenario === undefined) throw new Error(`BUG: no scenario ${name}`);
      const story: string[] = [];
      const tell = (line: string): void => void story.push(line);
      try {
        await playRound(scenario, site, mode, seed, { patienceMs: PATIENCE_MS, watchMs: WATCH_MS, tell });
      } catch (cause) {
        throw new Error(`${cause}\n${story.join('\n')}`, { cause });
      }
    });
  });
}
