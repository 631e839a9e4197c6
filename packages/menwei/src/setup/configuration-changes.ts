/** What a new content of the configuration file means for a proxy that runs with the former one. */
import { hostname } from 'node:os';
import { changedFields } from '../config/changed-fields.ts';
import type { GivenFlags } from '../config/flags.ts';
import { documentOf } from '../config/format.ts';
import { judgeFields } from '../config/live-fields.ts';
import { type ResolvedSettings, resolveSettings } from '../config/resolve.ts';
import type { Settings } from '../config/settings.ts';
import type { ResolvedInput } from './settings-input.ts';

type Change =
  /** Nothing that counts is different. `unused` are fields that mean nothing in this mode. */
  | { readonly kind: 'none'; readonly unused: readonly string[] }
  /** It can't be used. Each reason is one line that names the file. */
  | { readonly kind: 'broken'; readonly reasons: readonly string[] }
  /** All that counts takes effect at once. */
  | {
      readonly kind: 'live';
      readonly fields: readonly string[];
      readonly settings: LiveSettings;
      readonly warnings: readonly string[];
    }
  /** Some of it takes effect only when the process is started again. */
  | { readonly kind: 'restart'; readonly fields: readonly string[] };

/** Those that may change while the proxy runs. */
export type LiveSettings = Pick<
  Settings,
  'syncPeriodMs' | 'minSyncPeriodMs' | 'conntrack' | 'oomScoreAdj' | 'log' | 'serviceMetricsLimit'
>;

/** The configuration in force, compared with one content of the file after the other. */
export class ConfigurationChanges {
  readonly #flags: GivenFlags;
  readonly #path: string;
  /** What `auto` is, which does not change while the process runs. */
  readonly #mode: Settings['mode'];
  #configuration: ResolvedInput['configuration'];

  /**
   * @param configuration in force at the start
   * @param mode that runs
   */
  constructor(
    flags: GivenFlags,
    path: string,
    configuration: ResolvedInput['configuration'],
    mode: Settings['mode'],
  ) {
    this.#mode = mode;
    this.#flags = flags;
    this.#path = path;
    this.#configuration = configuration;
  }

  /** In force. */
  get configuration(): ResolvedInput['configuration'] {
    return this.#configuration;
  }

  /** What is live counts as in force from then on. */
  judge(text: string): Change {
    const resolved = this.#resolve(text);
    if ('errors' in resolved) return { kind: 'broken', reasons: resolved.errors };
    const { configuration, settings, warnings } = resolved;
    const changed = changedFields(documentOf(this.#configuration), documentOf(configuration));
    const { live, restart, unused } = judgeFields(changed, settings.mode);
    if (restart.length > 0) return { kind: 'restart', fields: restart };
    this.#configuration = configuration;
    if (live.length === 0) return { kind: 'none', unused };
    const { syncPeriodMs, minSyncPeriodMs, conntrack, oomScoreAdj, log, serviceMetricsLimit } = settings;
    const values = { syncPeriodMs, minSyncPeriodMs, conntrack, oomScoreAdj, log, serviceMetricsLimit };
    return { kind: 'live', fields: live, settings: values, warnings };
  }

  #resolve(text: string): ResolvedSettings {
    return resolveSettings({
      flags: this.#flags,
      hostname: hostname(),
      autoMode: this.#mode,
      configFile: { path: this.#path, text },
    });
  }
}
