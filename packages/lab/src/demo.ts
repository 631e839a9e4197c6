/**
 * The demo: the reference case with real proxies, real rules and real traffic. It claims nothing that it did not
 * observe: every claim is a check, and one that fails is the demo's failure.
 */
import type { LabHost } from './host.ts';
import { createLab, type Lab } from './lab.ts';
import { startNodeProxy } from './node-proxy.ts';
import {
  BACKENDS,
  CLUSTER_CIDR,
  manifestsOf,
  NODE_PORT,
  REFERENCE_LAB,
  SERVICE_ADDRESS,
  SERVICE_NAME,
} from './reference-case.ts';
import { describeTally, faultsOf } from './shares.ts';
import {
  deadProxies,
  onStage,
  type Stage,
  showHosts,
  untilAnswered,
  type Way,
  writeManifests,
} from './stage.ts';
import { describeVirtualServers } from './virtual-servers.ts';

const REQUESTS = 300;
/** Some versions of the tools put it in quotation marks. */
const COMMENT = new RegExp(`--comment "?${SERVICE_NAME}"? `);
const TAKEN_OVER_WITHIN_MS = 10_000;

interface DemoOptions {
  readonly mode: string;
  readonly print: (line: string) => void;
}

/** Runs the demo; returns what was not as it should be, nothing if all was. */
export function runDemo({ mode, print }: DemoOptions): Promise<readonly string[]> {
  return onStage(print, async (stage) => {
    stage.step('two nodes, five pods and a client outside: making their network namespaces');
    await using lab = await createLab(REFERENCE_LAB);
    showHosts(lab, print);
    await writeManifests(stage.folder, manifestsOf([]));
    return await new Demo(lab, mode, stage).run();
  });
}

class Demo {
  readonly #lab: Lab;
  readonly #mode: string;
  readonly #stage: Stage;
  readonly #ways: readonly Way[];
  readonly #wrong: string[] = [];

