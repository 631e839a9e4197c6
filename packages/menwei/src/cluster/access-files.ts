/** The operator's files of users and roles, `tokens.csv` and `roles.yaml`: read at the start, and followed. */
import { join } from 'node:path';
import type { Component } from '../agent/component.ts';
import type { Logger } from '../log/logger.ts';
import { sideBySide } from '../scheduling/side-by-side.ts';
import { watchConfigFile } from '../setup/config-file-watch.ts';
import type { ClusterAccess } from './security/cluster-access.ts';
import { FileError, readOptionalFile } from './security/file-error.ts';
import { parseRoles } from './security/roles-file.ts';
import { parseTokens } from './security/static-tokens.ts';

/** In the data folder. */
export const TOKENS_FILE = 'tokens.csv';
export const ROLES_FILE = 'roles.yaml';

interface AccessFile {
  readonly path: string;
  /** What it held when it was read last. */
  text: string;
  /** Puts in force what it says; returns what is wrong with it otherwise. */
  readonly apply: (text: string) => readonly string[];
}

/**
 * Reads both; neither has to be there.
 *
 * @returns follows them: what can't be understood changes nothing
 * @throws FileError
 */
export async function openAccessFiles(
  folder: string,
  access: ClusterAccess,
  logger: Logger,
): Promise<Component> {
  const files = [tokensFile(folder, access), rolesFile(folder, access)];
  for (const file of files) {
    file.text = await readText(file.path);
    const [error] = file.apply(file.text);
    if (error !== undefined) throw new FileError(file.path, error);
  }
  return {
    name: 'access-files',
    onFailure: 'restart',
    run: async (signal, ready) => {
      ready();
      const followers = files.map((file) => (over: AbortSignal) => follow(file, logger, over));
      await sideBySide(followers, signal);
    },
  };
}

function follow(file: AccessFile, logger: Logger, signal: AbortSignal): Promise<void> {
  const { path } = file;
  return watchConfigFile(
    { path, read: readText },
    file.text,
    (news) => {
      const errors = 'error' in news ? [news.error] : file.apply(news.text);
      if ('text' in news) file.text = news.text;
      if (errors.length === 0) logger.info({ path }, 'file was read anew and is in force');
      else logger.error({ path, err: errors[0] }, 'file can not be used; what it said before stays in force');
    },
    signal,
  );
}

/** Empty: it is not there. */
async function readText(path: string): Promise<string> {
  return (await readOptionalFile(path)) ?? '';
}

function tokensFile(folder: string, access: ClusterAccess): AccessFile {
  return {
    path: join(folder, TOKENS_FILE),
    text: '',
    apply: (text) => {
      const parsed = parseTokens(text);
      if ('errors' in parsed) return parsed.errors;
      access.setStaticTokens(parsed.tokens);
      return [];
    },
  };
}

function rolesFile(folder: string, access: ClusterAccess): AccessFile {
  return {
    path: join(folder, ROLES_FILE),
    text: '',
    apply: (text) => {
      const parsed = parseRoles(text);
      if ('errors' in parsed) return parsed.errors;
      access.setOwnRoles(parsed.roles);
      return [];
    },
  };
}
