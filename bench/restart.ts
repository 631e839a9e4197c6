/**
 * A process of its own for bench/sync.ts: starts a proxy in the network namespace it finds itself in, where the rules
 * are already, and sends back how its first sync went.
 */
import { startToolRunner } from '@menwei/kernel/tool-runner.ts';
import { createProxy, openBenchRelays, sentBy, startBackend } from './proxy.ts';
import { timedWithStalls } from './timing.ts';
import { fill } from './workload.ts';

const [mode = '', services, endpoints, changed] = process.argv.slice(2);

const { signal } = new AbortController();
const runner = startToolRunner();
const backend = await startBackend(mode, runner, await openBenchRelays(mode), signal);
const proxy = createProxy(backend);
fill(proxy.state.objects, { services: Number(services), endpoints: Number(endpoints) }, Number(changed));
const timing = await timedWithStalls({ proxy, sent: () => sentBy(backend) }, signal);
runner.close();
process.send?.({ ...timing, rssMb: process.memoryUsage.rss() / 2 ** 20 }, undefined, undefined, () =>
  process.exit(),
);
