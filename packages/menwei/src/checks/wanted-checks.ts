/**
 * Which checks service ports need, and whom the answers concern: targets are ordered and called off as service ports change.
 * Work is proportional to the endpoints of a service port that has changed. Pure.
 */
import type { HealthCheck, HealthProbe } from '../kubernetes/health-check.ts';
import { healthKey } from '../state/endpoint-health.ts';
import type { Endpoint, ServicePort, ServicePortKey } from '../state/service-port.ts';
import type { TargetOrder, TargetOrders, Timing } from './machine/target.ts';

/** An endpoint of a service port, which has a row in the table of health. */
export interface Concerned {
  readonly port: ServicePortKey;
  readonly endpoint: string;
}

/** A service port and those of its endpoints that are to be checked, each with the port that is asked. */
export interface WantedPort {
  readonly port: ServicePort;
  readonly check: HealthCheck;
  readonly endpoints: readonly { readonly endpoint: Endpoint; readonly asked: number }[];
}

export interface WantedChange extends TargetOrders {
  /** Nobody checks them any more. */
  readonly dropped: readonly Concerned[];
  /** Endpoints of targets that were checked before: what is known of those holds for them, too. */
  readonly joined: readonly { readonly id: number; readonly concerned: Concerned }[];
}

/** What a group of checks is about. */
export interface GroupAbout {
  readonly namespace: string;
  readonly name: string;
  readonly kind: HealthCheck['probe']['kind'];
}

interface Group extends GroupAbout {
  readonly id: string;
  readonly text: string;
  readonly probe: HealthProbe;
  targets: number;
}

interface WantedTarget {
  readonly key: string;
  readonly id: number;
  readonly group: Group;
  readonly concerned: Concerned[];
}

interface Changing {
  readonly remove: { readonly id: number; readonly isKept: boolean }[];
  readonly add: TargetOrder[];
  readonly dropped: Concerned[];
  readonly joined: { readonly id: number; readonly concerned: Concerned }[];
}

/** By the text of the endpoint. */
type TargetsOfPort = ReadonlyMap<string, WantedTarget>;

const NONE: TargetsOfPort = new Map();

export class WantedChecks {
  readonly #byKey = new Map<string, WantedTarget>();
  readonly #byId = new Map<number, WantedTarget>();
  readonly #byPort = new Map<ServicePortKey, TargetsOfPort>();
  readonly #groups = new Map<string, Group>();
  readonly #groupsById = new Map<string, Group>();
  readonly #timings = new Map<string, { readonly id: string; readonly timing: Timing }>();
  readonly #nextId: () => number;
  readonly #wasDown: (row: string) => boolean;

  /**
   * @param nextId never the same twice
   * @param wasDown an endpoint that was not checked so far is known to be out of use, by the key of its row
   */
  constructor(nextId: () => number, wasDown: (row: string) => boolean) {
    this.#nextId = nextId;
    this.#wasDown = wasDown;
  }

  /** Whom a target concerns; none: it is not checked any more. */
  concerned(id: number): readonly Concerned[] {
    return this.#byId.get(id)?.concerned ?? [];
  }

  /** Undefined: nothing of it is checked any more. */
  group(id: string): GroupAbout | undefined {
    return this.#groupsById.get(id);
  }

  /** @param wanted undefined: nothing of the service port is checked */
  update(key: ServicePortKey, wanted: WantedPort | undefined): WantedChange {
    const before = this.#byPort.get(key) ?? NONE;
    const after = new Map<string, WantedTarget>();
    const change: Changing = { remove: [], add: [], dropped: [], joined: [] };
    // First what comes: a target that others leave in the same moment stays.
    if (wanted !== undefined)
      for (const { endpoint, asked } of wanted.endpoints)
        after.set(endpoint.text, this.#join(wanted, endpoint, asked, before, change));
    const known = new Set(wanted?.port.endpoints.map(({ text }) => text));
    for (const [endpoint, target] of before) {
      if (after.get(endpoint) === target) continue;
      this.#leave(target, key, endpoint, known.has(endpoint), change);
      if (!after.has(endpoint)) change.dropped.push({ port: key, endpoint });
    }
    if (after.size === 0) this.#byPort.delete(key);
    else this.#byPort.set(key, after);
    return change;
  }

  #join(
    wanted: WantedPort,
    endpoint: Endpoint,
    asked: number,
    before: TargetsOfPort,
    change: Changing,
  ): WantedTarget {
    const { port, check } = wanted;
    const group = this.#groupOf(port, check);
    const timing = this.#timingOf(check);
    const key = `${group.id} ${timing.id} ${endpoint.ip} ${asked}`;
    const known = this.#byKey.get(key);
    const concerned = { port: port.key, endpoint: endpoint.text };
    if (known !== undefined) {
      if (before.get(endpoint.text) === known) return known;
      known.concerned.push(concerned);
      change.joined.push({ id: known.id, concerned });
      return known;
    }
    const order: TargetOrder = {
      id: this.#nextId(),
      group: group.id,
      ip: endpoint.ip,
      port: asked,
      isRemote: !endpoint.isLocal,
      probe: group.probe,
      timing: timing.timing,
      start: this.#startOf(healthKey(port.key, endpoint.text), check, before.get(endpoint.text), group),
    };
    const target: WantedTarget = { key, id: order.id, group, concerned: [concerned] };
    group.targets++;
    this.#byKey.set(key, target);
    this.#byId.set(order.id, target);
    change.add.push(order);
    return target;
  }

  #startOf(
    row: string,
    { initial }: HealthCheck,
    before: WantedTarget | undefined,
    group: Group,
  ): TargetOrder['start'] {
    // What was found by asking in another way does not say that this way of asking is right.
    const isAskedAnew = before !== undefined && before.group !== group;
    if (this.#wasDown(row)) return isAskedAnew ? 'initial-down' : 'down';
    return initial === 'down' ? 'initial-down' : 'unknown';
  }

  #leave(
    target: WantedTarget,
    port: ServicePortKey,
    endpoint: string,
    isKept: boolean,
    change: Changing,
  ): void {
    const { concerned, id, group, key } = target;
    const at = concerned.findIndex((each) => each.port === port && each.endpoint === endpoint);
    if (at >= 0) concerned.splice(at, 1);
    if (concerned.length > 0) return;
    this.#byKey.delete(key);
    this.#byId.delete(id);
    change.remove.push({ id, isKept });
    if (--group.targets > 0) return;
    this.#groups.delete(group.text);
    this.#groupsById.delete(group.id);
  }

  /** One for all that have the same: there are few. */
  #timingOf({ intervalMs, timeoutMs, fastMs, fall, rise }: HealthCheck) {
    const id = `${intervalMs}/${timeoutMs}/${fastMs}/${fall}/${rise}`;
    const known = this.#timings.get(id);
    if (known !== undefined) return known;
    const made = { id: `t${this.#timings.size}`, timing: { intervalMs, timeoutMs, fastMs, fall, rise } };
    this.#timings.set(id, made);
    return made;
  }

  #groupOf({ family, namespace, name }: ServicePort, { probe, port }: HealthCheck): Group {
    const text = JSON.stringify([family, namespace, name, port, probe]);
    const known = this.#groups.get(text);
    if (known !== undefined) return known;
    const id = `g${this.#nextId()}`;
    const group: Group = { id, text, probe, targets: 0, namespace, name, kind: probe.kind };
    this.#groups.set(text, group);
    this.#groupsById.set(group.id, group);
    return group;
  }
}
