/** What the iptables mode does once, before its first sync (spec §§ 4.4, 10.6): find tools, set what the kernel needs. */
import { cidrContains, type IpFamily } from '../../addresses/ip.ts';
import type { Settings } from '../../config/settings.ts';
import { findIptables } from '../../kernel/iptables-tools.ts';
import { KernelError } from '../../kernel/kernel-error.ts';
import { readSysctl, writeSysctl } from '../../kernel/sysctl.ts';
import type { ToolRunner } from '../../kernel/tool-runner.ts';
import type { Logger } from '../../log/logger.ts';
import { IptablesBackend } from './backend.ts';
import type { IptablesOptions } from './options.ts';

const ROUTE_LOCALNET = 'net/ipv4/conf/all/route_localnet';

/** What follows from the settings alone, without a look at the machine. */
export function iptablesOptions(settings: Settings, family: IpFamily): IptablesOptions {
  const { iptables } = settings;
  return {
    family,
    masqueradeMark: 2 ** iptables.masqueradeBit,
    masqueradeAll: iptables.masqueradeAll,
    localhostNodePorts:
      iptables.localhostNodePorts && family === 'IPv4' && nodePortsIncludeLoopback(settings),
    conntrackLiberal: false,
    accounting: false,
  };
}

function nodePortsIncludeLoopback({ nodePortAddresses }: Settings): boolean {
  if (nodePortAddresses === 'primary') return false;
  const ofFamily = nodePortAddresses.filter((cidr) => cidr.family === 'IPv4');
  return (
    ofFamily.length === 0 ||
    ofFamily.some((cidr) => cidr.address.startsWith('127.') || cidrContains(cidr, '127.0.0.0'))
  );
}

/** The backend of one family, or why the family can't be served here. */
export async function startIptables(
  settings: Settings,
  family: IpFamily,
  runner: ToolRunner,
  logger: Logger,
  signal: AbortSignal,
): Promise<IptablesBackend | KernelError> {
  try {
    const tools = await findIptables(runner, family, signal);
    logger.info({ family, variant: tools.variant }, 'iptables found');
    const options = {
      ...iptablesOptions(settings, family),
      conntrackLiberal: (readSysctl('net/netfilter/nf_conntrack_tcp_be_liberal') ?? '0') !== '0',
    };
    if (options.localhostNodePorts && readSysctl(ROUTE_LOCALNET) !== '1') writeSysctl(ROUTE_LOCALNET, 1);
    return new IptablesBackend({ ...options, tools, logger, watchPeriodMs: settings.syncPeriodMs });
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
}
