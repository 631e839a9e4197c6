/** The store that outlives the process: memory serves every read, a file has all that was answered. */
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from '../../log/logger.ts';
import type { StoreStart } from './draft.ts';
import { selectableFields } from './encoding.ts';
import { FileJournal } from './file-journal.ts';
import { lockFolder } from './folder-lock.ts';
import { loadStoreFile } from './load.ts';
import { FIRST_REVISION, LocalStore, type StoreOptions } from './local-store.ts';
import type { Store } from './store.ts';
import {
  createStoreFile,
  DamagedFileError,
  damaged,
  explain,
  FILE_NAME,
  findStoreFile,
  StoreFileError,
} from './store-file.ts';
import { examineLog } from './write-ahead-log.ts';

export interface FileStoreOptions extends StoreOptions {
  /** Made if it is not there. */
  readonly folder: string;
  /** `normal`: what was written in the last moments before power is lost may be lost; much faster. */
  readonly sync: 'full' | 'normal';
  readonly logger: Logger;
  /** Five minutes unless given. */
  readonly compactEveryMs?: number;
}

const ADVICE = '; it is left as it is: bring back a backup with "menwei cluster restore"';
const COMPACT_EVERY_MS = 5 * 60_000;

/**
 * Opens the store of a folder; the first time, makes it.
 *
 * @throws StoreFileError in words for who runs the program: another process has the folder, the file is damaged or of a newer
 *   version, the disk refuses
 */
export async function openFileStore(options: FileStoreOptions): Promise<Store> {
  const { folder, sync, fieldsOf = selectableFields } = options;
  const lock = prepare(folder);
  try {
    const path = findOrCreate(folder);
    examine(`${path}-wal`, options);
    const loaded = loadStoreFile(path, fieldsOf);
    return new FileStore(loaded, new FileJournal({ path, sync }), options, lock);
  } catch (error) {
    lock[Symbol.dispose]();
    throw error instanceof DamagedFileError ? new StoreFileError(`${error.message}${ADVICE}`) : error;
  }
}

function prepare(folder: string): Disposable {
  if (existsSync(folder) && !statSync(folder).isDirectory())
    throw new StoreFileError(`${folder}: not a folder`);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new StoreFileError(`${folder}: can't make the folder: ${explain(error)}`);
  }
  return lockFolder(folder);
}

/** What SQLite will leave out, without a word. */
function examine(log: string, { sync, logger }: FileStoreOptions): void {
  const report = examineLog(log);
  if (report.state === 'whole') return;
  if (report.state === 'unfinished') {
    const pages = report.pages === 1 ? '1 page' : `${report.pages} pages`;
    logger.warn({}, `${log}: the last write was not finished and not answered: ${pages} of it are left out`);
    return;
  }
  if (sync === 'full')
    throw damaged(
      log,
      `at byte ${report.at}, before writes that were answered (if it ran with --store-sync normal, start it so once)`,
    );
  logger.warn(
    {},
    `${log}: not whole from byte ${report.at} on: the writes after it are lost, as --store-sync normal allows`,
  );
}

function findOrCreate(folder: string): string {
  const found = findStoreFile(folder);
  if (found !== undefined) return found;
  const path = join(folder, FILE_NAME);
  try {
    createStoreFile(path, FIRST_REVISION);
  } catch (error) {
    throw new StoreFileError(`${path}: can't make the file: ${explain(error)}`);
  }
  return path;
}

class FileStore extends LocalStore {
  readonly #lock: Disposable;

  constructor(loaded: StoreStart, journal: FileJournal, options: FileStoreOptions, lock: Disposable) {
    const { logger } = options;
    const onTrouble = (err: string | undefined) =>
      err === undefined
        ? logger.info({}, 'the store is written again')
        : logger.error({ err }, 'the store can not be written; writes are refused');
    super(loaded, { journal, base: loaded.lastKnown, reserved: loaded.revision, onTrouble }, options);
    this.#lock = lock;
    journal.startCompaction({
      everyMs: options.compactEveryMs ?? COMPACT_EVERY_MS,
      floor: () => this.floor,
      failed: (err) => logger.warn({ err }, 'compaction of the store failed; tried again later'),
    });
  }

  override async close(): Promise<void> {
    await super.close();
    this.#lock[Symbol.dispose]();
  }
}
