/**
 * Cuts flows that are stale, after syncs that made them so. It never holds up a sync: what has to be cut is noted when a
 * sync has succeeded, and what a cut could not do is left for the next one (KQ-10).
 */
import { isDeepStrictEqual } from 'node:util';
import { type IpFamily, isLoopback } from '@menwei/addresses/ip.ts';
import type { ConntrackTable } from '@menwei/netlink/conntrack';
import type { Logger } from '../log/logger.ts';
import type { NodeView } from '../services/node-view.ts';
import type { AppliedPort, ServicePortKey } from '../state/service-port.ts';
import { FrontendIndex, hasLastingFlows } from './frontends.ts';
import { StaleFlows } from './stale-flows.ts';
import { Suspects } from './suspects.ts';

export interface FlowCutterOptions {
  readonly family: IpFamily;
  readonly flows: Pick<ConntrackTable, 'applyDeletion'>;
  /** All addresses of the node now, canonical. */
  readonly localAddresses: () => readonly string[];
  readonly logger: Logger;
  /** Told of every cut that succeeded. */
  readonly onCut?: (result: CutResult) => void;
}

export interface CutResult {
  readonly seconds: number;
  readonly flows: number;
}

/** What the kernel holds since a sync succeeded. */
export interface Settlement {
  /** The service ports that were changed; undefined: it is gone. */
  readonly ports: ReadonlyMap<ServicePortKey, AppliedPort | undefined>;
  readonly node: Pick<NodeView, 'nodePortAddresses'>;
  /** The kernel was not known before, so flows may have met other rules than ours or none. */
  readonly complete: boolean;
}

/** One IP family's. */
export class FlowCutter {
  readonly #options: FlowCutterOptions;
  readonly #frontends = new FrontendIndex();
  #suspects = new Suspects();
  #nodePortAddresses: NodeView['nodePortAddresses'] = 'all';
  #lastError = '';

  constructor(options: FlowCutterOptions) {
    this.#options = options;
  }

  /** Notes what may have become stale; returns whether there is something to {@link cut}. */
  settled({ ports, node, complete }: Settlement): boolean {
    const changes = new Map<ServicePortKey, AppliedPort | undefined>();
    for (const [key, port] of ports) {
      const after = port !== undefined && hasLastingFlows(port) ? port : undefined;
      const before = this.#frontends.ports.get(key);
      if (before === undefined && after === undefined) continue;
      changes.set(key, after);
      this.#suspects.note(before, after);
    }
    this.#frontends.update(changes);
    const isNewNode = !isDeepStrictEqual(this.#nodePortAddresses, node.nodePortAddresses);
    this.#nodePortAddresses = node.nodePortAddresses;
    if (complete || isNewNode) this.#suspectAll();
    return !this.#suspects.isEmpty;
  }

  #suspectAll(): void {
    for (const port of this.#frontends.ports.values()) this.#suspects.note(undefined, port);
  }

  /** Cuts what has been noted; one cut at a time. False: it failed, and should be tried again. */
  async cut(signal: AbortSignal): Promise<boolean> {
    const suspects = this.#suspects;
    this.#suspects = new Suspects();
    const startedMs = performance.now();
    try {
      const flows = await this.#cutStale(suspects, signal);
      this.#tell({ flows, seconds: (performance.now() - startedMs) / 1000 });
      return true;
    } catch (error) {
      suspects.add(this.#suspects);
      this.#suspects = suspects;
      if (!signal.aborted) this.#complain(error);
      return false;
    }
  }

  async #cutStale(suspects: Suspects, signal: AbortSignal): Promise<number> {
    const { flows } = this.#options;
    const stale = new StaleFlows({
      suspects,
      frontends: this.#frontends,
      acceptsNodePorts: this.#nodePortTest(),
    });
    let cut = 0;
    for (const filter of suspects.filters())
      cut += await flows.applyDeletion(filter, (flow) => stale.has(flow), signal);
    return cut;
  }

  /** The addresses of the node are looked at when a flow makes it necessary, and once a cut. */
  #nodePortTest(): (ip: string) => boolean {
    const accepted = this.#nodePortAddresses;
    if (accepted !== 'all') return (ip) => accepted.includes(ip);
    let local: ReadonlySet<string> | undefined;
    return (ip) => {
      local ??= new Set(this.#options.localAddresses());
      // All of 127.0.0.0/8 is local, whatever the interface says.
      return isLoopback(ip) || local.has(ip);
    };
  }

  #tell(result: CutResult): void {
    const { family, logger, onCut } = this.#options;
    const fields = { family, entries: result.flows, seconds: Number(result.seconds.toFixed(3)) };
    if (result.flows > 0) logger.info(fields, 'deleted stale conntrack entries');
    else logger.debug(fields, 'no stale conntrack entries');
    this.#lastError = '';
    onCut?.(result);
  }

  /** The same failure is repeated at every attempt; once is enough for the log. */
  #complain(error: unknown): void {
    const { family, logger } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    if (message !== this.#lastError)
      logger.error({ family, err: error }, 'deleting stale conntrack entries failed; retrying');
    this.#lastError = message;
  }
}
