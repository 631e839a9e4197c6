/**
 * Kills a process that writes to a store, again and again, and looks what is there afterwards:
 *
 *   npm run stress:store [-- --rounds N] [--writes N] [--seed S] [--folder FOLDER]
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { crashStore } from '../test/stress/store-crash.ts';
import { wholeNumber } from './whole-number.ts';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '50' },
    writes: { type: 'string', default: '10000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    folder: { type: 'string' },
  },
});
const rounds = wholeNumber('rounds', values.rounds);
const writes = wholeNumber('writes', values.writes);
const seed = wholeNumber('seed', values.seed);
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'menwei-stress-store-'));
console.log(`${rounds} rounds, ${writes} writes, seed ${seed}`);
try {
  const answers = await crashStore({
    folder: join(folder, 'data'),
    seed,
    rounds,
    writes,
    report: (round, soFar) => {
      if (round % 10 === 0) console.log(`round ${round}: ${soFar} writes answered, all there`);
    },
  });
  console.log(`${rounds} of ${rounds} rounds passed: ${answers} writes answered, none lost, none in halves`);
  if (values.folder === undefined) rmSync(folder, { recursive: true });
} catch (error) {
  console.error(error);
  console.error(`stress:store: failed with --seed ${seed}; the store is left in ${folder}`);
  process.exitCode = 1;
}
