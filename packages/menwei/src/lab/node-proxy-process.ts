/** The proxy of one node of a resident lab: it can be restarted, and says how far it is. */
import type { HostProcess } from '@menwei/lab/host-process.ts';
import type { LabNode } from '@menwei/lab/lab.ts';
import { LAUNCHER, nodeProxyFlags } from '@menwei/lab/node-proxy.ts';
import { isFailure } from '@menwei/lab/outcome.ts';
import { type ProxyStatus, ResidentLabError } from '@menwei/lab/residence.ts';
import { isSynced, parseStatus, type StatusRow } from '../status/status-row.ts';
import { NodeLog } from './node-log.ts';

/** Where a proxy serves /status unless it is told otherwise. */
const METRICS_SERVER = '127.0.0.1:10249';

/** The API server of a lab is reached through no proxy of the environment. */
export const DIRECT = { NO_PROXY: '*' } as const;

interface ProxyOptions {
  /** Where the objects come from, as flags. */
  readonly source: readonly string[];
  readonly mode: string;
  /** It announces addresses of load balancers on the wire. */
  readonly isAnnouncing: boolean;
  /** The file that gets all that the proxy writes. */
  readonly log: string;
  readonly onOutput?: ((text: string) => void) | undefined;
}

export class NodeProxyProcess {
  readonly #node: LabNode;
  readonly #options: ProxyOptions;
  readonly #log: NodeLog;
  #mode: string;
  #moreFlags: readonly string[] = [];
  #process: HostProcess;
  #endedBy: string | undefined;
  #isRestarting = false;

  constructor(node: LabNode, options: ProxyOptions) {
    this.#node = node;
    this.#options = options;
    this.#mode = options.mode;
    this.#log = new NodeLog(options.log);
    this.#process = this.#start();
  }

  get node(): string {
    return this.#node.name;
  }

  /**
   * Ends the proxy and starts it anew, in the mode that it had unless one is given.
   *
   * @param flags instead of those that it was given before; undefined: those stay
   * @throws ResidentLabError while another restart is under way
   */
  async restart(mode: string | undefined, flags: readonly string[] | undefined): Promise<void> {
    if (this.#isRestarting)
      throw new ResidentLabError(`the proxy on ${this.#node.name} is being restarted already`);
    this.#isRestarting = true;
    try {
      await this.#process.stop();
      this.#mode = mode ?? this.#mode;
      this.#moreFlags = flags ?? this.#moreFlags;
      this.#process = this.#start();
    } finally {
      this.#isRestarting = false;
    }
  }

  get isRunning(): boolean {
    return this.#process.isRunning;
  }

  /** @throws ResidentLabError when it has ended */
  signal(signal: NodeJS.Signals): void {
    if (!this.#process.isRunning)
      throw new ResidentLabError(
        `the proxy on ${this.#node.name} does not run: menwei lab restart ${this.#node.name}`,
      );
    this.#process.signal(signal);
  }

  /** Whether it runs or not. */
  kill(): void {
    this.#process.signal('SIGKILL');
  }

  async status(): Promise<ProxyStatus> {
    const { path: log, fault: logFault } = this.#log;
    const common = { node: this.#node.name, mode: this.#mode, flags: [...this.#flags()], log, logFault };
    const none = { programmed: 0, total: 0 };
    if (!this.#process.isRunning && !this.#isRestarting) {
      return { ...common, ...none, state: 'ended', reasons: [this.#lastWords()] };
    }
    const rows = await this.#rows();
    if (rows === undefined) return { ...common, ...none, state: 'starting', reasons: [] };
    const count = (state: StatusRow['state']) => rows.filter((row) => row.state === state).length;
    return {
      ...common,
      programmed: count('programmed'),
      total: rows.length,
      state: count('pending') > 0 ? 'syncing' : count('error') > 0 ? 'incomplete' : 'programmed',
      reasons: rows.filter(({ state }) => state === 'error').map(describeError),
    };
  }

  #start(): HostProcess {
    this.#log.begin();
    this.#endedBy = undefined;
    const started = this.#node.spawn(LAUNCHER, ['run', ...this.#flags()], {
      env: DIRECT,
      keepsOutput: false,
      onOutput: (text) => {
        this.#log.write(text);
        this.#options.onOutput?.(text);
      },
    });
    started.exited.then(
      ({ signal }) => {
        if (signal !== null && started === this.#process) this.#endedBy = signal;
      },
      // What can't be started is ended by no signal.
      () => undefined,
    );
    return started;
  }

  #lastWords(): string {
    const said = this.#log.lastLine();
    return this.#endedBy === undefined ? said : `killed by ${this.#endedBy}; its last line: ${said}`;
  }

  #flags(): readonly string[] {
    // A proxy in another mode than the one that was asked for would pass for one that does as it was told.
    const required = this.#mode === 'ipvs' ? ['--ipvs-required'] : [];
    // Without strict ARP every node would answer for what is on kube-ipvs0.
    const strictArp = this.#mode === 'ipvs' ? ['--ipvs-strict-arp'] : [];
    const announcing = this.#options.isAnnouncing ? ['--announce', 'l2', ...strictArp] : [];
    return nodeProxyFlags(this.#node.name, {
      source: this.#options.source,
      mode: this.#mode,
      moreFlags: [...required, ...announcing, ...this.#moreFlags],
    });
  }

  /** Undefined until it has read all objects and made its first sync. */
  async #rows(): Promise<readonly StatusRow[] | undefined> {
    const components = await this.#node.get(METRICS_SERVER, '/components');
    if (isFailure(components) || !isSynced(components.body)) return undefined;
    const status = await this.#node.get(METRICS_SERVER, '/status');
    return isFailure(status) ? undefined : parseStatus(status.body);
  }
}

function describeError({ servicePort, family, error = 'it does not say why' }: StatusRow): string {
  return `${servicePort} ${family}: ${error}`;
}
