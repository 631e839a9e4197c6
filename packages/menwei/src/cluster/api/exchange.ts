/** One request and its answer, with what all handlers work with. */
import type { IncomingMessage } from 'node:http';
import type { Logger } from '../../log/logger.ts';
import type { Registry } from '../registry/registry.ts';
import type { Access, User } from '../security/access.ts';
import type { Store } from '../store/store.ts';
import type { Reply } from './reply.ts';
import type { Revisions } from './revisions.ts';
import type { Target } from './target.ts';
import type { WatchHub } from './watch-hub.ts';

/** What the API is served from. */
export interface Backing {
  readonly store: Store;
  readonly registry: Registry;
  readonly access: Access;
  readonly logger: Logger;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  readonly hub: WatchHub;
  readonly revisions: Revisions;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly query: URLSearchParams;
  readonly user: User;
  readonly reply: Reply;
}

/** About one resource. */
export interface ResourceExchange extends Exchange {
  readonly target: Target;
  /** The name of its objects in the store; empty for reviews. */
  readonly storedAs: string;
}
