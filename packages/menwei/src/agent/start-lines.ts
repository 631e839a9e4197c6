/** The first lines of the log: what the proxy runs with, so that nobody has to guess it from what it does. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { PortRange, Settings } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import { VERSION } from '../setup/version.ts';

/** @param config as `--config` names it; empty: it does not */
export function logStart({ nodeName, dryRun }: Settings, config: string, logger: Logger): void {
  const node = { node: nodeName };
  const fields = { version: VERSION, nodejs: process.version, ...node, ...(config ? { config } : {}) };
  logger.info(fields, dryRun ? 'starting menwei; nothing will be changed' : 'starting menwei');
}

export function logMode({ mode, modeReason }: Settings, logger: Logger): void {
  logger.info({ reason: modeReason }, `proxy mode is ${mode}`);
}

/** @param families that are proxied */
export function logSettings(settings: Settings, families: readonly IpFamily[], logger: Logger): void {
  const { mode, manifests, nodePortAddresses, syncPeriodMs, minSyncPeriodMs } = settings;
  if (manifests.length > 0) {
    const fields = { manifests: manifests.join(', '), nodePorts: formatRange(settings.nodePortRange) };
    logger.info(fields, 'objects are read from manifests');
  }
  if (settings.healthzBindAddress === undefined) logger.info({}, 'healthz server is off');
  if (settings.metricsBindAddress === undefined)
    logger.info({}, 'metrics server is off, and with it what menwei status asks');
  logger.info(
    {
      families: families.join(', '),
      detectLocalMode: settings.detectLocalMode,
      ...localTraffic(settings),
      nodePortAddresses: Array.isArray(nodePortAddresses)
        ? nodePortAddresses.map(({ text }) => text).join(', ') || 'all'
        : nodePortAddresses,
      ...(mode === 'userspace' ? { proxyPorts: formatRange(settings.userspace.portRange) } : {}),
      syncPeriod: `${syncPeriodMs / 1000}s`,
      minSyncPeriod: `${minSyncPeriodMs / 1000}s`,
    },
    'settings in force',
  );
}

function localTraffic({ detectLocalMode, detectLocal, clusterCIDRs }: Settings): Record<string, string> {
  switch (detectLocalMode) {
    case 'ClusterCIDR':
      return { clusterCIDR: clusterCIDRs.map(({ text }) => text).join(', ') || 'unknown' };
    case 'NodeCIDR':
      return {};
    case 'BridgeInterface':
      return { bridgeInterface: detectLocal.bridgeInterface };
    case 'InterfaceNamePrefix':
      return { interfaceNamePrefix: detectLocal.interfaceNamePrefix };
  }
}

function formatRange({ first, last }: PortRange): string {
  return `${first}-${last}`;
}
