/**
 * Checks the endpoints of Services that ask for it: a reader of the service ports, and the writer of the rows of health. The
 * checks themselves are made by a thread, which tells when a verdict changes.
 */
import { formatHostPort, type IpFamily } from '@menwei/addresses/ip.ts';
import { type EventRecorder, nodeSubject } from '../events/event.ts';
import { serviceSubject } from '../events/service-events.ts';
import type { Logger } from '../log/logger.ts';
import type { HealthCheckMetrics } from '../metrics/health-check-metrics.ts';
import { InterruptiblePause } from '../scheduling/pause.ts';
import type { NodeView } from '../services/node-view.ts';
import { objectKey } from '../state/object-key.ts';
import type { State } from '../state/state.ts';
import { type CheckerThread, type StartThread, startThread } from './checker-thread.ts';
import { FamilyHealth } from './family-health.ts';
import type { TargetOrder, TargetOrders } from './machine/target.ts';
import type { SharedVerdict } from './sharing/assignment.ts';
import type { SharedHealthOptions } from './sharing/shared-health.ts';
import { Sharing } from './sharing/sharing.ts';
import type { ThreadMessage, ThreadNews } from './thread-messages.ts';
import type { GroupAbout } from './wanted-checks.ts';

/** How long rows of a former run are kept for service ports that have not been seen yet. */
const INHERITED_MS = 300_000;
const STRETCH_TOLD = 1.05;
const NOBODY_ELSE: readonly string[] = [];

interface HealthCheckerOptions {
  readonly state: State;
  /** Those that are proxied. */
  readonly families: readonly IpFamily[];
  readonly nodeName: string;
  readonly nodeView: (family: IpFamily) => NodeView;
  readonly ratePerSecond: number;
  /** `menwei-health/<version>` */
  readonly userAgent: string;
  readonly events: EventRecorder;
  readonly metrics: HealthCheckMetrics;
  readonly logger: Logger;
  readonly startThread?: StartThread;
  /** How nodes share what they find; undefined: this one checks for itself. */
  readonly sharing?: Pick<SharedHealthOptions, 'openClient' | 'timing'> | undefined;
}

export class HealthChecker {
  readonly #options: HealthCheckerOptions;
  readonly #families: readonly FamilyHealth[];
  readonly #idle = new InterruptiblePause();
  #thread: CheckerThread | undefined;
  #failure: Error | undefined;
  #isStretched = false;
  #lastId = 0;
  readonly #sharing: Sharing | undefined;

