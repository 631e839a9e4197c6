/** Since when what is written next has been due, for `endpoints.kubernetes.io/last-change-trigger-time`. */
import type { ApiObject } from '../../schema/object.ts';
import { TRIGGER_TIME_ANNOTATION } from './names.ts';

interface Due {
  /** As RFC 3339; undefined if nothing tells. */
  readonly since: string | undefined;
  readonly isNew: boolean;
}

const UNKNOWN: Due = { since: undefined, isNew: false };

export class TriggerTimes {
  readonly #due = new Map<string, Due>();

  /** The first that is written of a Service was due since its creation, whatever its pods say. */
  created(serviceKey: string, createdAt: string): void {
    this.#due.set(serviceKey, { since: createdAt, isNew: true });
  }

  /** Of several changes, the earliest counts. */
  changed(serviceKey: string, since: string | undefined): void {
    if (since === undefined) return;
    const due = this.get(serviceKey);
    if (due.isNew) return;
    if (due.since !== undefined && Date.parse(due.since) <= Date.parse(since)) return;
    this.#due.set(serviceKey, { since, isNew: false });
  }

  /** To be given to {@link written} when it is. */
  get(serviceKey: string): Due {
    return this.#due.get(serviceKey) ?? UNKNOWN;
  }

  /** What came meanwhile is still due. */
  written(serviceKey: string, due: Due): void {
    if (this.#due.get(serviceKey) === due) this.#due.delete(serviceKey);
  }

  forget(serviceKey: string): void {
    this.#due.delete(serviceKey);
  }
}

/** With the annotation, or without it if nothing tells. */
export function withTriggerTime<Kind extends ApiObject>(object: Kind, since: string | undefined): Kind {
  const { [TRIGGER_TIME_ANNOTATION]: _, ...others } = object.metadata.annotations ?? {};
  const annotations = since === undefined ? others : { ...others, [TRIGGER_TIME_ANNOTATION]: since };
  return { ...object, metadata: { ...object.metadata, annotations } };
}
