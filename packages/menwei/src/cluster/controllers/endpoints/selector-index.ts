/** Which Services select a pod, and which pods a Service selects, without trying all of either. */
import { hasLabel } from './labels.ts';
import type { PodFacts } from './pod-facts.ts';
import type { ServiceFacts } from './service-facts.ts';

type Selecting = Pick<ServiceFacts, 'key' | 'namespace' | 'selector'>;
type Labelled = Pick<PodFacts, 'key' | 'namespace' | 'labels'>;

export class SelectorIndex<Service extends Selecting, Pod extends Labelled> {
  /** By the first pair of their selectors, whose keys are sorted. */
  readonly #services = new Map<string, Set<Service>>();
  /** By each pair of their labels. */
  readonly #pods = new Map<string, Set<Pod>>();
  #looks = 0;

  /** How many pods and Services were looked at so far, to find those that belong together. */
  get looks(): number {
    return this.#looks;
  }

  addService(service: Service): void {
    const pair = firstPair(service);
    if (pair !== undefined) add(this.#services, pair, service);
  }

  removeService(service: Service): void {
    const pair = firstPair(service);
    if (pair !== undefined) remove(this.#services, pair, service);
  }

  addPod(pod: Pod): void {
    for (const pair of pairsOf(pod)) add(this.#pods, pair, pod);
  }

  removePod(pod: Pod): void {
    for (const pair of pairsOf(pod)) remove(this.#pods, pair, pod);
  }

  servicesOf(pod: Pod): readonly Service[] {
    const candidates = pairsOf(pod).flatMap((pair) => [...(this.#services.get(pair) ?? [])]);
    this.#looks += candidates.length;
    return candidates.filter((service) => selects(service, pod));
  }

  /** Looks at those pods that have the rarest of the selector's pairs. */
  podsOf(service: Service): readonly Pod[] {
    const sets = (service.selector ?? []).map(([key, value]) => this.#pods.get(pairOf(service, key, value)));
    const rarest = sets.reduce((best, set) => ((set?.size ?? 0) < (best?.size ?? 0) ? set : best), sets[0]);
    const candidates = [...(rarest ?? [])];
    this.#looks += candidates.length;
    return candidates.filter((pod) => selects(service, pod));
  }
}

function selects({ namespace, selector }: Selecting, pod: Labelled): boolean {
  if (selector === undefined || namespace !== pod.namespace) return false;
  return selector.every(([key, value]) => hasLabel(pod.labels, key, value));
}

function pairsOf(pod: Labelled): readonly string[] {
  return Object.entries(pod.labels).map(([key, value]) => pairOf(pod, key, value));
}

function firstPair(service: Selecting): string | undefined {
  const first = service.selector?.[0];
  return first === undefined ? undefined : pairOf(service, ...first);
}

/** None of the three can hold a newline. */
function pairOf({ namespace }: { namespace: string }, key: string, value: string): string {
  return `${namespace}\n${key}\n${value}`;
}

function add<Member>(sets: Map<string, Set<Member>>, key: string, member: Member): void {
  const set = sets.get(key);
  if (set === undefined) sets.set(key, new Set([member]));
  else set.add(member);
}

function remove<Member>(sets: Map<string, Set<Member>>, key: string, member: Member): void {
  const set = sets.get(key);
  set?.delete(member);
  if (set?.size === 0) sets.delete(key);
}
