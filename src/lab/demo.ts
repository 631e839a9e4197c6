/**
 * The demo: the reference case with real proxies, real rules and real traffic. It claims nothing that it did not
 * observe: every claim is a check, and one that fails is the demo's failure.
 */
import { rmSync } from 'node:fs';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabHost } from './host.ts';
import type { HostProcess } from './host-process.ts';
import { createLab, type Lab } from './lab.ts';
import { startNodeProxy } from './node-proxy.ts';
import { isFailure, type Tally } from './outcome.ts';
import {
  BACKENDS,
  CLUSTER_CIDR,
  manifestsOf,
  NODE_PORT,
  REFERENCE_LAB,
  SERVICE_ADDRESS,
  SERVICE_NAME,
} from './reference-case.ts';

const REQUESTS = 300;
/** Six standard deviations of a fair choice: a sound proxy misses it once in 500 million series. */
const TOLERANCE_SIGMA = 6;
const PROGRAMMED_WITHIN_MS = 30_000;
const TAKEN_OVER_WITHIN_MS = 10_000;

export interface DemoOptions {
  readonly mode: string;
  readonly print: (line: string) => void;
}

interface Way {
  readonly title: string;
  readonly from: LabHost;
  readonly target: string;
}

/** Runs the demo; returns what was not as it should be, nothing if all was. */
export async function runDemo({ mode, print }: DemoOptions): Promise<readonly string[]> {
  const started = performance.now();
  const step = (text: string): void => {
    print(`[${((performance.now() - started) / 1000).toFixed(1).padStart(5)} s] ${text}`);
  };
  const folder = await mkdtemp(join(tmpdir(), 'menwei-demo-'));
  // The namespaces go with the process, the folder does not.
  const endEarly = (): void => {
    rmSync(folder, { recursive: true, force: true });
    process.exit(1);
  };
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, endEarly);
  try {
    step('two nodes, five pods and a client outside: making their network namespaces');
    await using lab = await createLab(REFERENCE_LAB);
    for (const host of lab.hosts)
      if (host.ip !== undefined) print(`            ${host.name.padEnd(14)} ${host.ip}`);
    await writeManifests(folder, []);
    return await new Demo(lab, folder, mode, step, print).run();
  } finally {
    await rm(folder, { recursive: true, force: true });
    step('cleaned up');
  }
}

/** Each file appears whole: it is written beside the folder's manifests and then renamed. */
async function writeManifests(folder: string, unready: readonly string[]): Promise<void> {
  for (const [name, text] of Object.entries(manifestsOf(unready))) {
    const draft = join(folder, `.${name}.draft`);
    await writeFile(draft, text);
    await rename(draft, join(folder, name));
  }
}

class Demo {
  readonly #lab: Lab;
  readonly #folder: string;
  readonly #mode: string;
  readonly #step: (text: string) => void;
  readonly #print: (line: string) => void;
  readonly #ways: readonly Way[];
  readonly #wrong: string[] = [];

