/**
 * The demo of `menwei cluster`: it and its proxy in one process, kubectl, and real traffic, in network namespaces of its own. It
 * claims nothing that it did not observe.
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabHost } from './host.ts';
import { createLab, type Lab } from './lab.ts';
import { LAUNCHER } from './node-proxy.ts';
import { onStage, type Stage, showHosts } from './stage.ts';
import type { LabSpec } from './topology.ts';
import { UnmetExpectation, unmetIn, until } from './until.ts';

const LAB: LabSpec = {
  nodes: [{ name: 'node', ip: '192.0.2.10', podCIDR: '10.244.0.0/24' }],
  pods: [
    { name: 'web-1', node: 'node', ip: '10.244.0.11', ports: [8080] },
    { name: 'web-2', node: 'node', ip: '10.244.0.12', ports: [8080] },
    { name: 'shop', node: 'node', ip: '10.244.0.20', ports: [] },
  ],
  client: { ip: '192.0.2.200' },
};
const PORT = 6443;
const NODE_PORT = 30080;
const NAMESPACE = 'demo';
const REQUESTS = 20;

const SERVICE = `apiVersion: v1
kind: Service
metadata:
  name: web
  namespace: ${NAMESPACE}
spec:
  type: NodePort
  selector:
    app: web
  ports:
  - port: 80
    targetPort: 8080
    nodePort: ${NODE_PORT}
`;

const pod = (name: string): string => `apiVersion: v1
kind: Pod
metadata:
  name: ${name}
  namespace: ${NAMESPACE}
  labels:
    app: web
spec:
  nodeName: node
  containers:
  - name: web
    image: any
    ports:
    - containerPort: 8080
`;

/** Returns what was not as it should be; undefined: all was. */
export function runClusterDemo(print: (line: string) => void): Promise<string | undefined> {
  return unmetIn(() =>
    onStage(print, async (stage) => {
      stage.step('one node, three pods and a client outside: making their network namespaces');
      await using lab = await createLab(LAB);
      showHosts(lab, print);
      await new ClusterDemo(lab, stage).run();
    }),
  );
}

class ClusterDemo {
  readonly #lab: Lab;
  readonly #stage: Stage;
  readonly #node: LabHost;
  readonly #data: string;

  constructor(lab: Lab, stage: Stage) {
    this.#lab = lab;
    this.#stage = stage;
    this.#node = lab.node('node');
    this.#data = join(stage.folder, 'data');
  }

