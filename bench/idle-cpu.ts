/**
 * What a proxy costs that has nothing to do: `menwei run` with an API server, after its first sync and some rest.
 *
 *   npm run bench:idle -- [--modes nftables,iptables] [--services 1000] [--endpoints 10] [--seconds 60] [--json]
 *
 * Processor time of all its threads and of the tools it starts, as a share of one core. The modes with iptables rules are
 * measured with both variants of the tools. The ipvs mode, and all others then, in the guest where this kernel has no IPVS.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { CLONE_NEWNET, unshare } from '@menwei/netlink/native';
import { Command } from 'commander';
import { orFail } from 'menwei/setup/failure.ts';
import { TestFolder } from '../test/kernel/run-cluster.ts';
import { startApiServer } from './api-server.ts';
import { RunningProxy } from './churn-proxy.ts';
import { round } from './figures.ts';
import { enterGuest, guestOption } from './guest.ts';
import { makeNode } from './node.ts';
import { NODE_VIEW } from './objects.ts';
import { positive, progress } from './options.ts';
import { childSeconds, scheduledSeconds } from './started-process.ts';
import { chooseVariant } from './variant.ts';

interface Options {
  readonly modes: readonly string[];
  readonly services: number;
  readonly endpoints: number;
  readonly seconds: number;
  readonly guest: boolean;
  readonly json: boolean;
}

const options = new Command('bench:idle')
  .option('--modes <list>', 'proxy modes', (text) => text.split(','), ['nftables', 'iptables', 'userspace'])
  .option('--services <n>', 'Services', positive, 1_000)
  .option('--endpoints <n>', 'endpoints of each', positive, 10)
  .option('--seconds <n>', 'how long each is measured', positive, 60)
  .addOption(guestOption())
  .option('--json', 'one JSON array on the last line', false)
  .parse()
  .opts<Options>();

/** Leftovers are looked for, all rules are read once, and memory is given back. */
const REST_MS = 45_000;

interface Figure {
  readonly mode: string;
  readonly tools: string;
  readonly percentOfCore: number;
  readonly ofItTools: number;
}

async function main(): Promise<void> {
  enterGuest(options.modes, options.guest);
  unshare(CLONE_NEWNET);
  makeNode([`${NODE_VIEW.ip}/24`]);
  using folder = new TestFolder();
  using server = await startApiServer(options.services, options.endpoints);
  const kubeconfig = folder.write('kubeconfig', server.kubeconfig);
  const figures: Figure[] = [];
  for (const mode of options.modes) {
    for (const tools of mode === 'nftables' ? (['default'] as const) : (['legacy', 'nf_tables'] as const)) {
      figures.push(await measure(mode, tools, kubeconfig));
    }
  }
  if (options.json) process.stdout.write(`${JSON.stringify(figures)}\n`);
}

async function measure(
  mode: string,
  tools: 'default' | 'legacy' | 'nf_tables',
  kubeconfig: string,
): Promise<Figure> {
  using variant = chooseVariant(tools);
  const proxy = new RunningProxy([
    ...['--proxy-mode', mode, '--kubeconfig', kubeconfig, '--hostname-override', NODE_VIEW.name],
    ...['--cluster-cidr', '10.128.0.0/9'],
  ]);
  try {
    await proxy.untilSynced();
    await sleep(REST_MS);
    const before = { own: scheduledSeconds(proxy.pid), tools: childSeconds(proxy.pid) };
    await sleep(options.seconds * 1_000);
    const share = (seconds: number) => round((100 * seconds) / options.seconds, 3);
    const ofItTools = share(childSeconds(proxy.pid) - before.tools);
    const percentOfCore = share(scheduledSeconds(proxy.pid) - before.own) + ofItTools;
    const figure = { mode, tools: mode === 'nftables' ? 'none' : variant.name, percentOfCore, ofItTools };
    progress(
      `${figure.mode} (${figure.tools}): ${round(percentOfCore, 2)} % of a core, of it tools ${ofItTools} %`,
    );
    return figure;
  } finally {
    await proxy.stop();
  }
}

await orFail(main);
