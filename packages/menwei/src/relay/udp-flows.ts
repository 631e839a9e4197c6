/** All flows of one UDP relay: a client keeps its endpoint for as long as datagrams go. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Balancer } from './balancer.ts';
import type { DescriptorBudget, Relay, RelayContext, RelayKey } from './contract.ts';
import { IdleOrder } from './idle-order.ts';
import {
  type Client,
  type FlowEnd,
  type FlowListener,
  type FlowOwner,
  flowKey,
  UdpFlow,
} from './udp-flow.ts';

/** What all flows together may keep for the next endpoint. */
const MAX_KEPT_BYTES = 16 << 20;
/** Flows that expire within this time are ended together. */
const EXPIRY_STEP_MS = 20;

export class UdpFlows implements FlowOwner {
  readonly family: IpFamily;
  readonly keepable: DescriptorBudget = new ByteBudget(MAX_KEPT_BYTES);
  readonly #key: RelayKey;
  readonly #balancer: Balancer;
  readonly #context: RelayContext;
  readonly #order: IdleOrder<UdpFlow>;
  readonly #flows = new Set<UdpFlow>();
  #timer: NodeJS.Timeout | undefined;
  /** When the timer is due; infinite without. */
  #dueMs = Number.POSITIVE_INFINITY;

  constructor({ key, family }: Relay, balancer: Balancer, context: RelayContext) {
    const { udpUnansweredMs, udpAnsweredMs, udpStreamMs } = context.limits;
    this.#key = key;
    this.family = family;
    this.#balancer = balancer;
    this.#context = context;
    this.#order = new IdleOrder({
      unanswered: udpUnansweredMs,
      answered: udpAnsweredMs,
      stream: udpStreamMs,
    });
  }

  get count(): number {
    return this.#flows.size;
  }

  nowMs(): number {
    return performance.now();
  }

  /** Sends a client's datagram to its endpoint. */
  forward(listener: FlowListener, client: Client, datagram: Buffer): void {
    const flow = listener.flows.get(flowKey(client)) ?? this.#begin(listener, client);
    if (flow === undefined) return;
    flow.send(datagram);
    this.#used(flow);
  }

  /** Ends those for which `isOver` says so. */
  endThose(isOver: (flow: UdpFlow) => boolean): void {
    for (const flow of this.#flows) if (isOver(flow)) this.#end(flow);
  }

  /** The same, but who waits for a first answer still gets it. What such a client sends next goes elsewhere. */
  leaveThose(isOver: (flow: UdpFlow) => boolean): void {
    this.endThose((flow) => isOver(flow) && flow.stage !== 'unanswered');
    for (const flow of this.#flows) if (isOver(flow)) this.#detach(flow);
  }

  #begin(listener: FlowListener, client: Client): UdpFlow | undefined {
    const nowMs = this.nowMs();
    const candidates = this.#balancer.order(listener.port, client.address, nowMs);
    const first = candidates.next().value;
    if (first === undefined) return undefined;
    if (!this.#takeDescriptor()) {
      this.#context.report({ event: 'no-descriptor', key: this.#key });
      return undefined;
    }
    const flow = new UdpFlow(listener, client, first, candidates, this);
    this.#flows.add(flow);
    listener.flows.set(flowKey(client), flow);
    // The client's other flows are to go there too, even before this one is answered.
    this.#balancer.succeeded(first, client.address, nowMs);
    flow.open();
    return flow;
  }

  #takeDescriptor(): boolean {
    const { descriptors } = this.#context;
    // That of another flow is not given back in between: another thread might be quicker to take it.
    return descriptors.take(1) || this.#evict();
  }

  makeRoom(forFlow: UdpFlow): boolean {
    if (!this.#evict(forFlow)) return false;
    this.#context.descriptors.give(1);
    return true;
  }

  /** The flow that has been idle for longest gives way, and leaves its descriptor to the caller. */
  #evict(forFlow?: UdpFlow): boolean {
    const idle = this.#order.longestIdle();
    if (idle === undefined || idle === forFlow || !this.#remove(idle)) return false;
    this.#context.report({ event: 'ended', key: this.#key, why: 'evicted' });
    return true;
  }

  connected({ attempts }: UdpFlow): void {
    this.#context.report({ event: 'connected', key: this.#key, attempts, seconds: 0 });
  }

  answered(flow: UdpFlow, datagram: Buffer): void {
    const { listener, client, endpoint, isFirstAnswer } = flow;
    if (isFirstAnswer) this.#balancer.succeeded(endpoint, client.address, this.nowMs());
    this.#used(flow);
    listener.reply(datagram, client);
    if (!isAttached(flow)) this.#end(flow);
  }

  attemptFailed({ endpoint }: UdpFlow, why: string): void {
    this.#balancer.failed(endpoint, this.nowMs());
    this.#context.report({ event: 'attempt-failed', key: this.#key, endpoint: endpoint.text, why });
  }

  retried({ endpoint, client }: UdpFlow): void {
    this.#balancer.succeeded(endpoint, client.address, this.nowMs());
  }

  ended(flow: UdpFlow, end: FlowEnd): void {
    this.#end(flow);
    if (end === 'unserved')
      this.#context.report({ event: 'unserved', key: this.#key, attempts: flow.attempts });
    if (end === 'no-descriptor') this.#context.report({ event: 'no-descriptor', key: this.#key });
  }

  #used(flow: UdpFlow): void {
    if (!this.#flows.has(flow)) return;
    const expiryMs = this.#order.use(flow, flow.stage, this.nowMs());
    if (expiryMs < this.#dueMs) this.#setTimer(expiryMs);
  }

  #end(flow: UdpFlow): void {
    if (this.#remove(flow)) this.#context.descriptors.give(1);
  }

  /** False: it had ended before. */
  #remove(flow: UdpFlow): boolean {
    if (!this.#flows.delete(flow)) return false;
    this.#detach(flow);
    this.#order.remove(flow);
    flow.close();
    if (this.#flows.size === 0) this.#setTimer(undefined);
    return true;
  }

  #detach(flow: UdpFlow): void {
    if (isAttached(flow)) flow.listener.flows.delete(flowKey(flow.client));
  }

  /** The only timer: due when the first flow may expire, or earlier. */
  #setTimer(dueMs: number | undefined): void {
    clearTimeout(this.#timer);
    this.#dueMs = dueMs ?? Number.POSITIVE_INFINITY;
    if (dueMs === undefined) return;
    this.#timer = setTimeout(() => this.#expire(), Math.max(dueMs - this.nowMs(), EXPIRY_STEP_MS)).unref();
  }

  #expire(): void {
    const nowMs = this.nowMs();
    for (let flow = this.#order.expired(nowMs); flow !== undefined; flow = this.#order.expired(nowMs)) {
      this.#end(flow);
      this.#context.report({ event: 'ended', key: this.#key, why: 'idle' });
    }
    this.#setTimer(this.#order.nextExpiryMs());
  }
}

/** Whether the flow gets what its client sends. */
function isAttached(flow: UdpFlow): boolean {
  return flow.listener.flows.get(flowKey(flow.client)) === flow;
}

class ByteBudget implements DescriptorBudget {
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  take(count: number): boolean {
    if (this.#free < count) return false;
    this.#free -= count;
    return true;
  }

  give(count: number): void {
    this.#free += count;
  }
}
