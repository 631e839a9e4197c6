/** Plays rounds of a scenario, as the command line says, and prints a line of JSON for each. */
import { setTimeout as sleep } from 'node:timers/promises';
import { formatErrorChain } from 'menwei/log/error-text.ts';
import * as v from 'valibot';
import { HUNG, type Result } from './result.ts';
import { playRound, SCENARIOS } from './round.ts';
import { Site } from './site.ts';

const OrdersSchema = v.object({
  scenario: v.string(),
  patienceMs: v.number(),
  watchMs: v.number(),
  rounds: v.array(
    v.object({ mode: v.picklist(['iptables', 'nftables', 'userspace', 'ipvs']), seed: v.number() }),
  ),
});
/** A round that takes so many times as long as its proxy may, hangs. */
const HANGS_AFTER = 3;

const {
  scenario: name,
  rounds,
  patienceMs,
  watchMs,
} = v.parse(OrdersSchema, JSON.parse(process.argv[2] ?? ''));
const scenario = SCENARIOS[name];
if (scenario === undefined) throw new Error(`BUG: no scenario ${name}`);
await using site = await Site.open();
for (const { mode, seed } of rounds) {
  const startedMs = performance.now();
  const story: string[] = [];
  const tell = (line: string): void => void story.push(line);
  let failure: string | undefined;
  const play = playRound(scenario, site, mode, seed, { patienceMs, watchMs, tell }).catch(
    (error: unknown) => {
      failure = error instanceof Error ? formatErrorChain(error) : String(error);
    },
  );
  const hangs = await Promise.race([
    play.then(() => false),
    sleep(HANGS_AFTER * patienceMs, true, { ref: false }),
  ]);
  if (hangs) failure = `it hangs: not over after ${(HANGS_AFTER * patienceMs) / 1000} seconds`;
  const seconds = Number(((performance.now() - startedMs) / 1000).toFixed(3));
  const result: Result = { mode, seed, seconds, ...(failure === undefined ? {} : { failure, story }) };
  process.stdout.write(`${JSON.stringify(result)}\n`);
  // What still goes on would disturb the next round.
  if (hangs) process.exit(HUNG);
}
