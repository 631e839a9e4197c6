/** The backends a machine can run: the selected mode in each IP family that works here. */
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { observeIpSupport } from '@menwei/kernel/ip-support.ts';
import { askUntilCertain } from '@menwei/kernel/passing-failure.ts';
import { KernelError } from '@menwei/netlink';
import type { AnyBackend } from '../backends/backend.ts';
import { findMode, type Surroundings } from '../backends/modes.ts';
import type { Settings } from '../config/settings.ts';
import type { NodeState } from '../proxy/node-state.ts';
import { UserError } from './failure.ts';

export interface Started {
  /** One a family; there is at least one. */
  readonly backends: readonly AnyBackend[];
  /** Why the others can't be served. */
  readonly unserved: Unserved;
}

export type Unserved = ReadonlyMap<IpFamily, KernelError>;

/**
 * A family that can't be served is left out with a warning. Which of them the node needs may show only later, with its Node
 * object: see {@link findUnservable}. Throws a KernelError if there is nothing to serve.
 */
export async function startBackends(
  settings: Settings,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<Started> {
  const backends: AnyBackend[] = [];
  const unserved = new Map<IpFamily, KernelError>();
  for (const family of IP_FAMILIES) {
    const backend = await tryBackend(settings, family, surroundings, signal);
    if (backend instanceof KernelError) unserved.set(family, backend);
    else backends.push(backend);
  }
  const [first] = unserved.values();
  if (backends.length === 0 && first !== undefined) throw first;
  for (const [family, error] of unserved) {
    surroundings.logger.warn({ family, err: error }, 'this IP family is not proxied');
  }
  return { backends, unserved };
}

/** One more backend of a family. Throws a KernelError if it can't be served. */
export async function startBackend(
  settings: Settings,
  family: IpFamily,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<AnyBackend> {
  const backend = await tryBackend(settings, family, surroundings, signal);
  if (backend instanceof KernelError) throw backend;
  return backend;
}

async function tryBackend(
  settings: Settings,
  family: IpFamily,
  surroundings: Surroundings,
  signal: AbortSignal,
): Promise<AnyBackend | KernelError> {
  if (!observeIpSupport(family)) {
    return new KernelError({ operation: 'use', object: family, detail: 'not enabled in this kernel' });
  }
  return askUntilCertain(() => findMode(settings.mode).start(settings, family, surroundings, signal), signal);
}

/**
 * Why nothing of what the node has can be served; to be asked whenever the node may have changed. One that has addresses of
 * both families goes on with one of them.
 */
export function findUnservable(node: Pick<NodeState, 'families'>, unserved: Unserved): UserError | undefined {
  const reasons = node.families.map((family) => [family, unserved.get(family)] as const);
  if (reasons.length === 0 || reasons.some(([, error]) => error === undefined)) return undefined;
  return new UserError(
    reasons.map(
      ([family, error]) => `the node has ${family} addresses, which can't be proxied: ${error?.message}`,
    ),
  );
}
