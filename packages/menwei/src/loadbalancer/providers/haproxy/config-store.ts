/** The configuration file on the disk: it is replaced as a whole or not at all, and by nothing that HAProxy refuses. */
import { open, readFile, rename, writeFile } from 'node:fs/promises';
import { errorCode } from '../../../log/error-text.ts';
import type { Logger } from '../../../log/logger.ts';
import { ProviderError } from '../provider.ts';
import { type Complaint, type ConfigCheckOptions, checkConfig } from './config-check.ts';
import { type ConfigFile, formatConfigFile, parseConfigFile } from './config-file.ts';

/** HAProxy may run as another user, and there is nothing secret in it. */
const MODE = 0o644;

export interface StoredConfig {
  readonly text: string;
  readonly file: ConfigFile;
}

interface ConfigStoreOptions extends ConfigCheckOptions {
  readonly cluster: string;
  readonly path: string;
  readonly logger: Logger;
}

export class ConfigStore {
  readonly #options: ConfigStoreOptions;

  constructor(options: ConfigStoreOptions) {
    this.#options = options;
  }

  get path(): string {
    return this.#options.path;
  }

  /** What is written where there is nothing to balance. */
  get emptyText(): string {
    return formatConfigFile(this.#options.cluster, [], []);
  }

  /** A file that does not exist is empty. @throws ProviderError when it can't be read */
  async read(): Promise<StoredConfig> {
    const text = await this.#attempt('read', async () => {
      try {
        return await readFile(this.path, 'utf8');
      } catch (error) {
        if (errorCode(error) === 'ENOENT') return '';
        throw error;
      }
    });
    return { text, file: parseConfigFile(this.#options.cluster, text) };
  }

  /** What HAProxy has against a configuration; nothing: it takes it. */
  async check(text: string, signal: AbortSignal): Promise<readonly Complaint[]> {
    await this.#attempt('write', () => this.#writeCandidate(text));
    return await checkConfig(this.#options, this.#candidate, text, signal);
  }

  /** @throws ProviderError: what was there before is there still */
  async write(text: string): Promise<void> {
    await this.#attempt('write', async () => {
      await this.#writeCandidate(text);
      await rename(this.#candidate, this.path);
    });
  }

  /** Keeps a text that HAProxy does not take, for who wants to know what it was. */
  async putAside(text: string): Promise<void> {
    const { logger } = this.#options;
    const kept = `${this.path}.refused`;
    await this.#attempt('keep', () => writeFile(kept, text, { mode: MODE }));
    logger.warn(
      { file: this.path, kept },
      'the configuration of haproxy had something that haproxy refuses; it is replaced',
    );
  }

  get #candidate(): string {
    return `${this.path}.new`;
  }

  async #writeCandidate(text: string): Promise<void> {
    const file = await open(this.#candidate, 'w', MODE);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  async #attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new ProviderError(`can't ${what} the configuration of haproxy: ${why}`);
    }
  }
}
