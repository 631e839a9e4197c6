/** One node's `menwei run`, as a real process in the node's namespace. */
import { join } from 'node:path';
import type { ExitState, HostProcess } from '@menwei/lab/host-process.ts';
import type { LabNode } from '@menwei/lab/lab.ts';
import type { ServicePortStatus } from 'menwei/state/service-port-status.ts';
import { PageReader } from './page-reader.ts';

export const MENWEI = join(import.meta.dirname, '../../../bin/menwei');
const STATUS_URL = 'http://127.0.0.1:10249/status';

export class NodeProxy {
  readonly node: LabNode;
  readonly #argv: readonly string[];
  readonly #env: Readonly<Record<string, string>>;
  readonly #pages: PageReader;
  #process: HostProcess | undefined;

  constructor(node: LabNode, argv: readonly string[], env: Readonly<Record<string, string>>) {
    this.node = node;
    this.#argv = argv;
    this.#env = env;
    this.#pages = new PageReader(node.namespace);
  }

  /**
   * Starts it, or starts it again. `moreFlags` come last and so win; `through` is a program with arguments that turns
   * into the proxy.
   */
  start(moreFlags: readonly string[] = [], through: readonly string[] = []): void {
    if (this.#process?.isRunning) throw new Error(`BUG: the proxy of node ${this.node.name} runs already`);
    const argv = [...through, MENWEI, 'run', ...this.#argv, ...moreFlags];
    this.#process = this.node.spawn('env', argv, { env: this.#env });
  }

  async end(signal: NodeJS.Signals): Promise<ExitState> {
    if (this.#process === undefined) throw new Error(`BUG: the proxy of node ${this.node.name} never ran`);
    return await this.#process.stop(signal, 20_000);
  }

  /** The number of the running process. */
  get pid(): number {
    const pid = this.#process?.pid;
    if (pid === undefined) throw new Error(`BUG: the proxy of node ${this.node.name} never ran`);
    return pid;
  }

  get isRunning(): boolean {
    return this.#process?.isRunning ?? false;
  }

  /** All that the running process wrote. */
  get output(): string {
    return this.#process?.output() ?? '';
  }

  /** Where its service ports stand; empty while it does not answer. */
  async status(): Promise<readonly ServicePortStatus[]> {
    const page = await this.#pages.read(STATUS_URL);
    return 'error' in page || page.status !== 200 ? [] : JSON.parse(page.body);
  }

  async close(): Promise<void> {
    await this.#pages.close();
  }
}
