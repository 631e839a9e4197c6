/**
 * The demo of direct and tunnelled forwarding (docs/forwarding.md): pods own the addresses of their Service, see who
 * asks, and answer past the node that the request came to. Like the other demo, it claims nothing it did not observe.
 */
import { CLUSTER_CIDR, forwardingLab, forwardingManifests, OWNED, PLAIN } from './forwarding-case.ts';
import { createLab, type Lab } from './lab.ts';
import { startNodeProxy } from './node-proxy.ts';
import { type Arrival, NODE_SETTINGS, OWNER_SETTINGS, ownershipCommands } from './owned-address.ts';
import { countPackets } from './packet-counter.ts';
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

const REQUESTS = 100;
const PODS = ['web-1', 'web-2'];

interface ForwardingDemoOptions {
  readonly arrival: Arrival;
  readonly print: (line: string) => void;
}

/** Runs the demo; returns what was not as it should be, nothing if all was. */
export function runForwardingDemo({ arrival, print }: ForwardingDemoOptions): Promise<readonly string[]> {
  return onStage(print, async (stage) => {
    stage.step('two nodes, three pods and a client outside: making their network namespaces');
    await using lab = await createLab(forwardingLab(arrival));
    showHosts(lab, print);
    for (const ip of [OWNED.loadBalancerIP, PLAIN.loadBalancerIP]) lab.client.route(ip, lab.node('minikube'));
    await writeManifests(stage.folder, forwardingManifests(arrival));
    return await new ForwardingDemo(lab, arrival, stage).run();
  });
}

class ForwardingDemo {
  readonly #lab: Lab;
  readonly #arrival: Arrival;
  readonly #stage: Stage;
  readonly #wrong: string[] = [];

  constructor(lab: Lab, arrival: Arrival, stage: Stage) {
    this.#lab = lab;
    this.#arrival = arrival;
    this.#stage = stage;
  }

  async run(): Promise<readonly string[]> {
    await this.#prepare();
    this.#stage.step('starting menwei in mode ipvs on both nodes');
    const proxies = this.#lab.nodes.map((node) =>
      startNodeProxy(node, {
        source: ['--manifests', this.#stage.folder],
        mode: 'ipvs',
        clusterCIDR: CLUSTER_CIDR,
        moreFlags: ['--ipvs-required'],
      }),
    );
    const [outside, inside, plain] = this.#ways();
    const obstacle = await untilAnswered([outside, inside, plain], proxies);
    if (obstacle !== undefined) return [obstacle];
    await this.#showServers();

    this.#stage.step(
      `${REQUESTS} requests to the Service whose pods own its addresses: they see the client itself`,
    );
    await this.#sendAndCheck(outside, '192.168.49.100');
    await this.#sendAndCheck(inside, '10.244.1.2');
    await this.#followPackets(outside);
    this.#stage.step(
      `${REQUESTS} requests to a Service of the same pods that is masqueraded: they see the node`,
    );
    await this.#sendAndCheck(plain, '192.168.49.2');
    return [...this.#wrong, ...deadProxies(proxies)];
  }

  async #prepare(): Promise<void> {
    const addresses = [OWNED.clusterIP, OWNED.loadBalancerIP];
    for (const name of PODS) {
      const pod = this.#lab.pod(name);
      const commands = addresses.flatMap((ip) => ownershipCommands(ip, this.#arrival, pod.ip ?? ''));
      this.#stage.step(`${name} gets the addresses of its Service:`);
      for (const command of new Set(commands)) this.#stage.print(`            ip ${command}`);
      this.#showSettings(OWNER_SETTINGS[this.#arrival]);
      await pod.own(addresses, this.#arrival);
    }
    this.#stage.step('the nodes pass on what pods send from these addresses, which they have too:');
    this.#showSettings(NODE_SETTINGS);
    for (const node of this.#lab.nodes) node.acceptSharedAddresses();
  }

  #showSettings(settings: Readonly<Record<string, number>>): void {
    for (const [name, value] of Object.entries(settings))
      this.#stage.print(`            sysctl -w ${name.replaceAll('/', '.')}=${value}`);
  }

  #ways(): readonly [Way, Way, Way] {
    const { client } = this.#lab;
    const shop = this.#lab.pod('shop');
    const outside = `${OWNED.loadBalancerIP}:80`;
    const inside = `${OWNED.clusterIP}:80`;
    const plain = `${PLAIN.loadBalancerIP}:80`;
    return [
      { title: `from outside, by minikube, to ${outside}`, from: client, target: outside },
      { title: `from pod shop on minikube-m02, to ${inside}`, from: shop, target: inside },
      { title: `from outside, by minikube, to ${plain}`, from: client, target: plain },
    ];
  }

  async #showServers(): Promise<void> {
    this.#stage.step('both nodes are programmed; the virtual servers on minikube:');
    const lines = await describeVirtualServers(this.#lab.node('minikube'), 'IPv4', () => true);
    for (const line of lines) this.#stage.print(`            ${line}`);
    if (!lines.some((line) => line.includes(` ${this.#arrival},`)))
      this.#wrong.push(`no virtual server on minikube forwards by ${this.#arrival}`);
  }

  async #sendAndCheck(way: Way, client: string): Promise<void> {
    const tally = await way.from.requests(REQUESTS, way.target);
    for (const line of describeTally(way.title, tally, PODS)) this.#stage.print(`            ${line}`);
    this.#wrong.push(...faultsOf(tally, PODS).map((fault) => `${way.title}: ${fault}`));
    const others = Object.keys(tally.byClient).filter((seen) => seen !== client);
    for (const seen of others) this.#wrong.push(`${way.title}: a pod saw ${seen} instead of ${client}`);
  }

  /** Counts on both nodes who sees requests and replies of a series. */
  async #followPackets(way: Way): Promise<void> {
    const ip = OWNED.loadBalancerIP;
    const counters = await Promise.all(this.#lab.nodes.map((node) => countPackets(node, ip)));
    this.#stage.step(`the way of ${REQUESTS} more from outside:`);
    await way.from.requests(REQUESTS, way.target);
    const counts = await Promise.all(counters.map((counter) => counter.read()));
    for (const [index, { to, from }] of counts.entries()) {
      const name = this.#lab.nodes[index]?.name ?? '';
      this.#stage.print(`            ${name.padEnd(14)} ${to} packets for ${ip}, ${from} packets from it`);
    }
    const [director, other] = counts;
    if (director === undefined || other === undefined) throw new Error('BUG: the demo has two nodes');
    if (director.to === 0 || other.to > 0) this.#wrong.push('requests did not come by minikube alone');
    const repliesPassOther = this.#arrival === 'tunnel';
    if (other.from > 0 !== repliesPassOther)
      this.#wrong.push('replies took another way than straight to the client');
    this.#stage.print(
      repliesPassOther
        ? '            web-2 gets its requests inside a tunnel from minikube, and its replies never go back there.'
        : '            minikube passes the replies on as the router of its pods: they come from the address already.',
    );
  }
}
