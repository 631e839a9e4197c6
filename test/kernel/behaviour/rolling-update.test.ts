/**
 * A rolling update under load: every pod is replaced, some at a time, while clients keep asking. The clients have few
 * ports, so that connections are made again and again from ports whose former connection went to a pod that is gone.
 */

import type { Tally } from '@menwei/lab/outcome.ts';
import { describe, expect, it } from 'vitest';
import { Cluster } from './cluster.ts';
import { MODES, type Mode } from './modes.ts';
import { type Backing, leaving, POD_PORT } from './offer.ts';

/** Most of the time goes into the pods that come and go, so more requests find little more; 20,000 are for who has time. */
const REQUESTS = Number(process.env.MENWEI_TEST_REQUESTS ?? 4_000);
const SERIES = 500;
/** Pods at a time. */
const REPLICAS = 3;
/** How long a pod goes on serving after it has left its slice, as a preStop hook makes it. */
const GRACE_MS = 300;

/** Replaces one pod by a new one, as a Deployment does. */
async function* rollOut(cluster: Cluster): AsyncGenerator<readonly (string | Backing)[]> {
  let pods = ['a1', 'a2', 'b1'];
  for (let generation = 1; ; generation++) {
    const name = `new-${generation}`;
    const node = generation % 2 === 0 ? 'one' : 'two';
    const subnet = node === 'one' ? '10.244.0' : '10.244.1';
    // Addresses come back after a while, as in a cluster.
    await cluster.lab.addPod({ name, node, ip: `${subnet}.${100 + (generation % 40)}`, ports: [POD_PORT] });
    pods = [...pods, name];
    yield pods;
    const [oldest = '', ...others] = pods;
    pods = others;
    yield [leaving(oldest), ...pods];
    yield pods;
    await new Promise((resolve) => setTimeout(resolve, GRACE_MS));
    await cluster.lab.removePod(oldest);
  }
}

async function underLoad(
  mode: Mode,
): Promise<{ readonly tallies: readonly Tally[]; readonly updates: number }> {
  const cluster = new Cluster(mode);
  await cluster.start();
  try {
    const ports = 'echo 20000 22999 >/proc/sys/net/ipv4/ip_local_port_range';
    await cluster.host('visitor-a').exec('sh', ['-ec', ports]);
    const web = await cluster.publish({ family: 'IPv4', protocol: 'TCP', pods: ['a1', 'a2', 'b1'] });
    const tallies: Tally[] = [];
    let isLoaded = true;
    const load = async (): Promise<void> => {
      for (let asked = 0; asked < REQUESTS; asked += SERIES) {
        tallies.push(await web.askOften(SERIES, 'visitor-a', web.clusterIP));
      }
    };
    const roll = async (): Promise<number> => {
      let updates = 0;
      for await (const pods of rollOut(cluster)) {
        if (!isLoaded) break;
        await web.update({ pods });
        updates += 1;
      }
      return updates;
    };
    const [updates] = await Promise.all([
      roll(),
      load().finally(() => {
        isLoaded = false;
      }),
    ]);
    return { tallies, updates };
  } finally {
    await cluster.stop();
  }
}

describe.each(MODES)('in $name mode', (mode) => {
  it('a rolling update under load fails no request', { timeout: 300_000 }, async () => {
    const { tallies, updates } = await underLoad(mode);
    const total = tallies.reduce((sum, tally) => sum + tally.total, 0);
    const failures = tallies.flatMap((tally) => Object.entries(tally.failures));
    const pods = new Set(tallies.flatMap(({ byPod }) => Object.keys(byPod)));
    console.log(
      `${mode.name}: ${total} requests, ${updates} updates, ${pods.size} pods, failures: ${failures.length}`,
    );
    expect(failures).toEqual([]);
    expect(total).toBeGreaterThanOrEqual(REQUESTS);
    expect(pods.size).toBeGreaterThan(REPLICAS + 1);
  });
});