  constructor(lab: Lab, mode: string, stage: Stage) {
    this.#lab = lab;
    this.#mode = mode;
    this.#stage = stage;
    const outside = (node: string): Way => {
      const target = `${lab.node(node).ip}:${NODE_PORT}`;
      return { title: `from outside, to ${node}'s NodePort ${target}`, from: lab.client, target };
    };
    this.#ways = [
      {
        title: `from pod shop on minikube-m02, to ${SERVICE_ADDRESS}`,
        from: lab.pod('shop'),
        target: SERVICE_ADDRESS,
      },
      {
        title: `from node minikube, to ${SERVICE_ADDRESS}`,
        from: lab.node('minikube'),
        target: SERVICE_ADDRESS,
      },
      outside('minikube'),
      outside('minikube-m02'),
    ];
  }

  async run(): Promise<readonly string[]> {
    this.#stage.step(`starting menwei in mode ${this.#mode} on both nodes`);
    const proxies = this.#lab.nodes.map((node) =>
      startNodeProxy(node, {
        source: ['--manifests', this.#stage.folder],
        mode: this.#mode,
        clusterCIDR: CLUSTER_CIDR,
        moreFlags: this.#mode === 'ipvs' ? ['--ipvs-required'] : [],
      }),
    );
    const obstacle = await untilAnswered(this.#ways, proxies);
    if (obstacle !== undefined) return [obstacle];
    this.#stage.step('both nodes are programmed: the Service answers in every way');
    await this.#showRules();

    this.#stage.step(`${REQUESTS} requests each way to ${SERVICE_NAME}, answered by:`);
    for (const way of this.#ways) await this.#sendAndCheck(way, BACKENDS);

    const [, unready = ''] = BACKENDS;
    await this.#takeOut(unready);
    this.#stage.step(`${REQUESTS} requests each way, now without ${unready}:`);
    for (const way of this.#ways)
      await this.#sendAndCheck(
        way,
        BACKENDS.filter((pod) => pod !== unready),
      );

    return [...this.#wrong, ...deadProxies(proxies)];
  }

  async #showRules(): Promise<void> {
    this.#stage.step('the rules on minikube that carry the traffic:');
    const lines = await rulesOf(this.#lab.node('minikube'), this.#mode);
    for (const line of lines) this.#stage.print(`            ${line.trim()}`);
    if (lines.length === 0) this.#wrong.push(`no rule on minikube belongs to ${SERVICE_NAME}`);
  }

  async #sendAndCheck(way: Way, expected: readonly string[]): Promise<void> {
    const tally = await way.from.requests(REQUESTS, way.target);
    for (const line of describeTally(way.title, tally, BACKENDS)) this.#stage.print(`            ${line}`);
    this.#wrong.push(...faultsOf(tally, expected).map((fault) => `${way.title}: ${fault}`));
  }

  /** Marks a pod unready under load and waits until nobody is sent there any more. */
  async #takeOut(pod: string): Promise<void> {
    this.#stage.step(`${pod} turns unready: editing its EndpointSlice while requests keep coming`);
    const edited = performance.now();
    await writeManifests(this.#stage.folder, manifestsOf([pod]));
    let failed = 0;
    let sent = 0;
    let lastAnswerMs = 0;
    // Both nodes have learnt of it when the pod stays silent for a series in every way.
    for (let silentRounds = 0; silentRounds < 2; ) {
      const tallies = await Promise.all(this.#ways.map(({ from, target }) => from.requests(20, target)));
      sent += tallies.reduce((sum, { total }) => sum + total, 0);
      failed += tallies.reduce((sum, tally) => sum + tally.failed, 0);
      const isSilent = tallies.every(({ byPod }) => byPod[pod] === undefined);
      silentRounds = isSilent ? silentRounds + 1 : 0;
      if (!isSilent) lastAnswerMs = performance.now() - edited;
      if (lastAnswerMs > TAKEN_OVER_WITHIN_MS) {
        this.#wrong.push(`${pod} still answers ${TAKEN_OVER_WITHIN_MS / 1000} s after it turned unready`);
        break;
      }
    }
    this.#stage.step(
      `the others took over after ${Math.round(lastAnswerMs)} ms; of ${sent} requests meanwhile ${failed} failed`,
    );
    if (failed > 0) this.#wrong.push(`${failed} of ${sent} requests failed while ${pod} was taken out`);
  }
}

async function rulesOf(node: LabHost, mode: string): Promise<readonly string[]> {
  if (mode === 'nftables') {
    const { stdout } = await node.exec('nft', ['list', 'ruleset']);
    return stdout.split('\n').filter((line) => line.includes(SERVICE_NAME));
  }
  if (mode === 'ipvs') return await describeVirtualServers(node, 'IPv4', leadsToService);
  // Either variant of the tools may hold the rules; each lists its own only.
  const listings = await Promise.all(
    ['iptables-nft-save', 'iptables-legacy-save'].map((tool) => node.exec(tool, ['-t', 'nat'])),
  );
  const lines = listings.flatMap(({ stdout }) => stdout.split('\n'));
  // In userspace mode the rules only lead to the program that forwards.
  return mode === 'userspace' ? lines.filter((line) => COMMENT.test(line)) : rulesOfService(lines);
}

function leadsToService(ip: string, port: number): boolean {
  return port === NODE_PORT || `${ip}:${port}` === SERVICE_ADDRESS;
}

/** The rules that the Service's packets meet, in the order in which they meet them. */
export function rulesOfService(lines: readonly string[]): readonly string[] {
  const entries = ['KUBE-SERVICES', 'KUBE-NODEPORTS'].flatMap((chain) =>
    lines.filter((line) => line.startsWith(`-A ${chain} `) && line.includes(`"${SERVICE_NAME}`)),
  );
  const followed = new Set<string>();
  const follow = (rule: string): readonly string[] => {
    const [, chain] = / -j (KUBE-\S+)/.exec(rule) ?? [];
    if (chain === undefined || followed.has(chain)) return [];
    followed.add(chain);
    const rules = lines.filter((line) => line.startsWith(`-A ${chain} `));
    return [...rules, ...rules.flatMap(follow)];
  };
  const leaving = lines.filter((line) => line.startsWith('-A KUBE-POSTROUTING '));
  return [...entries, ...entries.flatMap(follow), ...leaving];
}
