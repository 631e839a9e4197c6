/** From a command line to the settings it means. */
import { hostname } from 'node:os';
import { type ConfigFile, readConfigFile } from '../config/file.ts';
import type { GivenFlags } from '../config/flags.ts';
import { type ResolvedSettings, resolveSettings } from '../config/resolve.ts';
import type { ProxyMode, Settings } from '../config/settings.ts';
import { formatErrorChain } from '../log/error-text.ts';
import { UserError } from './failure.ts';

/** What the command line means. */
export type ResolvedInput = Exclude<ResolvedSettings, { readonly errors: unknown }> & {
  /** The one that `--config` names. */
  readonly configFile?: ConfigFile;
  /** The settings for a mode that was chosen, where it is to be chosen. Throws UserError. */
  readonly settingsFor: (mode: ProxyMode) => Settings;
};

/**
 * @param flagsWin see SettingsInput
 * @throws UserError with a line for every setting that can't be right
 */
export async function readSettings(flags: GivenFlags, flagsWin?: boolean): Promise<ResolvedInput> {
  const path = flags.config;
  const configFile = typeof path === 'string' && path !== '' ? await readFileOrFail(path) : undefined;
  const resolve = (autoMode?: ProxyMode) => {
    const resolved = resolveSettings({
      flags,
      hostname: hostname(),
      autoMode,
      ...(configFile === undefined ? {} : { configFile }),
      ...(flagsWin === undefined ? {} : { flagsWin }),
    });
    if ('errors' in resolved) throw new UserError(resolved.errors, resolved.wrongUsage ? 2 : 1);
    return resolved;
  };
  return {
    ...resolve(),
    settingsFor: (mode) => resolve(mode).settings,
    ...(configFile === undefined ? {} : { configFile }),
  };
}

/** Rejects with one line for the user. */
export async function readConfigText(path: string): Promise<string> {
  return (await readConfigFile(path)).text;
}

async function readFileOrFail(path: string): Promise<ConfigFile> {
  try {
    return await readConfigFile(path);
  } catch (error) {
    throw new UserError(formatErrorChain(error));
  }
}
