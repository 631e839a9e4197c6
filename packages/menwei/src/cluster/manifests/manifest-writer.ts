/** Makes one object of the store what a file says that it is. */
import { resourceOf } from '../kinds/resources.ts';
import type { StoredKinds } from '../kinds/stored-kinds.ts';
import type { Registry } from '../registry/registry.ts';
import type { ApiObject } from '../schema/object.ts';
import { StatusError } from '../schema/status-error.ts';
import type { Store } from '../store/store.ts';
import { objectOf } from '../store/stored-object.ts';
import type { Wanted } from './manifest-files.ts';
import { namespaceOf } from './manifest-objects.ts';
import { staticPodFault, staticPodStatus } from './static-pods.ts';

/** Annotation of every object that came from a file: `manifests/<file>`. */
export const SOURCE = 'menwei.dev/source';

/** What most kinds have besides metadata. */
type WithParts = ApiObject & { readonly spec?: object; readonly status?: object };

const PODS = resourceOf('', 'pods');
/** Others write to them, too: what the file does not name is theirs. */
const SHARED_KINDS: readonly string[] = ['namespaces', 'nodes', 'pods'];

export class ManifestWriter {
  readonly #registry: Registry;
  readonly #store: Pick<Store, 'get'>;
  readonly #now: () => number;

  constructor(registry: Registry, store: Pick<Store, 'get'>, now: () => number) {
    this.#registry = registry;
    this.#store = store;
    this.#now = now;
  }

  /** An object that is as it should be is not written. @throws StatusError */
  async write(wanted: Wanted): Promise<void> {
    const { resource, object } = wanted;
    const fault = resource === PODS ? staticPodFault(object) : undefined;
    if (fault !== undefined) throw new StatusError({ code: 422, message: fault });
    const { name = '' } = object.metadata;
    const namespace = namespaceOf(resource, object.metadata);
    const marked = mark(object, wanted.file);
    const stored = this.#store.get(resource.storedAs ?? '', namespace, name);
    const isEnding = resource === PODS && stored?.isBeingDeleted === true;
    // Nothing runs here that would have to end first.
    if (isEnding) await this.#registry.delete(resource, namespace, name, { gracePeriodSeconds: 0 });
    if (stored === undefined || isEnding) {
      await this.#registry.create(resource, namespace, marked);
    } else {
      await this.#registry.change(resource, namespace, name, (current) =>
        merge(marked, current, SHARED_KINDS.includes(resource.resource)),
      );
    }
    await this.#writeStatus(wanted, namespace, name);
  }

  async #writeStatus({ resource, object }: Wanted, namespace: string, name: string): Promise<void> {
    if (!resource.subresources.includes('status')) return;
    const { status: given }: WithParts = object;
    if (given === undefined && resource !== PODS) return;
    const change = (current: ApiObject) => {
      const { status: before }: WithParts = current;
      const status = given ?? staticPodStatus(object, current, this.#nodeIps(object), this.#now());
      return { ...current, status: { ...before, ...status } };
    };
    await this.#registry.change(resource, namespace, name, change, { subresource: 'status' });
  }

  #nodeIps(pod: StoredKinds['pods']): readonly string[] {
    const stored = this.#store.get('nodes', '', pod.spec?.nodeName ?? '');
    const addresses = stored === undefined ? [] : (objectOf('nodes', stored).status?.addresses ?? []);
    return addresses.flatMap(({ type, address = '' }) => (type === 'InternalIP' ? [address] : []));
  }
}

function mark(object: ApiObject, file: string): ApiObject {
  const { metadata } = object;
  const annotations = { ...metadata.annotations, [SOURCE]: `manifests/${file}` };
  return { ...object, metadata: { ...metadata, annotations } };
}

/** As it is to be: what only the server writes stays. */
function merge(wanted: ApiObject, current: ApiObject, isShared: boolean): ApiObject {
  const { finalizers, ownerReferences, labels, annotations } = current.metadata;
  const metadata = {
    ...(finalizers === undefined ? {} : { finalizers }),
    ...(ownerReferences === undefined ? {} : { ownerReferences }),
    ...wanted.metadata,
  };
  if (!isShared) return { ...wanted, metadata };
  return {
    ...wanted,
    ...{ spec: { ...specOf(current), ...specOf(wanted) } },
    metadata: {
      ...metadata,
      labels: { ...labels, ...wanted.metadata.labels },
      annotations: { ...annotations, ...wanted.metadata.annotations },
    },
  };
}

function specOf(object: ApiObject): object {
  const { spec = {} }: WithParts = object;
  return spec;
}
