/** How long an address of a load balancer is without answers when its owner leaves, many times in each way: `npm run bench:lb-failover`. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { watchClaims } from '@menwei/lab/address-claims.ts';
import { measureFailover } from '@menwei/lab/failover.ts';
import { LabSession } from '@menwei/lab/lab-session.ts';
import { LEAVINGS, type Leaving, startHeartbeats } from '@menwei/lab/leaving.ts';
import { until } from '@menwei/lab/until.ts';
import { Command } from 'commander';
import { orFail } from 'menwei/setup/failure.ts';
import { median, round } from './figures.ts';
import { positive, progress } from './options.ts';

const EXAMPLES = fileURLToPath(new URL('../examples/load-balancer/', import.meta.url));
const NODES = ['node-1', 'node-2', 'node-3'] as const;
const TAKEN_OVER_WITHIN_MS = 20_000;
/** A node that is back has a Lease again, and has heard from the others. */
const SETTLING_MS = 1_500;

/** What each of these is called when heartbeats are on, too. */
const WITH_HEARTBEATS = ', with heartbeats';

async function main(): Promise<void> {
  const command = new Command()
    .option('--runs <n>', 'of each way', positive, 10)
    .option('--only <way>', '"killed, with heartbeats"')
    .parse();
  const { runs, only } = command.opts<{ runs: number; only?: string }>();
  const folder = mkdtempSync(join(tmpdir(), 'menwei-failover-'));
  await using session = await LabSession.up({
    name: `bench-failover-${process.pid}`,
    file: `${EXAMPLES}lab.yaml`,
    manifests: `${EXAMPLES}web.yaml`,
    mode: 'nftables',
  });
  try {
    for (const [name, leaving] of Object.entries(LEAVINGS)) {
      if (only === undefined || only === name) await measure(session, name, leaving, runs, []);
    }
    const flags = await startHeartbeats(session, NODES, folder);
    for (const name of ['killed', 'powered off'] as const) {
      const title = name + WITH_HEARTBEATS;
      if (only === undefined || only === title) await measure(session, title, LEAVINGS[name], runs, flags);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measure(
  session: LabSession,
  name: string,
  leaving: Leaving,
  runs: number,
  flags: readonly string[],
): Promise<void> {
  const { status } = await session.api.get('/api/v1/namespaces/default/services/web');
  const address: string = status.loadBalancer.ingress[0].ip;
  const nodeOf = await session.hostsByMac(NODES);
  const claims = await watchClaims(session.host('wire'), address);
  const known: number[] = [];
  const unknown: number[] = [];
  for (let run = 0; run < runs; run++) {
    await sleep(SETTLING_MS);
    await until(() => claims.claims.length > 0, `nobody answers for ${address}`);
    const owner = nodeOf.get(claims.claims.at(-1)?.mac ?? '');
    if (owner === undefined) throw new Error(`${address} is at no node`);
    const { from, to, longestSilenceMs, longestUnclaimedMs } = await measureFailover({
      client: session.host('client'),
      target: `${address}:80`,
      claims,
      action: () => leaving.leave(session, owner),
      withinMs: TAKEN_OVER_WITHIN_MS,
    });
    if (from === to) throw new Error(`${name}: nobody took ${address} over from ${owner}`);
    known.push(longestSilenceMs);
    unknown.push(longestUnclaimedMs);
    await leaving.mend(session, owner, flags);
  }
  await claims.stop();
  const [one, other] = [known, unknown].map(
    (times) => `median ${round(median(times) / 1_000, 2)} s, worst ${round(Math.max(...times) / 1_000, 2)} s`,
  );
  progress(`${name}: a client that knows the owner ${one}; one that does not ${other}`);
}

await orFail(main);
