/** Waits for something to happen in a set of folders. */
import { type FSWatcher, watch } from 'node:fs';
import { stat } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { errorCode } from '../../log/error-text.ts';
import { InterruptiblePause } from '../../scheduling/pause.ts';
import { describeFileError } from './manifest-paths.ts';

interface Watched {
  readonly inode: bigint;
  readonly watcher: FSWatcher;
}

/** A burst of events ends when nothing happens for this long, or at last after the second time. */
const QUIET_MS = 25;
const LONGEST_BURST_MS = 500;

export class FolderWatcher {
  readonly #watched = new Map<string, Watched>();
  readonly #failed: (folder: string, reason: string) => void;
  #changed = false;
  readonly #idle = new InterruptiblePause();

  /** `failed` is told when a folder can't be watched, so that changes are found by looking alone. */
  constructor(failed: (folder: string, reason: string) => void) {
    this.#failed = failed;
  }

  /** Watches just these folders from now on. Follows a folder that has been replaced by another one. */
  async follow(folders: readonly string[]): Promise<void> {
    for (const folder of this.#watched.keys()) {
      if (!folders.includes(folder)) this.#unwatch(folder);
    }
    for (const folder of folders) {
      try {
        const { ino: inode } = await stat(folder, { bigint: true });
        if (this.#watched.get(folder)?.inode === inode) continue;
        this.#unwatch(folder);
        this.#watched.set(folder, { inode, watcher: this.#open(folder) });
      } catch (error) {
        this.#unwatch(folder);
        if (errorCode(error) !== 'ENOENT') this.#failed(folder, describeFileError(error));
      }
    }
  }

  /** Resolves after a burst of events is over, when the time is up, or when the signal fires. */
  async next(timeoutMs: number, signal: AbortSignal): Promise<void> {
    if (!this.#changed) await this.#idle.wait(timeoutMs, signal);
    const start = performance.now();
    while (this.#changed && !signal.aborted) {
      this.#changed = false;
      await delay(QUIET_MS);
      if (performance.now() - start >= LONGEST_BURST_MS) break;
    }
    this.#changed = false;
  }

  close(): void {
    for (const folder of this.#watched.keys()) this.#unwatch(folder);
  }

  #open(folder: string): FSWatcher {
    const watcher = watch(folder, () => this.#notice());
    watcher.on('error', (error) => {
      this.#unwatch(folder);
      this.#failed(folder, describeFileError(error));
    });
    return watcher;
  }

  #notice(): void {
    this.#changed = true;
    this.#idle.end();
  }

  #unwatch(folder: string): void {
    this.#watched.get(folder)?.watcher.close();
    this.#watched.delete(folder);
  }
}
