/** The health-check servers of Services, as a component that is told by the syncs of its family what they have to say. */
import type { ServiceHealth, ServiceHealthServers } from '../health/service-health-servers.ts';
import { untilAborted } from '../scheduling/pause.ts';

type Wanted = ReadonlyMap<string, ServiceHealth>;

interface Running {
  readonly servers: ServiceHealthServers;
  readonly fail: (error: unknown) => void;
}

export class ServiceHealthFeed {
  readonly #create: () => ServiceHealthServers;
  readonly #wanted: () => Wanted;
  #running: Running | undefined;

  /** @param wanted what the servers have to say as of the last sync */
  constructor(create: () => ServiceHealthServers, wanted: () => Wanted) {
    this.#create = create;
    this.#wanted = wanted;
  }

  /** Their failure is theirs, not that of the sync. Those that do not run now will ask when they do. */
  async sync(services: Wanted): Promise<void> {
    const running = this.#running;
    await running?.servers.sync(services).catch(running.fail);
  }

  async run(signal: AbortSignal, ready: () => void): Promise<void> {
    const failure = Promise.withResolvers<never>();
    const servers = this.#create();
    this.#running = { servers, fail: failure.reject };
    try {
      await servers.sync(new Map(this.#wanted()));
      ready();
      await Promise.race([failure.promise, untilAborted(signal)]);
    } finally {
      this.#running = undefined;
      await servers.close();
    }
  }
}