  constructor(
    lab: Lab,
    folder: string,
    mode: string,
    step: (text: string) => void,
    print: (line: string) => void,
  ) {
    this.#lab = lab;
    this.#folder = folder;
    this.#mode = mode;
    this.#step = step;
    this.#print = print;
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
    this.#step(`starting menwei in mode ${this.#mode} on both nodes`);
    const proxies = this.#lab.nodes.map((node) =>
      startNodeProxy(node, { manifests: this.#folder, mode: this.#mode, clusterCIDR: CLUSTER_CIDR }),
    );
    if (!(await this.#untilProgrammed(proxies))) return this.#wrong;
    await this.#showRules();

    this.#step(`${REQUESTS} requests each way to ${SERVICE_NAME}, answered by:`);
    for (const way of this.#ways) await this.#sendAndCheck(way, BACKENDS);

    const [, unready = ''] = BACKENDS;
    await this.#takeOut(unready);
    this.#step(`${REQUESTS} requests each way, now without ${unready}:`);
    for (const way of this.#ways)
      await this.#sendAndCheck(
        way,
        BACKENDS.filter((pod) => pod !== unready),
      );

    for (const proxy of proxies) {
      if (!proxy.isRunning) this.#wrong.push(`a proxy ended by itself: ${lastLines(proxy.output())}`);
    }
    return this.#wrong;
  }

  async #untilProgrammed(proxies: readonly HostProcess[]): Promise<boolean> {
    const deadline = performance.now() + PROGRAMMED_WITHIN_MS;
    for (const { title, from, target } of this.#ways) {
      let outcome = await from.http(target, { timeoutMs: 500 });
      while (isFailure(outcome)) {
        const dead = proxies.find((proxy) => !proxy.isRunning);
        if (dead !== undefined) return this.#giveUp(`menwei ended: ${lastLines(dead.output())}`);
        if (performance.now() > deadline) {
          const logs = proxies.map((proxy) => lastLines(proxy.output())).join('\n');
          return this.#giveUp(
            `no answer ${title} within ${PROGRAMMED_WITHIN_MS / 1000} s: ${outcome.detail}\n${logs}`,
          );
        }
        await sleep(100);
        outcome = await from.http(target, { timeoutMs: 500 });
      }
    }
    this.#step('both nodes are programmed: the Service answers in every way');
    return true;
  }

  #giveUp(reason: string): false {
    this.#wrong.push(reason);
    return false;
  }

  async #showRules(): Promise<void> {
    this.#step('the rules on minikube that carry the traffic:');
    const lines = await rulesOf(this.#lab.node('minikube'), this.#mode);
    for (const line of lines) this.#print(`            ${line.trim()}`);
    if (lines.length === 0) this.#wrong.push(`no rule on minikube belongs to ${SERVICE_NAME}`);
  }

  async #sendAndCheck(way: Way, expected: readonly string[]): Promise<void> {
    const tally = await way.from.requests(REQUESTS, way.target);
    this.#print(`            ${way.title} (${Math.round(tally.elapsedMs)} ms)`);
    for (const pod of BACKENDS) this.#print(`              ${bar(pod, tally.byPod[pod] ?? 0, tally.total)}`);
    if (tally.failed > 0)
      this.#print(`              failed   ${tally.failed} ${JSON.stringify(tally.failures)}`);
    this.#print(`              they saw the client as ${Object.keys(tally.byClient).join(', ')}`);
    this.#wrong.push(...faultsOf(tally, expected).map((fault) => `${way.title}: ${fault}`));
  }

  /** Marks a pod unready under load and waits until nobody is sent there any more. */
  async #takeOut(pod: string): Promise<void> {
    this.#step(`${pod} turns unready: editing its EndpointSlice while requests keep coming`);
    const edited = performance.now();
    await writeManifests(this.#folder, [pod]);
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
    this.#step(
      `the others took over after ${Math.round(lastAnswerMs)} ms; of ${sent} requests meanwhile ${failed} failed`,
    );
    if (failed > 0) this.#wrong.push(`${failed} of ${sent} requests failed while ${pod} was taken out`);
  }
}

/** What a series shows that it should not. */
export function faultsOf(tally: Tally, expected: readonly string[]): readonly string[] {
  const faults: string[] = [];
  if (tally.failed > 0) faults.push(`${tally.failed} of ${tally.total} requests failed`);
  for (const pod of Object.keys(tally.byPod)) {
    if (!expected.includes(pod))
      faults.push(`${pod} answered ${tally.byPod[pod]} requests and should get none`);
  }
  const shares = expected.map((pod) => tally.byPod[pod] ?? 0);
  const total = shares.reduce((sum, count) => sum + count, 0);
  const probability = 1 / expected.length;
  const tolerance = TOLERANCE_SIGMA * Math.sqrt(total * probability * (1 - probability));
  for (const [index, count] of shares.entries()) {
    if (count === 0 || Math.abs(count - total * probability) > tolerance) {
      faults.push(`${expected[index]} answered ${count} of ${total} requests, which is no fair share`);
    }
  }
  return faults;
}

async function rulesOf(node: LabHost, mode: string): Promise<readonly string[]> {
  if (mode === 'nftables') {
    const { stdout } = await node.exec('nft', ['list', 'ruleset']);
    return stdout.split('\n').filter((line) => line.includes(SERVICE_NAME));
  }
  // Either variant of the tools may hold the rules; each lists its own only.
  const listings = await Promise.all(
    ['iptables-nft-save', 'iptables-legacy-save'].map((tool) => node.exec(tool, ['-t', 'nat'])),
  );
  return rulesOfService(listings.flatMap(({ stdout }) => stdout.split('\n')));
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

const BAR_WIDTH = 40;

function bar(name: string, count: number, total: number): string {
  const filled = total === 0 ? 0 : Math.round((count / total) * BAR_WIDTH);
  return `${name.padEnd(8)} ${String(count).padStart(3)} ${'█'.repeat(filled)}`;
}

function lastLines(text: string): string {
  return text.trim().split('\n').slice(-5).join('\n');
}
