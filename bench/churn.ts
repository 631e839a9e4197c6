/**
 * Whether a proxy stays right, small and quiet while objects change all the time and others damage what it has made.
 *
 *   npm run bench:churn -- --minutes 10 --mode nftables [--services 200] [--rate 50] [--tools legacy] [--seed 1]
 *
 * `menwei run` follows an API server of this process, in a network namespace of its own. Every other half-minute something of
 * its own is damaged every few seconds, with the kernel's tools. At the end `menwei diff` has to find nothing, memory must
 * not have grown since the first minute (bench/churn-verdict.ts says how that is judged), and warnings and errors in the log
 * have to have come soon after a damage. Exit status 1 otherwise. The ipvs mode runs in the guest where this kernel has
 * no IPVS.
 */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { FakeApiServer } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { Command, Option } from 'commander';
import type { ProxyMode } from 'menwei/config/settings.ts';
import { orFail } from 'menwei/setup/failure.ts';
import { TestFolder } from '../test/kernel/run-cluster.ts';
import { Dice } from '../test/stress/dice.ts';
import { MODES } from '../test/stress/engine.ts';
import { tool } from '../test/stress/site.ts';
import { harm } from '../test/stress/strangers.ts';
import { ChurnObjects, CLUSTER_CIDRS, NODE, NODE_IPS } from './churn-objects.ts';
import { LAUNCHER, RunningProxy } from './churn-proxy.ts';
import { type Collected, countKinds, judgeMemory, unprovoked, WARM_UP_SECONDS } from './churn-verdict.ts';
import { round } from './figures.ts';
import { enterGuest, guestOption } from './guest.ts';
import { makeNode } from './node.ts';
import { natural, positive, progress, toolsOption } from './options.ts';
import { chooseVariant } from './variant.ts';

interface Options {
  readonly mode: ProxyMode;
  readonly minutes: number;
  readonly services: number;
  readonly rate: number;
  readonly damageEvery: number;
  readonly seed: number;
  readonly tools: 'legacy' | 'nf_tables' | 'default';
  readonly guest: boolean;
}

const options = new Command('bench:churn')
  .addOption(new Option('--mode <mode>', 'proxy mode').choices(MODES).default('nftables'))
  .option('--minutes <n>', 'how long', positive, 10)
  .option('--services <n>', 'Services of both families', positive, 200)
  .option('--rate <n>', 'changes a second', natural, 50)
  .option('--damage-every <n>', 'seconds between two damages, on average; 0: none', natural, 4)
  .option('--seed <n>', 'of everything random', natural, 1)
  .addOption(toolsOption())
  .addOption(guestOption())
  .parse()
  .opts<Options>();

const TICK_MS = 100;
const SAMPLE_MS = 1_000;
/** Seconds from the first to each time that garbage is collected, after the first minute and at the end. */
const COLLECTIONS = [0, 5, 10];
const LAST_COLLECTIONS = 15;
const REPORT_MS = 30_000;
/** Damage is done in the first half of each of these periods. */
const DAMAGE_PERIOD_MS = 60_000;
/** What follows from a damage comes within this time; what nobody tells of, within ten sync periods. */
const GRACE = { graceMs: 15_000, driftGraceMs: 330_000 };
const PATIENCE_MS = 400_000;
const MOST_LINES = 20;
const MOST_SHOWN = 4_000;

async function main(): Promise<void> {
  enterGuest([options.mode], options.guest);
  unshare(CLONE_NEWNET);
  makeNode([`${NODE_IPS.IPv4}/24`, `${NODE_IPS.IPv6}/64`]);
  using _variant = chooseVariant(options.tools);
  using folder = new TestFolder();
  await using server = await FakeApiServer.start();
  const dice = new Dice(options.seed);
  const objects = new ChurnObjects(server, dice, options.services);
  const flags = [
    ...['--proxy-mode', options.mode, '--kubeconfig', folder.kubeconfig(server)],
    ...['--hostname-override', NODE, '--cluster-cidr', CLUSTER_CIDRS],
    ...(options.mode === 'ipvs' ? ['--ipvs-required'] : []),
  ];
  const proxy = new RunningProxy(flags, { collects: true });
  try {
    await proxy.untilSynced();
    const churned = await churn(proxy, objects, dice);
    const difference = await untilEqual(flags);
    await proxy.stop();
    process.exitCode = report(proxy, churned, difference) ? 0 : 1;
  } finally {
    await proxy.stop();
  }
}

interface Damage {
  readonly atMs: number;
  readonly what: string;
}

