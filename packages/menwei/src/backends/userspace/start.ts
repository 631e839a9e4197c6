/** What the userspace mode does once, before its first sync: take its options from the settings, find the tools. */
import { familyOf, type IpFamily, isLoopback, isWildcard } from '@menwei/addresses/ip.ts';
import { findIptables } from '@menwei/kernel/iptables-tools.ts';
import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { KernelError } from '@menwei/netlink';
import type { Settings } from '../../config/settings.ts';
import type { Logger } from '../../log/logger.ts';
import type { Relays } from '../../relay/contract.ts';
import { takesLocalhostNodePorts } from '../xtables/localhost-node-ports.ts';
import { UserspaceBackend } from './backend.ts';
import type { UserspaceOptions } from './options.ts';

/** What follows from the settings alone, without a look at the machine. */
export function userspaceOptions(settings: Settings, family: IpFamily): UserspaceOptions {
  const { bindAddress, userspace } = settings;
  const isOne = !isWildcard(bindAddress) && familyOf(bindAddress) === family;
  return {
    family,
    answeredVIPs: settings.answeredVIPs,
    localhostNodePorts: takesLocalhostNodePorts(settings, family),
    portRange: userspace.portRange,
    listenIP: isOne ? bindAddress : undefined,
  };
}

/** The backend of one family, or why the family can't be served here. */
export async function startUserspace(
  settings: Settings,
  family: IpFamily,
  { runner, logger, relays }: { runner: ToolRunner; logger: Logger; relays?: Relays | undefined },
  signal: AbortSignal,
): Promise<UserspaceBackend | KernelError> {
  const options = userspaceOptions(settings, family);
  if (options.listenIP !== undefined && isLoopback(options.listenIP)) {
    const detail = 'cannot proxy on localhost';
    return new KernelError({ operation: 'listen on', object: options.listenIP, detail });
  }
  try {
    const tools = await findIptables(runner, family, signal);
    logger.info({ family, variant: tools.variant }, 'iptables found');
    return new UserspaceBackend({
      ...options,
      tools,
      relays,
      logger,
      watchPeriodMs: settings.syncPeriodMs,
    });
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
}