  async run(): Promise<void> {
    const { step } = this.#stage;
    const cluster = await this.#startCluster();
    step('a namespace, a Service with a selector, and two pods');
    await this.#kubectl('create', 'namespace', NAMESPACE);
    await this.#apply('web.yaml', SERVICE);
    for (const name of ['web-1', 'web-2']) await this.#apply(`${name}.yaml`, pod(name));
    step('nothing runs the pods here: they are told ready by their status, as a kubelet would');
    for (const name of ['web-1', 'web-2']) await this.#writeStatus(name, true);
    const clusterIp = await this.#clusterIp();
    const ways: readonly Way[] = [
      { title: 'pod shop, through the ClusterIP', from: this.#lab.pod('shop'), url: `http://${clusterIp}/` },
      {
        title: 'the client outside, through the NodePort',
        from: this.#lab.client,
        url: `http://192.0.2.10:${NODE_PORT}/`,
      },
    ];
    for (const way of ways) await this.#untilAnsweredBy(way, ['web-1', 'web-2']);
    await this.#kubectl('get', 'services,endpointslices', '-n', NAMESPACE);

    step('web-2 turns unready');
    await this.#writeStatus('web-2', false);
    for (const way of ways) await this.#untilAnsweredBy(way, ['web-1']);
    await this.#kubectl('get', 'pods,endpointslices', '-n', NAMESPACE);

    step('the Service is deleted');
    await this.#kubectl('delete', 'service', 'web', '-n', NAMESPACE);
    for (const way of ways) await this.#untilRefused(way);
    await this.#kubectl('get', 'services,endpointslices', '-n', NAMESPACE);

    step('the cluster is stopped (SIGTERM)');
    const { status } = await cluster.stop();
    if (status !== 0) throw new UnmetExpectation(`the cluster ended with ${status}:\n${cluster.output()}`);
  }

  async #startCluster() {
    const flags = ['--data', this.#data, '--listen', `192.0.2.10:${PORT}`, '--proxy', 'nftables'];
    const more = ['--hostname-override', 'node'];
    this.#stage.step(`menwei cluster up ${flags.slice(2).join(' ')}`);
    const cluster = this.#node.spawn(LAUNCHER, ['cluster', 'up', ...flags, ...more]);
    const ready = /^ready; kubeconfig: .*$/m;
    await until(() => {
      if (!cluster.isRunning) throw new UnmetExpectation(`the cluster ended:\n${cluster.output()}`);
      return ready.test(cluster.output());
    }, 'the cluster is not ready');
    this.#stage.print(`            ${ready.exec(cluster.output())?.[0]}`);
    return cluster;
  }

  async #apply(file: string, text: string): Promise<void> {
    const path = join(this.#stage.folder, file);
    await writeFile(path, text);
    await this.#kubectl('apply', '-f', path);
  }

  async #writeStatus(name: string, isReady: boolean): Promise<void> {
    const ip = this.#lab.pod(name).ip;
    const status = {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: 'Ready', status: isReady ? 'True' : 'False' }],
      containerStatuses: [
        { name: 'web', image: 'any', imageID: '', ready: isReady, restartCount: 0, state: { running: {} } },
      ],
    };
    const where = `/api/v1/namespaces/${NAMESPACE}/pods/${name}`;
    const object: object = JSON.parse(await this.#ask('get', '--raw', where));
    const path = join(this.#stage.folder, 'status.json');
    await writeFile(path, JSON.stringify({ ...object, status }));
    await this.#ask('replace', '--raw', `${where}/status`, '-f', path);
    this.#stage.print(`            pod ${name}: Ready is ${isReady ? 'True' : 'False'}`);
  }

  async #clusterIp(): Promise<string> {
    return await this.#ask('get', 'service', 'web', '-n', NAMESPACE, '-o', 'jsonpath={.spec.clusterIP}');
  }

  /** A command for who looks on: with what it prints. */
  async #kubectl(...args: readonly string[]): Promise<void> {
    this.#stage.print(`            $ kubectl ${args.join(' ').replaceAll(`${this.#stage.folder}/`, '')}`);
    const output = await this.#ask(...args);
    for (const line of output.trimEnd().split('\n')) this.#stage.print(`              ${line}`);
  }

  async #ask(...args: readonly string[]): Promise<string> {
    const { status, stdout, stderr } = await this.#node.exec('kubectl', args, {
      env: { KUBECONFIG: join(this.#data, 'admin.kubeconfig'), HOME: this.#stage.folder },
    });
    if (status !== 0) throw new UnmetExpectation(`kubectl ${args.join(' ')}: ${stderr.trim()}`);
    // What there is nothing of is said there.
    return stdout === '' ? stderr : stdout;
  }

  /** Real curl: by these pods and no other, in a whole series. */
  async #untilAnsweredBy({ title, from, url }: Way, expected: readonly string[]): Promise<void> {
    let counts = new Map<string, number>();
    await until(
      async () => {
        counts = new Map();
        for (const answer of await Promise.all(Array.from({ length: REQUESTS }, () => curl(from, url)))) {
          counts.set(answer, (counts.get(answer) ?? 0) + 1);
        }
        return JSON.stringify([...counts.keys()].toSorted()) === JSON.stringify(expected);
      },
      () => `${title}: answered by ${[...counts.keys()].join(', ')}, not by ${expected.join(', ')}`,
    );
    const told = Array.from(counts, ([name, count]) => `${name} ${count}`)
      .toSorted()
      .join(', ');
    this.#stage.print(`            $ curl ${url}   (${REQUESTS} times, by ${title}): ${told}`);
  }

  async #untilRefused({ title, from, url }: Way): Promise<void> {
    await until(async () => (await curl(from, url)) === NO_ANSWER, `${title}: is still answered`);
    this.#stage.print(`            $ curl ${url}   (by ${title}): ${NO_ANSWER}`);
  }
}

interface Way {
  readonly title: string;
  readonly from: LabHost;
  readonly url: string;
}

const NO_ANSWER = 'no answer';

/** The name of the pod that answers. */
async function curl(from: LabHost, url: string): Promise<string> {
  const { status, stdout } = await from.exec('curl', ['--silent', '--max-time', '1', url]);
  return status === 0 ? (/"pod":"([^"]*)"/.exec(stdout)?.[1] ?? stdout) : NO_ANSWER;
}
