/** The checks of one IP family: from its service ports to targets, and from verdicts to its rows of health. */
import type { NodeView } from '../services/node-view.ts';
import { type EndpointHealth, healthKey, isEjected } from '../state/endpoint-health.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import { type ObjectKey, objectKey } from '../state/object-key.ts';
import type { Reader } from '../state/reader.ts';
import type { ServicePort, ServicePortKey } from '../state/service-port.ts';
import { addTo, removeFrom } from '../state/sets-by-key.ts';
import { checkedPort } from './checked-port.ts';
import type { TargetOrders } from './machine/target.ts';
import type { SharedVerdict } from './sharing/assignment.ts';
import { type Concerned, type GroupAbout, type WantedChange, WantedChecks } from './wanted-checks.ts';

interface FamilyHealthOptions {
  readonly tables: Pick<FamilyTables, 'family' | 'servicePorts' | 'health'>;
  readonly nodeView: () => NodeView;
  /** Never the same twice, in both families. */
  readonly nextId: () => number;
  readonly onChange: () => void;
}

export class FamilyHealth {
  readonly #options: FamilyHealthOptions;
  readonly #servicePorts: Reader<ServicePort>;
  readonly #wanted: WantedChecks;
  /** Service ports with checks, by their Service: one may be asked at the port of another. */
  readonly #checked = new Map<ObjectKey, Set<ServicePortKey>>();
  /** Rows that were there when this began, and that nobody has asked for yet. */
  readonly #inherited: Set<string>;
  #node: NodeView | undefined;

  constructor(options: FamilyHealthOptions) {
    const { tables, nextId, onChange } = options;
    this.#options = options;
    this.#inherited = new Set(tables.health.rows.keys());
    this.#servicePorts = tables.servicePorts.reader(onChange);
    this.#wanted = new WantedChecks(nextId, (row) => {
      const known = tables.health.get(row);
      return known !== undefined && isEjected(known.state);
    });
  }

  /** What the thread has to be told since this was called last. */
  takeOrders(): TargetOrders {
    const node = this.#options.nodeView();
    const isElsewhere = this.#node?.name !== node.name || this.#node.zone !== node.zone;
    this.#node = node;
    const due = this.#takeDue(isElsewhere);
    const remove: TargetOrders['remove'][number][] = [];
    const add: TargetOrders['add'][number][] = [];
    const { servicePorts } = this.#options.tables;
    for (const key of due) {
      const port = servicePorts.get(key);
      const wanted = port && checkedPort(port, node, (other) => servicePorts.get(other));
      const change = this.#wanted.update(key, wanted);
      remove.push(...change.remove);
      add.push(...change.add);
      this.#settleRows(change);
    }
    return { remove, add };
  }

  #takeDue(isAll: boolean): ReadonlySet<ServicePortKey> {
    const due = new Set<ServicePortKey>();
    for (const { key, before, after } of this.#servicePorts.take()) {
      const port = after ?? before;
      if (port === undefined) continue;
      const service = objectKey(port.namespace, port.name);
      const wasChecked = this.#checked.get(service)?.has(key) === true;
      if (after?.health === undefined) removeFrom(this.#checked, service, key);
      else addTo(this.#checked, service, key);
      if (wasChecked) due.add(key);
      for (const each of this.#checked.get(service) ?? []) due.add(each);
    }
    if (isAll) for (const keys of this.#checked.values()) for (const key of keys) due.add(key);
    return due;
  }

  #settleRows({ add, dropped, joined }: WantedChange): void {
    const { health } = this.#options.tables;
    for (const { port, endpoint } of dropped) health.delete(healthKey(port, endpoint));
    for (const { id } of add)
      for (const { port, endpoint } of this.#wanted.concerned(id))
        this.#inherited.delete(healthKey(port, endpoint));
    for (const { id, concerned } of joined) {
      this.#inherited.delete(healthKey(concerned.port, concerned.endpoint));
      const known = this.#wanted
        .concerned(id)
        .map(({ port, endpoint }) => health.get(healthKey(port, endpoint)));
      const row = known.find((each) => each !== undefined);
      if (row !== undefined) this.#put(concerned, row);
    }
  }

  /** Returns whom it concerns, if it is of this family. */
  apply(change: SharedVerdict): readonly Concerned[] {
    const concerned = this.#wanted.concerned(change.id);
    for (const each of concerned) this.#put(each, change);
    return concerned;
  }

  #put({ port, endpoint }: Concerned, verdict: Omit<SharedVerdict, 'id'>): void {
    const { state, result, detail, checkers } = verdict;
    const { health } = this.#options.tables;
    const key = healthKey(port, endpoint);
    const before = health.get(key);
    const sinceMs = before?.state === state ? before.sinceMs : Date.now();
    const row: EndpointHealth = { port, endpoint, state, sinceMs, result, detail, checkers };
    health.put(key, row);
  }

  group(id: string): GroupAbout | undefined {
    return this.#wanted.group(id);
  }

  /** Rows that were there before, and that nothing asks for by now. */
  dropInherited(): void {
    for (const key of this.#inherited) this.#options.tables.health.delete(key);
    this.#inherited.clear();
  }

  close(): void {
    this.#servicePorts.close();
  }
}
