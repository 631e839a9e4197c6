/** `--proxy`: the proxy of this machine, in the same process as the cluster, fed by its store. */
import { reapOrphans } from '@menwei/kernel/orphans.ts';
import { nameOwnProcess } from '@menwei/kernel/processes.ts';
import { startToolRunner } from '@menwei/kernel/tool-runner.ts';
import type { Component, ComponentStates } from '../agent/component.ts';
import { openProxy } from '../agent/open-proxy.ts';
import { SettingsInForce } from '../agent/settings-in-force.ts';
import { logMode } from '../agent/start-lines.ts';
import type { Settings } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import { settleMode } from '../setup/fallback.ts';
import { readSettings } from '../setup/settings-input.ts';
import { createClusterSource } from '../sources/cluster.ts';
import type { ProxyOptions } from './cluster-options.ts';
import type { Store } from './store/store.ts';

export interface ClusterProxy {
  readonly settings: Settings;
  /** Opens what the proxy needs of the machine, and returns what runs. */
  open(
    store: Store,
  ): Promise<{ readonly components: readonly Component[]; readonly states: ComponentStates }>;
  close(): void;
}

/**
 * What the proxy will run with; nothing is changed yet.
 *
 * @param kubeconfig where it finds the API server, for the Events that it writes
 * @throws UserError, KernelError
 */
export async function prepareProxy(
  { mode, config, nodeName }: ProxyOptions,
  kubeconfig: string,
  logger: Logger,
  signal: AbortSignal,
): Promise<ClusterProxy> {
  const input = await readSettings(
    {
      ...{ 'proxy-mode': mode, kubeconfig },
      ...(config === undefined ? {} : { config }),
      ...(nodeName === '' ? {} : { 'hostname-override': nodeName }),
    },
    true,
  );
  for (const warning of input.warnings) logger.warn({}, warning);
  const orphans = reapOrphans();
  const runner = startToolRunner();
  const close = () => {
    runner.close();
    orphans[Symbol.dispose]();
  };
  try {
    const settings = await settleMode(input, { runner, logger }, signal);
    const open = async (store: Store) => {
      const { nodeName } = settings;
      nameOwnProcess('menwei');
      logMode(settings, logger);
      return await openProxy(
        {
          settings: new SettingsInForce(settings),
          openSource: ({ report, following }) =>
            createClusterSource({ store, nodeName, report, following: { ...following, serviceCIDRs: true } }),
          runner,
          logger,
        },
        signal,
      );
    };
    return { settings, open, close };
  } catch (error) {
    close();
    throw error;
  }
}
