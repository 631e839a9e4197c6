/** The proxies of some families and their watches, supervised as in the real process. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { ComponentStates } from 'menwei/agent/component.ts';
import { kernelWatch } from 'menwei/agent/family-components.ts';
import { supervise } from 'menwei/agent/supervisor.ts';
import type { Logger } from 'menwei/log/logger.ts';
import type { ServiceProxy } from 'menwei/proxy/service-proxy.ts';

/** Until the signal fires; rejects with what ends a process. */
export function runFamilies(
  proxy: ServiceProxy,
  families: readonly IpFamily[],
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  const components = families.flatMap((family) => [
    {
      name: family,
      onFailure: 'end the process' as const,
      run: (told: AbortSignal, ready: () => void) => proxy.sync(family, told, ready),
    },
    kernelWatch(family, proxy, [family]),
  ]);
  return supervise(components, { states: new ComponentStates(), logger }, signal);
}
