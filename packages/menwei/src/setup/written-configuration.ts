/** `--write-config-to`: the resolved configuration as a file. */
import { truncate, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { changedFields } from '../config/changed-fields.ts';
import { documentOf, formatConfiguration } from '../config/format.ts';
import { resolveSettings } from '../config/resolve.ts';
import type { Logger } from '../log/logger.ts';
import { UserError } from './failure.ts';
import type { ResolvedInput } from './settings-input.ts';

/** Warns of fields that a file can't say: a zero that stands for the default there. Throws UserError if it can't be written. */
export async function writeConfiguration(
  path: string,
  { configuration }: Pick<ResolvedInput, 'configuration'>,
  logger: Logger,
): Promise<void> {
  const text = formatConfiguration(configuration);
  try {
    await writeFile(path, text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    // Half of it could be taken for all of it; an empty file is taken for none.
    await truncate(path).catch(() => undefined);
    throw new UserError(`--write-config-to: ${path}: the configuration can't be written: ${reason}`);
  }
  logger.info({ path }, 'wrote the resolved configuration');
  const lost = fieldsReadOtherwise(text, configuration);
  if (lost.length > 0) {
    logger.warn(
      { fields: lost.join(', ') },
      `${path}: a file can't say what the flags do: these fields are read back as their defaults`,
    );
  }
}

function fieldsReadOtherwise(text: string, configuration: ResolvedInput['configuration']): readonly string[] {
  const configFile = { path: 'written', text };
  const again = resolveSettings({ flags: {}, configFile, hostname: hostname() });
  if ('errors' in again)
    throw new Error(`BUG: a written configuration is refused: ${again.errors.join('; ')}`);
  return changedFields(documentOf(configuration), documentOf(again.configuration));
}
