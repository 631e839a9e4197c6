/** The namespaces that are always there, and what each has from the start (cluster § 10.4). */
import type { Component } from '../../../agent/component.ts';
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import type { StoreChange } from '../../store/store.ts';
import { objectOf } from '../../store/stored-object.ts';
import { type ControllerContext, controllerComponent, DEFAULT_TIMING, loggingQueue } from '../controller.ts';
import { endsWithNamespace, ignoring, isConflict } from '../failures.ts';
import { repeat } from '../repeat.ts';
import { TypedRegistry } from '../typed-registry.ts';

const NAME = 'namespace-contents';
/** The namespaces of every cluster. */
export const SYSTEM_NAMESPACES: readonly string[] = [
  'default',
  'kube-system',
  'kube-public',
  'kube-node-lease',
];
const CHECK_MS = 60_000;

const SERVICE_ACCOUNT = 'default';
const CONFIG_MAP = 'kube-root-ca.crt';
const CA_KEY = 'ca.crt';

/** @param caCertificate PEM; empty if there is none */
export function namespaceContents(context: ControllerContext, caCertificate: string): Component {
  return controllerComponent(NAME, context, () => {
    const queue = loggingQueue(NAME, context, DEFAULT_TIMING);
    const contents = new NamespaceContents(context, caCertificate);
    return {
      resources: ['namespaces', 'serviceaccounts', 'configmaps'],
      digest: (change) => {
        const name = namespaceConcerned(change);
        if (name !== undefined) queue.add(name);
      },
      queues: [{ queue, work: (name) => contents.work(name) }],
      meanwhile: (signal) =>
        repeat(CHECK_MS, signal, () => {
          for (const name of SYSTEM_NAMESPACES) queue.add(name);
        }),
    };
  });
}

/** Undefined: it is none of those that are kept. */
function namespaceConcerned({ before, after }: StoreChange): string | undefined {
  const stored = after ?? before;
  switch (stored?.resource) {
    case 'namespaces':
      return stored.name;
    case 'serviceaccounts':
      return stored.name === SERVICE_ACCOUNT ? stored.namespace : undefined;
    case 'configmaps':
      return stored.name === CONFIG_MAP ? stored.namespace : undefined;
    default:
      return undefined;
  }
}

class NamespaceContents {
  readonly #context: ControllerContext;
  readonly #registry: TypedRegistry;
  readonly #caCertificate: string;

  constructor(context: ControllerContext, caCertificate: string) {
    this.#context = context;
    this.#registry = new TypedRegistry(context.registry);
    this.#caCertificate = caCertificate;
  }

  async work(name: string): Promise<void> {
    const { store } = this.#context;
    const namespace = store.get('namespaces', '', name);
    if (namespace === undefined && SYSTEM_NAMESPACES.includes(name)) await this.#createNamespace(name);
    else if (namespace === undefined || namespace.isBeingDeleted) return;
    try {
      if (store.get('serviceaccounts', name, SERVICE_ACCOUNT) === undefined) {
        await this.#registry.create('serviceaccounts', serviceAccount(name));
      }
      await this.#keepConfigMap(name);
    } catch (error) {
      // Conflict: somebody else has made it.
      if (!endsWithNamespace(error) && !isConflict(error)) throw error;
    }
  }

  async #createNamespace(name: string): Promise<void> {
    const namespace: StoredKinds['namespaces'] = { kind: 'Namespace', apiVersion: 'v1', metadata: { name } };
    await ignoring(isConflict, this.#registry.create('namespaces', namespace));
  }

  async #keepConfigMap(namespace: string): Promise<void> {
    const stored = this.#context.store.get('configmaps', namespace, CONFIG_MAP);
    const data = { [CA_KEY]: this.#caCertificate };
    if (stored === undefined) {
      const metadata = { name: CONFIG_MAP, namespace };
      await this.#registry.create('configmaps', { kind: 'ConfigMap', apiVersion: 'v1', metadata, data });
      return;
    }
    const present = objectOf('configmaps', stored);
    if (JSON.stringify(present.data) === JSON.stringify(data)) return;
    await this.#registry.update('configmaps', { ...present, data });
  }
}

function serviceAccount(namespace: string): StoredKinds['serviceaccounts'] {
  return { kind: 'ServiceAccount', apiVersion: 'v1', metadata: { name: SERVICE_ACCOUNT, namespace } };
}
