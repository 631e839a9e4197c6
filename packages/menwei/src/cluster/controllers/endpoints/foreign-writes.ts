/** Finds out which objects of a controller were changed or deleted by somebody else. */
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import type { Store, StoredObject } from '../../store/store.ts';

/** A controller's own writes are known to it by then. */
const PATIENCE_MS = 1_000;

interface Touched {
  readonly namespace: string;
  readonly name: string;
  readonly owners: Set<string>;
}

export class ForeignWrites {
  readonly #store: Store;
  readonly #resource: keyof StoredKinds;
  readonly #onForeign: (owner: string) => void;
  /** The revision of the last own write; undefined for a deletion. Kept until it was compared. */
  readonly #own = new Map<string, number | undefined>();
  #touched = new Map<string, Touched>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  /** @param onForeign is called with what was noted as the owner of such an object */
  constructor(store: Store, resource: keyof StoredKinds, onForeign: (owner: string) => void) {
    this.#store = store;
    this.#resource = resource;
    this.#onForeign = onForeign;
  }

  /** The controller has created or updated it. It is looked at later, for what came and went unseen is never noted. */
  wrote(owner: string, stored: StoredObject): void {
    this.#own.set(keyOf(stored), stored.revision);
    this.note(owner, stored);
  }

  /** The controller has deleted it. */
  deleted(object: { readonly namespace: string; readonly name: string }): void {
    this.#own.set(keyOf(object), undefined);
  }

  /** To be called with what has changed, before and after. */
  note(owner: string, { namespace, name }: StoredObject): void {
    const key = keyOf({ namespace, name });
    const touched = this.#touched.get(key) ?? { namespace, name, owners: new Set() };
    touched.owners.add(owner);
    this.#touched.set(key, touched);
    if (!this.#isStopped) this.#timer ??= setTimeout(() => this.#compare(), PATIENCE_MS);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #compare(): void {
    this.#timer = undefined;
    const touched = this.#touched;
    this.#touched = new Map();
    for (const [key, { namespace, name, owners }] of touched) {
      const current = this.#store.get(this.#resource, namespace, name);
      const isOwn = this.#own.has(key) && this.#own.get(key) === current?.revision;
      this.#own.delete(key);
      if (!isOwn) for (const owner of owners) this.#onForeign(owner);
    }
  }
}

function keyOf({ namespace, name }: { readonly namespace: string; readonly name: string }): string {
  return `${namespace}/${name}`;
}
