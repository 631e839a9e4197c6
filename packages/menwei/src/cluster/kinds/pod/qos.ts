/** The quality of service of a pod, by the resources that it asks for. */
import type { Messages } from '../../schema/messages.ts';
import { nanosOf } from '../../schema/quantity.ts';

type PodSpec = Messages['core.v1.PodSpec'];
type Amounts = Readonly<Record<string, string>>;

const RESOURCES = ['cpu', 'memory'];

export function qosClassOf(spec: PodSpec): string {
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const all =
    spec.resources === undefined ? containers.map(({ resources = {} }) => resources) : [spec.resources];
  const requests = sums(all.map((one) => one.requests ?? {}));
  const limits = sums(all.map((one) => one.limits ?? {}));
  if ([...requests, ...limits].every((sum) => sum === 0n)) return 'BestEffort';
  const areLimited = all.every((one) => RESOURCES.every((name) => amountOf(one.limits ?? {}, name) > 0n));
  const areEqual = requests.every((sum, i) => sum === limits[i]);
  return areLimited && areEqual ? 'Guaranteed' : 'Burstable';
}

/** In the order of {@link RESOURCES}. */
function sums(all: readonly Amounts[]): readonly bigint[] {
  return RESOURCES.map((name) => all.reduce((sum, amounts) => sum + amountOf(amounts, name), 0n));
}

/** Never less than nothing. */
function amountOf(amounts: Amounts, name: string): bigint {
  const nanos = Object.hasOwn(amounts, name) ? nanosOf(amounts[name] ?? '') : undefined;
  return nanos === undefined || nanos < 0n ? 0n : nanos;
}
