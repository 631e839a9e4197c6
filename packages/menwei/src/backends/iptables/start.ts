/** What the iptables mode does once, before its first sync (spec §§ 4.4, 10.6): find tools, set what the kernel needs. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { findIptables } from '@menwei/kernel/iptables-tools.ts';
import { readSysctl, writeSysctl } from '@menwei/kernel/sysctl.ts';
import type { ToolRunner } from '@menwei/kernel/tool-runner.ts';
import { KernelError } from '@menwei/netlink';
import { applyAccountingObject, observeAccountingSupport } from '@menwei/netlink/nfacct';
import type { Settings } from '../../config/settings.ts';
import type { Logger } from '../../log/logger.ts';
import { takesLocalhostNodePorts } from '../xtables/localhost-node-ports.ts';
import { IptablesBackend } from './backend.ts';
import { ACCOUNTING_OBJECTS, type IptablesOptions } from './options.ts';

const ROUTE_LOCALNET = 'net/ipv4/conf/all/route_localnet';

/** What follows from the settings alone, without a look at the machine. */
export function iptablesOptions(settings: Settings, family: IpFamily): IptablesOptions {
  const { iptables } = settings;
  return {
    family,
    masqueradeMark: 2 ** iptables.masqueradeBit,
    masqueradeAll: iptables.masqueradeAll,
    answeredVIPs: settings.answeredVIPs,
    localhostNodePorts: takesLocalhostNodePorts(settings, family),
    // It is what the kernel is told before any rule is written.
    conntrackLiberal: settings.conntrack.tcpBeLiberal,
    accounting: [],
  };
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
    // Only who is going to write rules may change anything for their sake.
    const writes = !settings.dryRun;
    const fromSettings = iptablesOptions(settings, family);
    const isLiberal = (readSysctl('net/netfilter/nf_conntrack_tcp_be_liberal') ?? '0') !== '0';
    const options = {
      ...fromSettings,
      localhostNodePorts: fromSettings.localhostNodePorts && (!writes || canRouteLocalnet(logger)),
      // The kernel has been told already, unless nothing is to be changed.
      conntrackLiberal: isLiberal || (!writes && fromSettings.conntrackLiberal),
    };
    return new IptablesBackend({
      ...options,
      accounting: accountingObjects(writes, logger),
      applyAccountingObject,
      countsConnections: settings.countConnections,
      tools,
      logger,
      watchPeriodMs: settings.syncPeriodMs,
    });
  } catch (error) {
    if (error instanceof KernelError) return error;
    throw error;
  }
}

/**
 * Sets what packets to 127.0.0.1 need to leave by another interface, unless it is set. kube-proxy ends where that is impossible, as
 * with a read-only /proc/sys; Services that work but for NodePorts on 127.0.0.1 are better than none.
 */
function canRouteLocalnet(logger: Logger): boolean {
  try {
    if (readSysctl(ROUTE_LOCALNET) !== '1') writeSysctl(ROUTE_LOCALNET, 1);
    return true;
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    logger.warn({ err: error }, 'NodePorts do not answer on 127.0.0.1: route_localnet can not be set');
    return false;
  }
}

/** The objects that rules can count into: those that are there now, or could be made if rules were written. */
function accountingObjects(writes: boolean, logger: Logger): IptablesOptions['accounting'] {
  if (!observeAccountingSupport()) {
    logger.verbose(4, {}, 'kernel has no nfacct support; packets are not counted');
    return [];
  }
  return ACCOUNTING_OBJECTS.filter((name) => {
    try {
      if (writes) applyAccountingObject(name);
      return true;
    } catch (error) {
      if (!(error instanceof KernelError)) throw error;
      logger.verbose(4, { err: error }, 'nfacct object could not be created; its packets are not counted');
      return false;
    }
  });
}
