/** `--proxy-mode auto`: the best mode that this machine can run. */
import { release } from 'node:os';
import { askUntilCertain } from '@menwei/kernel/passing-failure.ts';
import { KernelError } from '@menwei/netlink';
import { findMode, type Surroundings } from '../backends/modes.ts';
import { nftablesOptions } from '../backends/nftables/start.ts';
import { tryNftables } from '../backends/nftables/trial.ts';
import type { ProxyMode, Settings } from '../config/settings.ts';
import { UserError } from './failure.ts';

interface ChosenMode {
  readonly mode: ProxyMode;
  /** In words, for the log and `/status`. */
  readonly reason: string;
}

/** For who asks the machine, and for a test that has its own. */
interface ModeTrials {
  /** Why a mode can't be had on this machine; undefined: it can. */
  readonly nftables: () => Promise<KernelError | undefined>;
  readonly iptables: () => Promise<KernelError | undefined>;
}

/**
 * nftables where the kernel takes all that it programs, since changes cost the least there; else iptables. ipvs and userspace are
 * for who asks for them. Throws UserError with the reasons if neither can be had.
 */
export async function chooseMode({ nftables, iptables }: ModeTrials): Promise<ChosenMode> {
  const withoutNftables = await nftables();
  if (withoutNftables === undefined) {
    return { mode: 'nftables', reason: `auto: kernel ${release()} takes all that nftables mode programs` };
  }
  const withoutIptables = await iptables();
  if (withoutIptables === undefined) {
    return { mode: 'iptables', reason: `auto: nftables mode can't be had: ${withoutNftables.message}` };
  }
  throw new UserError(
    `proxy mode auto: no mode can be had: nftables: ${withoutNftables.message}; iptables: ${withoutIptables.message}`,
  );
}

/** What this machine can do. Nothing is changed by asking, but for kernel modules that are loaded. */
export function modeTrials(
  settings: Settings,
  { runner, logger }: Pick<Surroundings, 'runner' | 'logger'>,
  signal: AbortSignal,
): ModeTrials {
  const quiet = { ...logger, info: () => undefined, verbose: () => undefined };
  return {
    nftables: async () => {
      // A kernel that is busy says so with an error that may pass.
      const answer = await askUntilCertain(() => tryNftables(nftablesOptions(settings, 'IPv4')), signal);
      return answer instanceof KernelError ? answer : undefined;
    },
    iptables: async () => {
      const looking: Settings = { ...settings, mode: 'iptables', dryRun: true };
      const surroundings = { runner, logger: quiet, localAddresses: () => [] };
      const start = () => findMode('iptables').start(looking, 'IPv4', surroundings, signal);
      const backend = await askUntilCertain(start, signal);
      if (backend instanceof KernelError) return backend;
      backend.close?.();
      return undefined;
    },
  };
}
