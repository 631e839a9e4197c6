/** The audit log: a file of lines, in the order of the answers; a new one is begun when it is full. */
import { constants } from 'node:fs';
import { type FileHandle, open, rename } from 'node:fs/promises';
import type { Logger } from '../../log/logger.ts';
import { changing } from './file-error.ts';

/** After that it is kept as FILE.1 until the next one is full. */
const MOST_BYTES = 100 * 2 ** 20;
/** What waits for a disk that is slow. */
const MOST_WAITING_BYTES = 16 * 2 ** 20;

interface AuditLogOptions {
  readonly path: string;
  readonly logger: Logger;
  /** 100 MiB unless given. */
  readonly mostBytes?: number;
}

/** A pipe that nobody reads must not hold up the process: what can't be written to it is lost. */
const APPENDING = constants.O_APPEND | constants.O_CREAT | constants.O_WRONLY | constants.O_NONBLOCK;

/** @throws FileError if the file can't be opened */
export async function openAuditLog(options: AuditLogOptions): Promise<AuditLog> {
  const { path } = options;
  return changing(path, async () => {
    const file = await open(path, APPENDING, 0o600);
    const found = await file.stat();
    return new AuditLog(file, found.isFile() ? found.size : undefined, options);
  });
}

export class AuditLog {
  readonly #path: string;
  readonly #logger: Logger;
  readonly #mostBytes: number;
  #file: FileHandle;
  /** Undefined: it is no regular file, but a device or pipe, which is never full and is not to be renamed. */
  #bytes: number | undefined;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #lost = 0;
  #writing: Promise<void> | undefined;

  constructor(
    file: FileHandle,
    bytes: number | undefined,
    { path, logger, mostBytes = MOST_BYTES }: AuditLogOptions,
  ) {
    this.#file = file;
    this.#bytes = bytes;
    this.#path = path;
    this.#logger = logger;
    this.#mostBytes = mostBytes;
  }

  /** Waits for nothing. What can't be written is counted in the program's own log. */
  write(line: string): void {
    if (this.#waitingBytes > MOST_WAITING_BYTES) {
      this.#lost++;
      return;
    }
    this.#waiting.push(`${line}\n`);
    this.#waitingBytes += line.length;
    this.#writing ??= Promise.resolve().then(() => this.#writeWaiting());
  }

  async close(): Promise<void> {
    await this.#writing;
    if (this.#lost > 0) {
      this.#logger.error({ path: this.#path, lines: this.#lost }, 'lines of the audit log were lost');
    }
    await this.#file.close();
  }

  async #writeWaiting(): Promise<void> {
    while (this.#waiting.length > 0) {
      const lines = this.#waiting;
      this.#waiting = [];
      this.#waitingBytes = 0;
      await this.#append(lines);
    }
    this.#writing = undefined;
  }

  async #append(lines: readonly string[]): Promise<void> {
    try {
      if (this.#bytes !== undefined && this.#bytes >= this.#mostBytes) await this.#beginAnew();
      const bytes = Buffer.from(lines.join(''));
      await this.#file.appendFile(bytes);
      if (this.#bytes !== undefined) this.#bytes += bytes.length;
    } catch (err) {
      if (this.#lost === 0) this.#logger.error({ path: this.#path, err }, 'lines of the audit log are lost');
      this.#lost += lines.length;
      await this.#dropHalf();
      return;
    }
    if (this.#lost === 0) return;
    this.#logger.warn(
      { path: this.#path, lines: this.#lost },
      'the audit log is written again; lines are lost',
    );
    this.#lost = 0;
  }

  /** Of a line, on a disk that was full: the next one would go on where it ends. */
  async #dropHalf(): Promise<void> {
    if (this.#bytes !== undefined) await this.#file.truncate(this.#bytes).catch(() => undefined);
  }

  async #beginAnew(): Promise<void> {
    await rename(this.#path, `${this.#path}.1`);
    const full = this.#file;
    this.#file = await open(this.#path, APPENDING, 0o600);
    this.#bytes = 0;
    await full.close();
  }
}
