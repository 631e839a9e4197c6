/**
 * Lets faults befall nodes that announce load-balancer addresses on a segment of a lab, and judges what is heard there:
 *
 *   npm run stress:announce [-- --minutes M] [--seed S] [--nodes N] [--heartbeat] [--faults NAME,…]
 */
import { parseArgs } from 'node:util';
import { SEGMENT_FAULTS } from '../test/stress/announce/segment-faults.ts';
import { soakAnnouncing } from '../test/stress/announce/soak.ts';
import { fail, wholeNumber } from './whole-number.ts';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    nodes: { type: 'string', default: '3' },
    heartbeat: { type: 'boolean', default: false },
    faults: { type: 'string', default: '' },
  },
});
if (process.getuid?.() !== 0) fail('this makes network namespaces and needs root');
const seed = wholeNumber('seed', values.seed);
const nodes = wholeNumber('nodes', values.nodes);
if (nodes < 3 || nodes > 5) fail('--nodes: 3 to 5');
const faults = values.faults === '' ? [] : values.faults.split(',');
const unknown = faults.find((name) => !(name in SEGMENT_FAULTS));
if (unknown !== undefined) fail(`--faults: ${unknown} is none of ${Object.keys(SEGMENT_FAULTS).join(', ')}`);
console.log(`${nodes} nodes, seed ${seed}`);
const found = await soakAnnouncing({
  seed,
  nodes,
  forMs: wholeNumber('minutes', values.minutes) * 60_000,
  hasHeartbeat: values.heartbeat,
  faults,
  report: (line) => console.log(line),
});
console.log(
  `stress:announce: seed ${seed}: ${found.length === 0 ? 'all was as it should be' : `${found.length} faults`}`,
);
process.exitCode = found.length === 0 ? 0 : 1;
