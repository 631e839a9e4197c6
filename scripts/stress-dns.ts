/**
 * Sends a `menwei dns` messages that no client means, and connections that wish it ill, in a network namespace of its own:
 *
 *   npm run stress:dns [-- --messages N] [--seed S]
 *
 * It must answer each message once at most, with what a client can read, answer honest questions all the while, and not grow.
 */
import { execFileSync } from 'node:child_process';
import { parseArgs } from 'node:util';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { attackDns } from '../test/stress/dns/dns-under-attack.ts';
import { fail, wholeNumber } from './whole-number.ts';

const { values } = parseArgs({
  options: {
    messages: { type: 'string', default: '1000000' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
  },
});
if (process.getuid?.() !== 0) fail('this makes a network namespace and needs root');
const seed = wholeNumber('seed', values.seed);
const messages = wholeNumber('messages', values.messages);
unshare(CLONE_NEWNET);
execFileSync('ip', ['link', 'set', 'lo', 'up']);
const faults = await attackDns({ seed, messages, report: (line) => console.log(line) });
for (const fault of faults.slice(0, 20)) console.log(fault);
console.log(
  `stress:dns: seed ${seed}: ${faults.length === 0 ? 'all was as it should be' : `${faults.length} faults`}`,
);
process.exitCode = faults.length === 0 ? 0 : 1;