  constructor(options: HealthCheckerOptions) {
    this.#options = options;
    const { state, families, nodeView, nodeName, sharing } = options;
    this.#sharing =
      sharing &&
      new Sharing({
        ...sharing,
        node: nodeName,
        zone: () => this.#zone(),
        logger: options.logger,
        endpointOf: (order) => this.#endpointOf(order),
        send: (orders) => this.#send(orders),
        tell: (verdict) => this.#tell(verdict),
      });
    this.#families = families.map(
      (family) =>
        new FamilyHealth({
          tables: state.families[family],
          nodeView: () => nodeView(family),
          nextId: () => ++this.#lastId,
          onChange: () => this.#idle.end(),
        }),
    );
  }

  /** Rejects when the thread fails; the rows stay, and the next run begins with them. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const nodes = this.#options.state.objects.nodes.reader(() => this.#idle.end());
    const forget = setTimeout(() => {
      for (const family of this.#families) family.dropInherited();
    }, INHERITED_MS);
    ready();
    const sharing = new AbortController();
    let shared: Promise<void> | undefined;
    try {
      while (!signal.aborted && this.#failure === undefined) {
        nodes.take();
        for (const family of this.#families) this.#order(family);
        if (this.#thread !== undefined)
          shared ??= this.#sharing?.run(sharing.signal).catch((error: unknown) => this.#fail(error));
        await this.#idle.wait(Number.POSITIVE_INFINITY, signal);
      }
      if (this.#failure !== undefined) throw this.#failure;
    } finally {
      clearTimeout(forget);
      sharing.abort();
      await shared;
      nodes.close();
      for (const family of this.#families) family.close();
      this.#options.metrics.stopped();
      await this.#thread?.end();
    }
  }

  /** The thread is there as soon as there is anything to check. */
  #order(family: FamilyHealth): void {
    const orders = family.takeOrders();
    this.#send(this.#sharing?.order(orders) ?? orders);
  }

  #send(orders: TargetOrders): void {
    if (orders.remove.length === 0 && orders.add.length === 0) return;
    const { ratePerSecond, userAgent, startThread: start = startThread } = this.#options;
    this.#thread ??= start(
      { userAgent, ratePerSecond },
      {
        told: (message) => this.#told(message),
        failed: (error) => this.#fail(error),
      },
    );
    this.#thread.send(orders);
  }

  #fail(error: unknown): void {
    this.#failure ??= error instanceof Error ? error : new Error(String(error));
    this.#idle.end();
  }

  #zone(): string {
    const [family = 'IPv4'] = this.#options.families;
    return this.#options.nodeView(family).zone;
  }

  /** What the other nodes call it. */
  #endpointOf({ group, ip, port }: TargetOrder): string {
    const about = this.#about(group);
    const service = about === undefined ? '' : `${about.namespace}/${about.name}/${about.kind}`;
    return `${service} ${formatHostPort(ip, port)}`;
  }

  #about(group: string): GroupAbout | undefined {
    return this.#families.map((family) => family.group(group)).find((each) => each !== undefined);
  }

  #told(message: ThreadMessage): void {
    const { metrics, logger, ratePerSecond } = this.#options;
    if ('news' in message) {
      this.#news(message.news);
      return;
    }
    const { report } = message;
    metrics.report(report);
    const isStretched = report.stretch > STRETCH_TOLD;
    if (isStretched === this.#isStretched) return;
    this.#isStretched = isStretched;
    const fields = { stretch: Number(report.stretch.toFixed(2)), checksPerSecond: ratePerSecond };
    if (isStretched)
      logger.warn(fields, 'too many health checks for --health-check-rate; their intervals grow');
    else logger.info(fields, 'health checks keep their intervals again');
  }

  #news({ changes, neverSucceeded, isBlind }: ThreadNews): void {
    for (const change of changes) {
      if (this.#sharing === undefined) this.#tell({ ...change, checkers: NOBODY_ELSE });
      else this.#sharing.found(change);
    }
    for (const group of neverSucceeded) this.#neverSucceeded(group);
    if (isBlind !== undefined) this.#blindness(isBlind);
  }

  #tell(change: SharedVerdict): void {
    const { metrics, logger } = this.#options;
    for (const family of this.#families) {
      const concerned = family.apply(change);
      if (concerned.length === 0) continue;
      metrics.transition(change.state);
      const { state, result, detail } = change;
      for (const { port, endpoint } of concerned)
        logger.verbose(2, { servicePort: port, endpoint, state, result, detail }, 'endpoint health changed');
    }
  }

  #neverSucceeded(group: string): void {
    const { state, nodeName, events, logger } = this.#options;
    const about = this.#about(group);
    if (about === undefined) return;
    const { namespace, name, kind } = about;
    const note = `no ${kind} check of any endpoint has succeeded, so endpoints stay in use; is the port right, and does a NetworkPolicy allow it?`;
    logger.warn({ service: objectKey(namespace, name) }, `health checks never succeeded: ${note}`);
    events.record({
      subject: serviceSubject(state.objects, objectKey(namespace, name)),
      type: 'Warning',
      reason: 'HealthCheckNeverSucceeded',
      action: 'CheckEndpoints',
      note: `node ${nodeName}: ${note}`,
    });
  }

  #blindness(isBlind: boolean): void {
    const { nodeName, events, metrics, logger } = this.#options;
    metrics.blind(isBlind);
    const note = isBlind
      ? 'more than half of all endpoints on other nodes fail their health checks together: the network of this node is the suspect, no endpoint is ejected'
      : 'endpoints on other nodes answer health checks again; they count again';
    if (isBlind) logger.warn({}, note);
    else logger.info({}, note);
    events.record({
      subject: nodeSubject(nodeName),
      type: isBlind ? 'Warning' : 'Normal',
      reason: isBlind ? 'HealthChecksFrozen' : 'HealthChecksResumed',
      action: 'CheckEndpoints',
      note,
    });
  }
}
