/** Events of the controllers: what happens again is counted on the Event that is there. */
import type { Logger } from '../../log/logger.ts';
import type { StoredKinds } from '../kinds/stored-kinds.ts';
import type { Registry } from '../registry/registry.ts';
import { formatTime } from '../schema/time.ts';
import type { Store } from '../store/store.ts';
import { objectOf } from '../store/stored-object.ts';
import { endsWithNamespace, isNotFound } from './failures.ts';
import { TypedRegistry } from './typed-registry.ts';

/** The object that an Event is about. */
export interface Regarding {
  readonly kind: string;
  readonly apiVersion: string;
  /** Empty for cluster-wide kinds. */
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

interface ControllerEvent {
  readonly regarding: Regarding;
  readonly type: 'Normal' | 'Warning';
  /** For programs. */
  readonly reason: string;
  /** For people. */
  readonly message: string;
  /** Who tells it: `endpoint-slice-controller`. */
  readonly component: string;
  /** It holds rather than happens: not told again after a restart while the Event is still there. */
  readonly isStanding?: boolean;
}

export interface EventRecorder {
  /** Never fails, and waits for nobody. */
  record(event: ControllerEvent): void;
}

type CoreEvent = StoredKinds['events'];

/** Different Events that are remembered, and so counted when they happen again. */
const MAX_REMEMBERED = 4096;
/** While the disk is slow, or full. */
const MAX_WAITING = 1000;
const MAX_MESSAGE_CHARACTERS = 1024;

interface EventRecorderOptions {
  readonly store: Store;
  readonly registry: Registry;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
}

export class RegistryEventRecorder implements EventRecorder {
  readonly #store: Store;
  readonly #registry: TypedRegistry;
  readonly #logger: Logger;
  readonly #now: () => number;
  /** The names of the Events, by what makes two of them the same; the one that happened last is the last. */
  readonly #names = new Map<string, string>();
  #last: Promise<void> = Promise.resolve();
  #waiting = 0;

  constructor({ store, registry, logger, now }: EventRecorderOptions) {
    this.#store = store;
    this.#registry = new TypedRegistry(registry);
    this.#logger = logger;
    this.#now = now;
  }

  record(event: ControllerEvent): void {
    const { reason, regarding } = event;
    const fields = { reason, kind: regarding.kind, namespace: regarding.namespace, name: regarding.name };
    if (this.#waiting >= MAX_WAITING) {
      this.#logger.warn(fields, 'Event is not told: too many wait to be written');
      return;
    }
    this.#waiting++;
    const atMs = this.#now();
    this.#last = this.#last
      .then(() => this.#write(event, atMs))
      .catch((err: unknown) => {
        if (!endsWithNamespace(err)) this.#logger.warn({ ...fields, err }, 'Event could not be written');
      })
      .finally(() => {
        this.#waiting--;
      });
  }

  async #write(event: ControllerEvent, atMs: number): Promise<void> {
    const key = keyOf(event);
    const remembered = this.#names.get(key);
    const found = remembered ?? this.#find(event, key);
    this.#names.delete(key);
    this.#names.set(key, await this.#tell(event, atMs, found, remembered === undefined));
    for (const oldest of this.#names.keys()) {
      if (this.#names.size <= MAX_REMEMBERED) return;
      this.#names.delete(oldest);
    }
  }

  /** One that an earlier run has written. */
  #find({ regarding }: ControllerEvent, key: string): string | undefined {
    for (const stored of this.#store.list('events', namespaceOf(regarding))) {
      if (!stored.name.startsWith(`${regarding.name}.`)) continue;
      const { involvedObject = {}, type = '', message = '', ...rest } = objectOf('events', stored);
      const { kind = '', name = '', uid = '' } = involvedObject;
      const written = [uid, kind, name, type, rest.reason ?? '', rest.source?.component ?? '', message];
      if (JSON.stringify(written) === key) return stored.name;
    }
    return undefined;
  }

  /** Returns the Event's name. */
  async #tell(
    event: ControllerEvent,
    atMs: number,
    found: string | undefined,
    isOfEarlierRun: boolean,
  ): Promise<string> {
    if (found === undefined) return this.#create(event, atMs);
    if (isOfEarlierRun && event.isStanding === true) return found;
    const lastTimestamp = formatTime(atMs);
    try {
      await this.#registry.change('events', namespaceOf(event.regarding), found, (current) => ({
        ...current,
        count: (current.count ?? 1) + 1,
        lastTimestamp,
      }));
      return found;
    } catch (error) {
      if (isNotFound(error)) return this.#create(event, atMs);
      throw error;
    }
  }

  async #create(event: ControllerEvent, atMs: number): Promise<string> {
    const { regarding, type, reason, component } = event;
    const time = formatTime(atMs);
    const unique = Math.round((atMs + (performance.now() % 1)) * 1e6).toString(16);
    const name = `${regarding.name}.${unique}`;
    const { namespace: _, ...clusterWide } = regarding;
    const object: CoreEvent = {
      kind: 'Event',
      apiVersion: 'v1',
      metadata: { name, namespace: namespaceOf(regarding) },
      involvedObject: regarding.namespace === '' ? clusterWide : { ...regarding },
      reason,
      message: messageOf(event),
      source: { component },
      firstTimestamp: time,
      lastTimestamp: time,
      count: 1,
      type,
      reportingComponent: component,
    };
    await this.#registry.create('events', object);
    return name;
  }
}

function keyOf(event: ControllerEvent): string {
  const { regarding, type, reason, component } = event;
  const { uid, kind, name } = regarding;
  return JSON.stringify([uid, kind, name, type, reason, component, messageOf(event)]);
}

function messageOf({ message }: ControllerEvent): string {
  return message.slice(0, MAX_MESSAGE_CHARACTERS);
}

function namespaceOf({ namespace }: Regarding): string {
  return namespace === '' ? 'default' : namespace;
}
