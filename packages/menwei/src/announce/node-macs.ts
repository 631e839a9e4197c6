/**
 * Which node of the cluster has a MAC address where no Lease says so: it is asked on the segment for the nodes' own addresses. So
 * another program on a node that answers for a load-balancer address (MetalLB's speaker, while the nodes change over to this one) is
 * not taken for a foreign machine, whose addresses the controller would keep away from.
 */
import { cidrContains, parseKnownCidr } from '@menwei/addresses/ip.ts';
import type { Node } from '../kubernetes/objects.ts';
import type { ObjectTables } from '../state/object-tables.ts';
import type { Holder } from './duty.ts';
import type { ProbeTiming, Speaker } from './speaker.ts';

interface NodeMacsOptions {
  /** Name of this node, which does not ask for itself. */
  readonly node: string;
  readonly tables: Pick<ObjectTables, 'nodes'>;
  readonly speaker: Pick<Speaker, 'interfaces' | 'probe'>;
}

/** So long is an answer believed: interfaces get other MAC addresses seldom, and nodes come. */
const FOUND_MS = 600_000;
const NOT_FOUND_MS = 60_000;
const TIMING: ProbeTiming = { count: 2, intervalMs: 200 };
/** Of a large cluster on one segment the nodes are asked in turns. */
const MOST_AT_ONCE = 64;

export class NodeMacs {
  readonly #options: NodeMacsOptions;
  /** The name of the node; empty: no node has it. */
  readonly #known = new Map<string, { readonly node: string; readonly untilMs: number }>();
  readonly #asking = new Map<string, Promise<string | undefined>>();

  constructor(options: NodeMacsOptions) {
    this.#options = options;
  }

  /** What was found before. Undefined: none, or nobody has asked. */
  nodeOf(mac: string): string | undefined {
    return this.#recall(mac) || undefined;
  }

  /** Undefined: no node. Rejects with the reason of the signal. */
  async find(holder: Holder, signal: AbortSignal): Promise<string | undefined> {
    const { mac } = holder;
    const known = this.#recall(mac);
    if (known !== undefined) return known || undefined;
    const asking = this.#asking.get(mac) ?? this.#ask(holder, signal);
    this.#asking.set(mac, asking);
    try {
      return await asking;
    } finally {
      this.#asking.delete(mac);
    }
  }

  async #ask({ mac, interface: name }: Holder, signal: AbortSignal): Promise<string | undefined> {
    const waiting = this.#candidates(name);
    let found: string | undefined;
    const worker = async (): Promise<void> => {
      for (let next = waiting.pop(); next !== undefined && found === undefined; next = waiting.pop()) {
        const answer = await this.#probe(next.ip, name, signal);
        if (answer === mac) found = next.node;
      }
    };
    await Promise.all(Array.from({ length: Math.min(MOST_AT_ONCE, waiting.length) }, worker));
    signal.throwIfAborted();
    const untilMs = performance.now() + (found === undefined ? NOT_FOUND_MS : FOUND_MS);
    this.#known.set(mac, { node: found ?? '', untilMs });
    return found;
  }

  /** One that can't be asked for is none that is known. */
  async #probe(ip: string, name: string, signal: AbortSignal): Promise<string | undefined> {
    try {
      return await this.#options.speaker.probe(ip, name, TIMING, signal);
    } catch {
      return undefined;
    }
  }

  /** An address of each node that is on the segment. */
  #candidates(name: string): { readonly node: string; readonly ip: string }[] {
    const { tables, speaker, node: self } = this.#options;
    const onLink = speaker.interfaces.find((each) => each.name === name)?.onLink ?? [];
    const networks = onLink.map(parseKnownCidr);
    const isOnLink = (ip: string) => networks.some((network) => cidrContains(network, ip));
    return Array.from(tables.nodes.rows.values()).flatMap(({ name: node, internalIPs }: Node) => {
      const ip = internalIPs.find(isOnLink);
      return ip === undefined || node === self ? [] : [{ node, ip }];
    });
  }

  #recall(mac: string): string | undefined {
    const known = this.#known.get(mac);
    if (known === undefined || performance.now() < known.untilMs) return known?.node;
    this.#known.delete(mac);
    return undefined;
  }
}
