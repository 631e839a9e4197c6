/** Follows the configuration file: what can change while the proxy runs does, the rest ends the process. */
import type { ConfigFile } from '../config/file.ts';
import type { Logger } from '../log/logger.ts';
import { type FileNews, watchConfigFile } from '../setup/config-file-watch.ts';
import type { ConfigurationChanges } from '../setup/configuration-changes.ts';
import { readConfigText } from '../setup/settings-input.ts';
import type { Component } from './component.ts';
import type { SettingsInForce } from './settings-in-force.ts';

interface ConfigFileParts {
  readonly changes: ConfigurationChanges;
  /** As it was read at the start. */
  readonly file: ConfigFile;
  readonly settings: SettingsInForce;
  readonly logger: Logger;
}

/** Whoever started the process is expected to start it again, as the kubelet does. */
export function configFileComponent(parts: ConfigFileParts): Component {
  const { path, text } = parts.file;
  const follower = new Follower(parts);
  return {
    name: 'config-file',
    onFailure: 'end the process',
    run: async (signal, ready) => {
      ready();
      const watch = { path, read: readConfigText };
      await watchConfigFile(watch, text, (news) => follower.take(news), signal);
    },
  };
}

class Follower {
  readonly #parts: ConfigFileParts;
  #isBroken = false;

  constructor(parts: ConfigFileParts) {
    this.#parts = parts;
  }

  /** Throws what ends the process. */
  take(news: FileNews): void {
    if ('error' in news) this.#refuse([news.error]);
    else this.#judge(news.text);
  }

  #judge(text: string): void {
    const { changes, file, settings, logger } = this.#parts;
    const { path } = file;
    const change = changes.judge(text);
    if (change.kind === 'broken') {
      this.#refuse(change.reasons);
      return;
    }
    if (change.kind === 'restart') {
      const fields = change.fields.join(', ');
      throw new Error(
        `${path}: the configuration file has changed, and these fields take effect at a start only: ${fields}`,
      );
    }
    if (this.#isBroken) logger.info({ path }, 'configuration file can be used again');
    this.#isBroken = false;
    if (change.kind === 'live') {
      for (const warning of change.warnings) logger.warn({}, warning);
      settings.change(change.settings);
      logger.info(
        { path, fields: change.fields.join(', ') },
        'configuration file has changed; settings applied',
      );
    } else if (change.unused.length > 0) {
      const fields = change.unused.join(', ');
      logger.info(
        { path, fields },
        'configuration file has changed in fields that have no effect in this mode',
      );
    }
  }

  /** One line; nothing of it is used. */
  #refuse(reasons: readonly string[]): void {
    const { file, logger } = this.#parts;
    const { path } = file;
    this.#isBroken = true;
    const [first = '', ...others] = reasons;
    const more = others.length === 0 ? '' : ` (and ${others.length} more)`;
    logger.error(
      { path },
      `configuration file can't be used; the running configuration stays: ${first}${more}`,
    );
  }
}
