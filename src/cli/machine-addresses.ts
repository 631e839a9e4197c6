/** The addresses of the machine: looked at when they are asked for, or followed, as the mode needs it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { IP_FAMILIES, type IpFamily } from '../addresses/ip.ts';
import { DEVICE } from '../backends/ipvs/names.ts';
import { observeInterfaceAddresses } from '../kernel/interfaces.ts';
import { KernelError } from '../kernel/kernel-error.ts';
import { LocalAddresses } from '../kernel/local-addresses.ts';
import { openLinkClient } from '../kernel/netlink/route/client.ts';
import type { Logger } from '../log/logger.ts';
import type { Mode } from './modes.ts';

const RETRY_MS = 1_000;

export interface MachineAddresses {
  /** Of both families. In a mode that follows them, without those of loopback and of our own. */
  readonly all: () => readonly string[];
  /** See NodeView; none in a mode that does not use them. */
  readonly local: (family: IpFamily) => readonly string[];
  /** Calls `changed` whenever the local ones are others than before, until the signal ends it. */
  readonly follow: (changed: () => void, logger: Logger, signal: AbortSignal) => Promise<void>;
}

/** Throws KernelError. */
export async function openMachineAddresses(
  { usesLocalAddresses }: Pick<Mode, 'usesLocalAddresses'>,
  signal: AbortSignal,
): Promise<MachineAddresses> {
  if (!usesLocalAddresses) {
    return { all: observeInterfaceAddresses, local: () => [], follow: async () => undefined };
  }
  const addresses = new LocalAddresses(openLinkClient(), [DEVICE]);
  await addresses.observe(signal);
  return {
    all: () => IP_FAMILIES.flatMap((family) => addresses.of(family)),
    local: (family) => addresses.of(family),
    follow: (changed, logger, signal) => follow(addresses, changed, logger, signal),
  };
}

async function follow(
  addresses: LocalAddresses,
  changed: () => void,
  logger: Logger,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await addresses.watch(changed, signal);
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      logger.warn({ error }, 'could not follow the addresses of the node; trying again');
      await sleep(RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}
