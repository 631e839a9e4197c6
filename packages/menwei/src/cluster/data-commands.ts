/** What `menwei cluster` does with the data folder of a cluster that need not run. */
import { existsSync } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { PortRange } from '../config/settings.ts';
import { atOnce } from '../scheduling/steps.ts';
import { UserError } from '../setup/failure.ts';
import { ROLES_FILE, TOKENS_FILE } from './access-files.ts';
import { allocationFaults } from './allocation/repair.ts';
import { nameOf } from './allocation-repair.ts';
import { kubeconfigEntry, kubeconfigPath } from './kubeconfigs.ts';
import { isObject } from './schema/values.ts';
import { changing, FileError, readOptionalFile, readTextFile } from './security/file-error.ts';
import { formatKubeconfig, readServer } from './security/kubeconfig-file.ts';
import { type ClientName, ensureClient, PKI_FOLDER } from './security/pki.ts';
import { makePrivateFolder, writePrivateFile } from './security/private-file.ts';
import { backupStore, readStore, restoreStore } from './store/backup.ts';

/** What a cluster keeps beside the objects. */
const KEY_FILES: readonly string[] = [TOKENS_FILE, ROLES_FILE];

/** What they hold, by their paths within the data folder. */
type Keys = Readonly<Record<string, string>>;

/** A kubeconfig for this user, as text. @throws UserError, FileError */
export async function makeKubeconfig(folder: string, client: ClientName): Promise<string> {
  const path = kubeconfigPath(folder, 'admin');
  const admin = await readOptionalFile(path);
  if (admin === undefined)
    throw new UserError(`${folder}: no cluster has run with this folder (menwei cluster up)`);
  const { server, authority } = readServer(path, admin);
  if (authority === undefined) return formatKubeconfig(kubeconfigEntry(client, server, undefined));
  const pair = await ensureClient(join(folder, PKI_FOLDER), client, Date.now());
  return formatKubeconfig(kubeconfigEntry(client, server, { authority, client: pair }));
}

/** @param withKeys the keys go into `FILE.keys`. @throws FileError, StoreFileError */
export async function writeBackup(folder: string, file: string, withKeys: boolean): Promise<void> {
  const keysFile = keysFileOf(file);
  if (withKeys && existsSync(keysFile)) throw new FileError(keysFile, 'there is a file already');
  backupStore(folder, file);
  if (!withKeys) return;
  const keys = await readKeys(folder);
  await changing(keysFile, () => writePrivateFile(keysFile, `${JSON.stringify(keys, null, 2)}\n`));
}

/** @throws FileError, StoreFileError */
export async function restoreBackup(file: string, folder: string): Promise<{ readonly withKeys: boolean }> {
  const keysFile = keysFileOf(file);
  const text = await readOptionalFile(keysFile);
  const keys = text === undefined ? undefined : parseKeys(keysFile, text);
  restoreStore(file, folder);
  for (const [name, content] of Object.entries(keys ?? {})) {
    const path = join(folder, name);
    await changing(path, async () => {
      await makePrivateFolder(join(path, '..'));
      await writePrivateFile(path, content);
    });
  }
  return { withKeys: keys !== undefined };
}

/** What the repair would find, a line each. @throws StoreFileError */
export function describeFaults(folder: string, nodePorts: PortRange, nowMs: number): readonly string[] {
  const { objects } = readStore(folder);
  return atOnce(allocationFaults(objects, { nodePorts, nowMs })).map((fault) => {
    const isMended = fault.mend !== undefined;
    return `${nameOf(fault)}: ${fault.reason}: ${fault.message}${isMended ? '' : ' (is not repaired by itself)'}`;
  });
}

function keysFileOf(file: string): string {
  return `${file}.keys`;
}

async function readKeys(folder: string): Promise<Keys> {
  const inFolder = await readdir(join(folder, PKI_FOLDER)).catch(() => []);
  const names = [...inFolder.filter(isKeyName).map((name) => join(PKI_FOLDER, name)), ...KEY_FILES];
  const keys: Record<string, string> = {};
  for (const name of names) {
    const path = join(folder, name);
    if ((await stat(path).catch(() => undefined))?.isFile()) keys[name] = await readTextFile(path);
  }
  return keys;
}

function parseKeys(file: string, text: string): Keys {
  const value = parseJson(text);
  if (!isKeys(value)) throw new FileError(file, 'is no file of keys that backup has written');
  return value;
}

/** Only names that are written by {@link readKeys} become files. */
function isKeys(value: unknown): value is Keys {
  return (
    isObject(value) &&
    Object.entries(value).every(([name, content]) => isKeyPath(name) && typeof content === 'string')
  );
}

function isKeyPath(path: string): boolean {
  const [folder, name = '', ...more] = path.split('/');
  return KEY_FILES.includes(path) || (folder === PKI_FOLDER && isKeyName(name) && more.length === 0);
}

function isKeyName(name: string): boolean {
  return /^[a-z0-9-]+\.(crt|key)$/.test(name);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
