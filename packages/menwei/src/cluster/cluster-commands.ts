/** What `menwei cluster` does. */
import { resolve } from 'node:path';
import { escapeControls } from '../log/escape-controls.ts';
import { createLogger } from '../log/pino-logger.ts';
import { UserError } from '../setup/failure.ts';
import { readNodePortRangeOrFail } from '../setup/manifests-input.ts';
import { type ClusterFlags, defaultDataFolder, parseClusterFlags } from './cluster-options.ts';
import { describeFaults, makeKubeconfig, restoreBackup, writeBackup } from './data-commands.ts';
import { explained } from './explained.ts';
import { CLIENT_NAMES } from './security/pki.ts';

/** Until SIGTERM or SIGINT. */
export async function up(flags: ClusterFlags): Promise<void> {
  const parsed = parseClusterFlags(flags);
  if ('errors' in parsed) throw new UserError(parsed.errors, 2);
  const { options } = parsed;
  const stop = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop.abort());
  const logger = createLogger({ format: 'text', verbosity: options.verbosity });
  const { runCluster } = await import('./run-cluster.ts');
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  try {
    await runCluster(options, { logger, print }, stop.signal);
  } catch (error) {
    // Told to end before it had begun.
    if (error !== stop.signal.reason) throw error;
  }
}

/** On standard output. */
export async function printKubeconfig(options: DataOption & { readonly user: string }): Promise<void> {
  const user = CLIENT_NAMES.find((name) => name === options.user);
  if (user === undefined)
    throw new UserError(`--user: ${options.user} is not one of ${CLIENT_NAMES.join(', ')}`, 2);
  const text = await explained(() => makeKubeconfig(dataFolderOf(options), user));
  process.stdout.write(text);
}

/** Into a file that must not be there yet. */
export async function backup(
  file: string,
  options: DataOption & { readonly withKeys?: true },
): Promise<void> {
  const folder = dataFolderOf(options);
  await explained(() => writeBackup(folder, file, options.withKeys === true));
  process.stdout.write(`${folder}: all objects are in ${file}\n`);
}

/** Into an empty data folder. */
export async function restore(file: string, options: DataOption): Promise<void> {
  const folder = dataFolderOf(options);
  const { withKeys } = await explained(() => restoreBackup(file, folder));
  const keys = withKeys ? '' : '; it has no keys: the cluster will make new ones';
  process.stdout.write(`${folder}: made from ${file}${keys}\n`);
}

/** Exit status 1 if anything is wrong. */
export async function check(options: DataOption & { readonly serviceNodePortRange: string }): Promise<void> {
  const nodePorts = readNodePortRangeOrFail(options.serviceNodePortRange);
  const folder = dataFolderOf(options);
  const faults = await explained(async () => describeFaults(folder, nodePorts, Date.now()));
  for (const fault of faults) process.stdout.write(`${escapeControls(fault)}\n`);
  if (faults.length > 0) process.exitCode = 1;
  else process.stdout.write(`${folder}: the addresses and ports of all Services are as they must be\n`);
}

interface DataOption {
  readonly data?: string;
}

function dataFolderOf({ data }: DataOption): string {
  if (data === '') throw new UserError('--data: is empty', 2);
  return resolve(data ?? defaultDataFolder());
}