async function churn(proxy: RunningProxy, objects: ChurnObjects, dice: Dice) {
  const collected: Collected[] = [];
  const damages: Damage[] = [];
  const startedMs = performance.now();
  const elapsedMs = () => performance.now() - startedMs;
  let changes = 0;
  let [sampleDueMs, reportDueMs, peakMb] = [0, 0, 0];
  const endSeconds = options.minutes * 60;
  const collectDue = [
    ...COLLECTIONS.map((s) => WARM_UP_SECONDS + s),
    ...COLLECTIONS.map((s) => endSeconds - LAST_COLLECTIONS + s),
  ];
  while (elapsedMs() < endSeconds * 1000) {
    if (!proxy.isRunning) throw new Error('the proxy has ended');
    for (const due = (elapsedMs() / 1000) * options.rate; changes < due; changes++) objects.change();
    const isDamageTime = options.damageEvery > 0 && elapsedMs() % DAMAGE_PERIOD_MS < DAMAGE_PERIOD_MS / 2;
    if (isDamageTime && dice.chance(TICK_MS / 1000 / options.damageEvery)) damages.push(damage(dice));
    if (elapsedMs() >= sampleDueMs) {
      peakMb = Math.max(peakMb, proxy.rssMb);
      sampleDueMs += SAMPLE_MS;
    }
    if (elapsedMs() >= (collectDue[0] ?? Number.POSITIVE_INFINITY) * 1000) {
      collectDue.shift();
      const seconds = elapsedMs() / 1000;
      collected.push({ seconds, ...(await proxy.collect()) });
    }
    if (elapsedMs() >= reportDueMs) {
      const minute = round(elapsedMs() / 60_000, 1);
      progress(`${minute} min: ${round(proxy.rssMb)} MB, ${changes} changes, ${damages.length} damages`);
      reportDueMs += REPORT_MS;
    }
    await sleep(TICK_MS);
  }
  return { collected, peakMb, damages };
}

function damage(dice: Dice): Damage {
  const atMs = Date.now();
  try {
    return { atMs, what: dice.chance(0.1) ? flush() : harm(options.mode, dice) };
  } catch (error) {
    // The proxy has changed meanwhile what was to be damaged.
    return { atMs, what: `failed: ${error instanceof Error ? error.message : error}` };
  }
}

/** Everything at once, as firewall managers do. */
function flush(): string {
  if (options.mode === 'nftables') {
    tool('nft', ['flush', 'ruleset']);
    return 'nft flush ruleset';
  }
  for (const tools of ['iptables', 'ip6tables']) {
    for (const table of ['nat', 'filter', 'mangle']) {
      tool(tools, ['-w', '10', '-t', table, '-F']);
      // Chains of others, which somebody refers to, stay.
      spawnSync(tools, ['-w', '10', '-t', table, '-X']);
    }
  }
  return 'iptables -F, -X in all tables';
}

/** What `menwei diff` has to say in the end; undefined: nothing. */
async function untilEqual(flags: readonly string[]): Promise<string | undefined> {
  const deadlineMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const { status, output } = await diff(flags);
    if (status === 0) return undefined;
    if (performance.now() > deadlineMs) return output;
    progress(`menwei diff ends with ${status}, after ${output.split('\n').length - 1} lines; once more …`);
    await sleep(2_000);
  }
}

/** The API server of this process has to answer it. */
async function diff(flags: readonly string[]) {
  const child = spawn(LAUNCHER, ['diff', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
    });
  }
  await once(child, 'close');
  return { status: child.exitCode, output };
}

function report(
  { lines, others }: RunningProxy,
  { collected, peakMb, damages }: Awaited<ReturnType<typeof churn>>,
  difference: string | undefined,
): boolean {
  const memory = judgeMemory(collected, peakMb);
  const bad = unprovoked(
    lines,
    damages.map(({ atMs }) => atMs),
    GRACE,
  );
  print(`${options.mode}: ${options.minutes} min, ${damages.length} damages`);
  print(memory.text);
  print(
    difference === undefined ? 'menwei diff: nothing' : `menwei diff:\n${difference.slice(0, MOST_SHOWN)}`,
  );
  for (const kind of countKinds(lines)) print(`log: ${kind}`);
  for (const { level, message } of bad.slice(0, MOST_LINES)) print(`unprovoked: ${level} ${message}`);
  for (const line of others.slice(0, MOST_LINES)) print(`no log line: ${line}`);
  const isGood = memory.isGood && difference === undefined && bad.length === 0 && others.length === 0;
  print(isGood ? 'passed' : 'FAILED');
  return isGood;
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

await orFail(main);
