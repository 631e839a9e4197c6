/** An HAProxy that this program starts, in a folder of its own; it ends with this program, however that ends. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findProgram } from '@menwei/kernel/find-program.ts';
import { ToolProcess } from '@menwei/kernel/tool-process.ts';
import type { Logger } from '../../../log/logger.ts';
import { pause } from '../../../scheduling/pause.ts';
import { retryDelayMs } from '../../../scheduling/retry.ts';
import type { ConfigStore } from './config-store.ts';

const MAX_RESTART_MS = 30_000;
/** One that ran so long had no trouble with its start. */
const GOOD_RUN_MS = 10_000;
const START_LIMIT_MS = 10_000;
const STOP_LIMIT_MS = 5_000;
/** What the master says when a worker has begun. */
const LOADED = 'Loading success';
/** As much as may be said about one reload. */
const MOST_ALERT_CHARS = 64 * 2 ** 10;
/** A unix socket has 108 bytes for its path, and HAProxy appends something while it binds one. */
const MOST_FOLDER_CHARS = 72;

interface ProcessPaths {
  readonly base: string;
  readonly services: string;
  readonly admin: string;
  readonly master: string;
}

/** Where a HAProxy that is started here has what it needs. A text says what is wrong with the folder. */
export function processPaths(folder: string): ProcessPaths | string {
  if (!folder.startsWith('/')) return `${JSON.stringify(folder)} is no absolute path`;
  if (/[^A-Za-z0-9_./@+-]/.test(folder))
    return `${JSON.stringify(folder)} has characters that HAProxy would not take`;
  if (folder.length > MOST_FOLDER_CHARS)
    return `${folder} is longer than ${MOST_FOLDER_CHARS} characters: too long for sockets`;
  return {
    base: join(folder, 'base.cfg'),
    services: join(folder, 'services.cfg'),
    admin: join(folder, 'admin.sock'),
    master: join(folder, 'master.sock'),
  };
}

interface HAProxyProcessOptions {
  readonly binary: string;
  readonly folder: string;
  readonly paths: ProcessPaths;
  readonly store: ConfigStore;
  readonly logger: Logger;
}

export class HAProxyProcess {
  readonly #options: HAProxyProcessOptions;
  #alerts = '';
  #begun: Promise<void> = Promise.resolve();
  #tellBegun: () => void = () => undefined;

  constructor(options: HAProxyProcessOptions) {
    this.#options = options;
  }

  /** What it has said since this was called last. */
  takeAlerts(): string {
    const alerts = this.#alerts;
    this.#alerts = '';
    return alerts;
  }

  /** Resolves when it answers, or has failed to; at once when nobody has started it. */
  get begun(): Promise<void> {
    return this.#begun;
  }

  /** Runs until the signal fires; one that ends is started anew. */
  async run(signal: AbortSignal): Promise<void> {
    const { logger, binary } = this.#options;
    ({ promise: this.#begun, resolve: this.#tellBegun } = Promise.withResolvers<void>());
    setTimeout(this.#tellBegun, START_LIMIT_MS).unref();
    for (let failures = 0; !signal.aborted; ) {
      const startedMs = performance.now();
      const trouble = await this.#runOnce(signal);
      this.#tellBegun();
      if (signal.aborted) return;
      failures = performance.now() - startedMs > GOOD_RUN_MS ? 1 : failures + 1;
      const delayMs = retryDelayMs(failures, { maxMs: MAX_RESTART_MS });
      logger.error({ binary, err: trouble, restartInMs: delayMs }, 'haproxy has ended');
      await pause(delayMs, signal);
    }
  }

  /** Returns why it has ended. */
  async #runOnce(signal: AbortSignal): Promise<string> {
    try {
      await this.#prepare(signal);
      signal.throwIfAborted();
      return await this.#attend(this.#start(), signal);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** Files that it can start with; what it does not take is put aside: all of it is written anew. */
  async #prepare(signal: AbortSignal): Promise<void> {
    const { folder, paths, store } = this.#options;
    await mkdir(jail(folder), { recursive: true, mode: 0o700 });
    await writeFile(paths.base, formatBase(paths, await readPrivileges(folder)));
    const { text } = await store.read();
    const complaints = await store.check(text, signal);
    if (complaints.length > 0) await store.putAside(text);
    if (complaints.length > 0 || text === '') await store.write(store.emptyText);
  }

  #start(): ToolProcess {
    const { binary, paths } = this.#options;
    const path = findProgram(binary);
    const files = [paths.base, paths.services].flatMap((file) => ['-f', file]);
    const argv = [...guardWords(), path, '-W', '-S', `${paths.master},mode,600,level,admin`, ...files];
    return new ToolProcess(argv[0] ?? path, argv);
  }

  async #attend(child: ToolProcess, signal: AbortSignal): Promise<string> {
    const { logger } = this.#options;
    let last = '';
    child.stdin.end();
    child.stdout.resume();
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#alerts = (this.#alerts + text).slice(-MOST_ALERT_CHARS);
      if (text.includes(LOADED)) this.#tellBegun();
      for (const line of text.split('\n').filter((one) => one !== '')) {
        last = line;
        logger.verbose(2, { line }, 'haproxy says');
      }
    });
    let killer: NodeJS.Timeout | undefined;
    const stop = () => {
      process.kill(child.pid, 'SIGTERM');
      killer = setTimeout(() => child.kill(), STOP_LIMIT_MS);
    };
    signal.addEventListener('abort', stop, { once: true });
    const status = await child.ended;
    signal.removeEventListener('abort', stop);
    clearTimeout(killer);
    child.letGo();
    return `status ${status}${last === '' ? '' : `: ${last}`}`;
  }
}

/** What, put before a command, ends it when this process ends; nothing where there is no such program. */
function guardWords(): readonly string[] {
  try {
    return [findProgram('setpriv'), '--pdeathsig', 'KILL', '--'];
  } catch {
    return [];
  }
}

/** As whom it goes on once it has its sockets; nothing where it has no choice. */
async function readPrivileges(folder: string): Promise<readonly string[]> {
  if (process.getuid?.() !== 0) return [];
  const [users, groups] = await Promise.all([
    readFile('/etc/passwd', 'utf8'),
    readFile('/etc/group', 'utf8'),
  ]);
  const isThere = /^haproxy:/m.test(users) && /^haproxy:/m.test(groups);
  const identity = isThere ? ['user haproxy', 'group haproxy'] : ['uid 65534', 'gid 65534'];
  return [`chroot ${jail(folder)}`, ...identity];
}

/** An empty folder. */
function jail(folder: string): string {
  return join(folder, 'jail');
}

function formatBase({ admin }: ProcessPaths, privileges: readonly string[]): string {
  const lines = [
    `stats socket ${admin} mode 600 level admin expose-fd listeners`,
    // Connections of a configuration that is not in force any more end some day.
    'hard-stop-after 1h',
    ...privileges,
  ];
  return `# Written by menwei at each start.\nglobal\n${lines.map((line) => `    ${line}\n`).join('')}`;
}
