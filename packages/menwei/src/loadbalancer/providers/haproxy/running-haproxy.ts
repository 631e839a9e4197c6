/** A running HAProxy: what it has loaded, what its servers do, and how it is told of changes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { ProviderError, type ServerHealth } from '../provider.ts';
import type { AdminSocket } from './admin-socket.ts';
import { generationVariable } from './config-text.ts';
import {
  describeServerDrift,
  leavingServers,
  parseServersState,
  type RunningServer,
  serverCommands,
} from './running-servers.ts';
import { clusterPrefix, type Section, sectionName } from './section.ts';
import { parseServerHealth } from './server-health.ts';

const RELOAD_LIMIT_MS = 60_000;
const POLL_MS = 25;

/** HAProxy has not taken a configuration; the former one is still in force. */
export class ReloadRefused extends Error {}

export class RunningHAProxy {
  readonly #cluster: string;
  readonly #admin: AdminSocket;
  readonly #master: AdminSocket;

  constructor(cluster: string, admin: AdminSocket, master: AdminSocket) {
    this.#cluster = cluster;
    this.#admin = admin;
    this.#master = master;
  }

  /** The structure it has loaded; empty: none of ours. */
  async generation(signal: AbortSignal): Promise<string> {
    const answer = await this.#admin.ask(`get var ${generationVariable(this.#cluster)}`, signal);
    return /value=<([^>]*)>/.exec(answer)?.[1] ?? '';
  }

  /** The cluster's sections with their servers. */
  async sections(signal: AbortSignal): Promise<ReadonlyMap<string, readonly RunningServer[]>> {
    const prefix = clusterPrefix(this.#cluster);
    const listed = await this.#admin.ask('show backend', signal);
    const names = listed.split('\n').filter((name) => name.startsWith(prefix));
    const servers = parseServersState(await this.#admin.ask('show servers state', signal));
    const bySection = Map.groupBy(servers, ({ section }) => section);
    return new Map(names.map((name) => [name, bySection.get(name) ?? []]));
  }

  async health(signal: AbortSignal): Promise<readonly ServerHealth[]> {
    return parseServerHealth(this.#cluster, await this.#admin.ask('show stat', signal));
  }

  /**
   * Makes the servers of a section what they should be, and looks whether they are.
   *
   * @returns what is still different; empty: nothing
   */
  async updateServers(section: Section, signal: AbortSignal): Promise<string> {
    const commands = serverCommands(this.#cluster, section, await this.#serversOf(section, signal));
    if (commands.length === 0) return '';
    for (const command of commands) await this.#admin.ask(command, signal);
    return describeServerDrift(section, await this.#serversOf(section, signal));
  }

  /** Deletes servers that have left, as far as their connections have ended. */
  async sweep(sections: readonly Section[], signal: AbortSignal): Promise<void> {
    const running = await this.sections(signal);
    for (const section of sections) {
      const name = sectionName(this.#cluster, section);
      for (const { name: server } of leavingServers(section, running.get(name) ?? [])) {
        await this.#admin.ask(`del server ${name}/${server}`, signal);
      }
    }
  }

  /**
   * Has the configuration files read anew. Connections go on in the old worker process; listening sockets are handed over.
   *
   * @throws ReloadRefused when it goes on with what it had
   */
  async reload(generation: string, signal: AbortSignal): Promise<void> {
    const before = await this.#masterState(signal);
    await this.#master.ask('reload', signal);
    for (const endMs = performance.now() + RELOAD_LIMIT_MS; performance.now() < endMs; ) {
      await sleep(POLL_MS, undefined, { signal });
      const now = await unlessAway(this.#masterState(signal), signal);
      if (now === undefined || now.reloads === before.reloads) continue;
      if (now.failed > 0) throw new ReloadRefused('haproxy did not take the configuration');
      const running = await unlessAway(this.generation(signal), signal);
      if (running === generation) return;
      if (running !== undefined && performance.now() > endMs - RELOAD_LIMIT_MS / 2) break;
    }
    throw new ProviderError(
      'haproxy was reloaded, and does not run the file: is it among those that it reads (-f)?',
    );
  }

  async #serversOf(section: Section, signal: AbortSignal): Promise<readonly RunningServer[]> {
    const name = sectionName(this.#cluster, section);
    return parseServersState(await this.#admin.ask(`show servers state ${name}`, signal));
  }

  /** How often it was reloaded, and whether it failed the last time. */
  async #masterState(signal: AbortSignal): Promise<{ readonly reloads: number; readonly failed: number }> {
    const answer = await this.#master.ask('show proc', signal);
    const [, reloads, failed = '0'] = /^\d+\s+master\s+(\d+)(?: \[failed: (\d+)\])?/m.exec(answer) ?? [];
    if (reloads === undefined) {
      throw new ProviderError(`haproxy's master says nothing that can be read: ${answer.slice(0, 80)}`);
    }
    return { reloads: Number(reloads), failed: Number(failed) };
  }
}

/** While it is reloaded it answers nobody. */
async function unlessAway<T>(answer: Promise<T>, signal: AbortSignal): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ProviderError) return undefined;
    throw error;
  }
}
