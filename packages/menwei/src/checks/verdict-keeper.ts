/** Keeps in a file which endpoints are out of use, so that a restart of the proxy puts no dead one back in use. */
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '../log/error-text.ts';
import type { Logger } from '../log/logger.ts';
import { InterruptiblePause, pause } from '../scheduling/pause.ts';
import { type EndpointHealth, healthKey, isEjected } from '../state/endpoint-health.ts';
import type { FamilyTables } from '../state/family-tables.ts';
import type { Change } from '../state/reader.ts';
import { formatVerdicts, parseVerdicts } from './verdict-file.ts';

/** Verdicts that come closer together are written together. */
const GATHERED_MS = 100;
const RETRY_MS = 10_000;

interface VerdictKeeperOptions {
  readonly path: string;
  /** Of the families that are proxied. */
  readonly tables: readonly Pick<FamilyTables, 'family' | 'health'>[];
  readonly logger: Logger;
}

export class VerdictKeeper {
  readonly #options: VerdictKeeperOptions;
  /** By the key of the row, of both families: an endpoint tells its own. */
  readonly #ejected = new Map<string, EndpointHealth>();
  /** What the file says may differ. */
  #isDue = false;
  #isFailing = false;

  constructor(options: VerdictKeeperOptions) {
    this.#options = options;
  }

  /** Puts the rows of a former run into the tables. To be called before the first sync. */
  restore(): void {
    const { path, tables, logger } = this.#options;
    const text = this.#read();
    if (text === undefined) return;
    const parsed = parseVerdicts(path, text);
    if ('mistake' in parsed) {
      logger.warn({}, `${parsed.mistake}; endpoints that were down are used until their checks fail again`);
      return;
    }
    for (const { family, row } of parsed.verdicts) {
      if (!isEjected(row.state)) continue;
      tables.find((each) => each.family === family)?.health.put(healthKey(row.port, row.endpoint), row);
    }
  }

  /** Writes the file whenever an endpoint goes out of use, or comes back. */
  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const idle = new InterruptiblePause();
    const readers = this.#options.tables.map(({ health }) => health.reader(() => idle.end()));
    const take = () => {
      for (const reader of readers) for (const change of reader.take()) this.#note(change);
    };
    ready();
    while (!signal.aborted) {
      take();
      if (this.#isDue) this.#write();
      // While the file can't be written, somebody may be making room.
      const untilNextMs = this.#isFailing ? RETRY_MS : Number.POSITIVE_INFINITY;
      if (readers.every(({ unreadCount }) => unreadCount === 0)) await idle.wait(untilNextMs, signal);
      await pause(GATHERED_MS, signal);
    }
    take();
    if (this.#isDue) this.#write();
    for (const reader of readers) reader.close();
  }

  #note({ key, after }: Change<EndpointHealth>): void {
    const was = this.#ejected.get(key);
    const is = after !== undefined && isEjected(after.state) ? after : undefined;
    if (is === undefined) this.#ejected.delete(key);
    else this.#ejected.set(key, is);
    if (was !== is) this.#isDue = true;
  }

  #read(): string | undefined {
    const { path, logger } = this.#options;
    try {
      // A pipe would be waited for.
      if (!statSync(path).isFile()) throw new Error('it is no file');
      return readFileSync(path, 'utf8');
    } catch (cause) {
      if (errorCode(cause) === 'ENOENT') return undefined;
      logger.warn({ err: cause }, `${path} can't be read: which endpoints were down is not known`);
      return undefined;
    }
  }

  #write(): void {
    const { path, logger } = this.#options;
    try {
      if (this.#ejected.size === 0) rmSync(path, { force: true });
      else replaceFile(path, formatVerdicts(this.#ejected.values()));
      this.#isDue = false;
      if (this.#isFailing) logger.info({ path }, 'endpoints that are down are kept over a restart again');
      this.#isFailing = false;
    } catch (cause) {
      if (!this.#isFailing)
        logger.warn({ err: cause }, `${path} can't be written: a restart would use endpoints that are down`);
      this.#isFailing = true;
    }
  }
}

/** Who reads meanwhile, or after an end in the middle, finds the former file whole. */
function replaceFile(path: string, text: string): void {
  const draft = `${path}.new`;
  mkdirSync(dirname(path), { recursive: true });
  // What is there already may lead elsewhere.
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode: 0o600, flag: 'wx' });
  renameSync(draft, path);
}
