import type { IpFamily } from '@menwei/addresses/ip.ts';
import { VerdictKeeper } from '../checks/verdict-keeper.ts';
import type { Settings } from '../config/settings.ts';
import type { Logger } from '../log/logger.ts';
import type { State } from '../state/state.ts';
import type { Component } from './component.ts';

interface VerdictKeepingOptions {
  readonly settings: Settings;
  readonly state: State;
  /** Families that are proxied. */
  readonly served: readonly IpFamily[];
  readonly logger: Logger;
}

/**
 * Puts into the state what the former run knew of endpoints, before anything is programmed, and keeps it for the next one.
 * A dry run keeps nothing.
 */
export function keepVerdicts({
  settings,
  state,
  served,
  logger,
}: VerdictKeepingOptions): readonly Component[] {
  const path = settings.healthChecks.stateFile;
  if (path === '') return [];
  const open = () =>
    new VerdictKeeper({ path, tables: served.map((family) => state.families[family]), logger });
  open().restore();
  if (settings.dryRun) return [];
  return [
    { name: 'health-state-file', onFailure: 'restart', run: (signal, ready) => open().run(signal, ready) },
  ];
}
