/** Keeps the Service `kubernetes`, its Endpoints and its slice as they should be, whatever becomes of them (cluster § 11.4). */
import { familyOf, parseKnownCidr } from '@menwei/addresses/ip.ts';
import type { Component } from '../../../agent/component.ts';
import { isReady } from '../../kinds/conditions.ts';
import type { StoredKinds } from '../../kinds/stored-kinds.ts';
import type { StoreChange } from '../../store/store.ts';
import { objectOf } from '../../store/stored-object.ts';
import { type ControllerContext, controllerComponent, DEFAULT_TIMING, loggingQueue } from '../controller.ts';
import { subsetsText } from '../endpoints/endpoint-subsets.ts';
import { hasLabel } from '../endpoints/labels.ts';
import { areSlicesEqual } from '../endpoints/slice-plan.ts';
import { repeat } from '../repeat.ts';
import { TypedRegistry } from '../typed-registry.ts';
import {
  type ApiServerAddress,
  kubernetesEndpoints,
  kubernetesService,
  kubernetesSlice,
} from './kubernetes-service.ts';

const NAME = 'kubernetes-service';
const CHECK_MS = 10_000;
const KEPT: readonly string[] = ['services', 'endpoints', 'endpointslices'];

/** @param range the first of the Services' ranges, canonical */
export function kubernetesServiceKeeper(
  context: ControllerContext,
  range: string,
  apiServer: ApiServerAddress,
): Component {
  return controllerComponent(NAME, context, () => {
    const obstacle = unreachableFromPods(range, apiServer);
    if (obstacle !== undefined) context.logger.warn({ service: 'default/kubernetes' }, obstacle);
    const queue = loggingQueue(NAME, context, DEFAULT_TIMING);
    const keeper = new Keeper(context, range, apiServer);
    return {
      resources: [...KEPT, 'namespaces', 'servicecidrs'],
      digest: (change) => {
        if (concerns(change)) queue.add(NAME);
      },
      queues: [{ queue, work: () => keeper.work() }],
      meanwhile: (signal) => repeat(CHECK_MS, signal, () => queue.add(NAME)),
    };
  });
}

/** Why pods can't reach the API server by its Service; undefined: they can. */
export function unreachableFromPods(
  range: string,
  { advertiseAddress }: ApiServerAddress,
): string | undefined {
  if (advertiseAddress === undefined)
    return 'the API server listens on loopback only: its Service has no endpoints, and pods cannot reach it';
  const family = parseKnownCidr(range).family;
  if (familyOf(advertiseAddress) === family) return undefined;
  return `the API server's Service is ${family}, and ${advertiseAddress} is not: pods cannot reach it (--advertise-address, or the first of --service-cluster-ip-range)`;
}

/** What it needs has come, or somebody else has changed what it keeps. */
function concerns({ before, after }: StoreChange): boolean {
  const stored = after ?? before;
  if (stored?.resource === 'servicecidrs') return true;
  if (stored?.resource === 'namespaces') return stored.name === 'default';
  return stored?.namespace === 'default' && stored.name === 'kubernetes';
}

class Keeper {
  readonly #context: ControllerContext;
  readonly #registry: TypedRegistry;
  readonly #service: StoredKinds['services'];
  readonly #endpoints: StoredKinds['endpoints'] | undefined;
  readonly #slice: StoredKinds['endpointslices'] | undefined;

  constructor(context: ControllerContext, range: string, apiServer: ApiServerAddress) {
    this.#context = context;
    this.#registry = new TypedRegistry(context.registry);
    this.#service = kubernetesService(range, apiServer);
    const { advertiseAddress: ip, port } = apiServer;
    this.#endpoints = ip === undefined ? undefined : kubernetesEndpoints(ip, port);
    this.#slice = ip === undefined ? undefined : kubernetesSlice(ip, port);
  }

  async work(): Promise<void> {
    const { store } = this.#context;
    // They are others' to make, and this comes again when they have.
    if (store.get('namespaces', '', 'default') === undefined || !this.#hasAddresses()) return;
    await this.#keep('services', this.#service, (present) => {
      const { ports, type } = present.spec ?? {};
      const isRight = sameServicePorts(ports ?? [], this.#service.spec?.ports ?? []) && type === 'ClusterIP';
      return isRight
        ? present
        : {
            ...present,
            spec: { ...present.spec, type: 'ClusterIP', ports: this.#service.spec?.ports ?? [] },
          };
    });
    await this.#keep('endpoints', this.#endpoints, (present, wanted) =>
      subsetsText(present.subsets ?? []) === subsetsText(wanted.subsets ?? []) && hasLabelsOf(present, wanted)
        ? present
        : {
            ...present,
            metadata: { ...present.metadata, labels: wanted.metadata.labels ?? {} },
            subsets: wanted.subsets ?? [],
          },
    );
    await this.#keep('endpointslices', this.#slice, (present, wanted) =>
      areSlicesEqual(present, wanted)
        ? present
        : { ...wanted, metadata: { ...present.metadata, ...wanted.metadata } },
    );
  }

  /** There is a ServiceCIDR to take the Service's address from. */
  #hasAddresses(): boolean {
    const cidrs = Array.from(this.#context.store.list('servicecidrs'), (stored) =>
      objectOf('servicecidrs', stored),
    );
    return cidrs.some(({ status }) => isReady(status));
  }

  /** @param mend gives back what it is given if that is as it should be */
  async #keep<Name extends 'services' | 'endpoints' | 'endpointslices'>(
    name: Name,
    wanted: StoredKinds[Name] | undefined,
    mend: (present: StoredKinds[Name], wanted: StoredKinds[Name]) => StoredKinds[Name],
  ): Promise<void> {
    const stored = this.#context.store.get(name, 'default', 'kubernetes');
    if (wanted === undefined) {
      if (stored !== undefined) await this.#registry.delete(name, 'default', 'kubernetes');
    } else if (stored === undefined) {
      await this.#registry.create(name, wanted);
    } else {
      const present = objectOf(name, stored);
      const mended = mend(present, wanted);
      if (mended !== present) await this.#replace(name, present, mended);
    }
  }

  /** The family of a slice can't be changed. */
  async #replace<Name extends keyof StoredKinds>(
    name: Name,
    present: StoredKinds[Name],
    mended: StoredKinds[Name],
  ): Promise<void> {
    const isOfOtherFamily =
      'addressType' in present && 'addressType' in mended && present.addressType !== mended.addressType;
    if (isOfOtherFamily) await this.#registry.delete(name, 'default', 'kubernetes');
    else await this.#registry.update(name, mended);
  }
}

type ServicePorts = NonNullable<NonNullable<StoredKinds['services']['spec']>['ports']>;

function sameServicePorts(present: ServicePorts, wanted: ServicePorts): boolean {
  const text = (ports: ServicePorts) =>
    JSON.stringify(ports.map(({ name, protocol, port, targetPort }) => [name, protocol, port, targetPort]));
  return text(present) === text(wanted);
}

function hasLabelsOf(present: StoredKinds['endpoints'], wanted: StoredKinds['endpoints']): boolean {
  const labels = present.metadata.labels ?? {};
  return Object.entries(wanted.metadata.labels ?? {}).every(([key, value]) => hasLabel(labels, key, value));
}
