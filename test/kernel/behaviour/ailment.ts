/** What may be wrong with a pod of the lab that stays in its EndpointSlice. */
import type { HostProcess } from '@menwei/lab/host-process.ts';
import type { LabPod } from '@menwei/lab/lab.ts';
import { POD_PORT } from './offer.ts';

/** Where a team's pods also answer, for checks that ask there. */
export const HEALTH_PORT = 8081;

/** `drops new connections`: those that are established go on. `fails at the health port`: all else works. */
export type Fault =
  | 'refuses'
  | 'drops packets'
  | 'accepts and says nothing'
  | 'answers 503'
  | 'drops new connections'
  | 'fails at the health port';

const SERVERS: { readonly [fault in Fault]?: string } = {
  'accepts and says nothing': 'require("net").createServer((it) => it.on("error", () => 0).resume())',
  'answers 503':
    'require("http").createServer((_, answer) => answer.writeHead(503, { connection: "close" }).end())',
};

const RULES: { readonly [fault in Fault]?: string } = {
  'drops packets': '-j DROP',
  'drops new connections': '-p tcp --syn -j DROP',
  'fails at the health port': `-p tcp --dport ${HEALTH_PORT} -j REJECT --reject-with tcp-reset`,
};

export class Ailment {
  readonly #pod: LabPod;
  #server: HostProcess | undefined;
  #isServing = true;

  constructor(pod: LabPod) {
    this.#pod = pod;
  }

  get name(): string {
    return this.#pod.name;
  }

  async begin(fault: Fault): Promise<void> {
    const rule = RULES[fault];
    if (rule !== undefined) {
      await this.#run(['iptables', 'ip6tables'].map((tool) => `${tool} -w -I INPUT ${rule}`));
      return;
    }
    await this.#pod.stopServing();
    this.#isServing = false;
    const server = SERVERS[fault];
    if (server === undefined) return;
    const script = `${server}.listen({ port: ${POD_PORT}, host: "::" })`;
    this.#server = this.#pod.spawn(process.execPath, ['-e', script]);
  }

  async end(): Promise<void> {
    await this.#run(['iptables -w -F INPUT', 'ip6tables -w -F INPUT']);
    await this.#server?.stop('SIGKILL');
    this.#server = undefined;
    if (!this.#isServing) await this.#pod.startServing();
    this.#isServing = true;
  }

  async #run(commands: readonly string[]): Promise<void> {
    const { status, stderr } = await this.#pod.exec('sh', ['-ec', commands.join('\n')]);
    if (status !== 0) throw new Error(`${this.#pod.name}: ${stderr}`);
  }
}
