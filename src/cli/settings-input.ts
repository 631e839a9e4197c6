/** From a command line to the settings it means, warnings printed, errors raised. */
import { hostname } from 'node:os';
import { readConfigFile } from '../config/file.ts';
import type { GivenFlags } from '../config/flags.ts';
import { resolveSettings } from '../config/resolve.ts';
import type { Settings } from '../config/settings.ts';
import { UserError } from './failure.ts';

export async function readSettings(flags: GivenFlags, warn: (message: string) => void): Promise<Settings> {
  const path = flags.config;
  const configFile = typeof path === 'string' && path !== '' ? await readFileOrFail(path) : undefined;
  const resolved = resolveSettings({
    flags,
    hostname: hostname(),
    ...(configFile === undefined ? {} : { configFile }),
  });
  if ('errors' in resolved) throw new UserError(resolved.errors.join('\nmenwei: '));
  for (const warning of resolved.warnings) warn(warning);
  return resolved.settings;
}

async function readFileOrFail(path: string) {
  try {
    return await readConfigFile(path);
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? `: ${error.cause.message}` : '';
    throw new UserError(`${error instanceof Error ? error.message : String(error)}${cause}`);
  }
}
