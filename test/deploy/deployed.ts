/** A cluster in which a pod of the manifests has the rights that its roles give it, and no others. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { type ClusterProcess, startCluster } from '../kubectl/cluster-process.ts';
import { find, type Manifest } from './rendered.ts';

const MENWEI = join(import.meta.dirname, '../../bin/menwei');

export class DeployedCluster implements AsyncDisposable {
  readonly #cluster: ClusterProcess;
  readonly #kubectl: string;

  private constructor(cluster: ClusterProcess, kubectl: string) {
    this.#cluster = cluster;
    this.#kubectl = kubectl;
  }

  /** @param kubectl its path */
  static async start(kubectl: string): Promise<DeployedCluster> {
    return new DeployedCluster(await startCluster(), kubectl);
  }

  /** What it says, whether it succeeds or not. */
  async run(args: readonly string[], input = ''): Promise<string> {
    const child = spawn(this.#kubectl, ['--kubeconfig', this.#cluster.kubeconfig, ...args]);
    child.stdin.end(input);
    const said = sayingsOf(child);
    await once(child, 'close');
    return said();
  }

  async apply(...objects: readonly object[]): Promise<void> {
    const list = stringify({ apiVersion: 'v1', kind: 'List', items: objects });
    const said = await this.run(['apply', '-f', '-'], list);
    if (/error|invalid/i.test(said)) throw new Error(said);
  }

  /**
   * Makes the account of the manifests, with the rules of all their roles.
   *
   * @returns the path of its kubeconfig
   */
  async admit(manifests: readonly Manifest[], account: string): Promise<string> {
    const { metadata } = find(manifests, 'ServiceAccount', account);
    const subjects = [{ kind: 'ServiceAccount', namespace: metadata.namespace, name: account }];
    const roles = manifests
      .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
      .map(({ kind, metadata: { name }, rules }) => ({ role: `${kind}-${name}`, subjects, rules }));
    writeFileSync(join(this.#cluster.folder, 'data', 'roles.yaml'), stringify(roles));
    await this.apply(
      { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'menwei' } },
      { apiVersion: 'v1', kind: 'ServiceAccount', metadata },
    );
    const path = `/api/v1/namespaces/${metadata.namespace}/serviceaccounts/${account}/token`;
    const request = '{"apiVersion":"authentication.k8s.io/v1","kind":"TokenRequest","spec":{}}';
    const { token } = JSON.parse(await this.run(['create', '--raw', path, '-f', '-'], request)).status;
    const config = JSON.parse(await this.run(['config', 'view', '--raw', '--minify', '-o', 'json']));
    config.users[0].user = { token };
    const kubeconfig = join(this.#cluster.folder, `${account}.kubeconfig`);
    writeFileSync(kubeconfig, stringify(config));
    return kubeconfig;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#cluster.stop();
  }
}

/** `menwei` with the arguments of a container. */
export class DeployedProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown>;
  readonly log: () => string;

  /** @param through a program and arguments that start it in their turn */
  constructor(args: readonly string[], through: readonly string[] = []) {
    const [program = MENWEI, ...rest] = [...through, MENWEI, ...args];
    this.#child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.log = sayingsOf(this.#child);
    this.#exited = once(this.#child, 'exit');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGTERM');
    await this.#exited;
  }
}

function sayingsOf(child: ChildProcess): () => string {
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk: Buffer) => said.push(chunk));
  return () => Buffer.concat(said).toString();
}
