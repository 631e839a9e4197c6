/** What a host's thread can be asked to do, and the shape of the messages that ask for it. */
import type { MessagePort } from 'node:worker_threads';
import type { ApiAccess, ApiRequest } from './api-request.ts';
import type { Attempt, WatchOptions } from './availability.ts';
import type { ServerIdentity } from './echo-server.ts';
import type { ConnectionStatus } from './long-lived.ts';
import type { Failure, Outcome, Tally } from './outcome.ts';
import type { HttpAnswer, RequestOptions, SeriesOptions, Target } from './request.ts';

export interface HostOperations {
  serve(
    identity: ServerIdentity,
    ports: readonly number[],
    addresses: readonly string[] | undefined,
  ): Promise<void>;
  stopServing(pod: string): Promise<void>;
  http(target: Target, options: RequestOptions): Promise<Outcome>;
  get(target: Target, path: string, options: RequestOptions): Promise<HttpAnswer | Failure>;
  api(access: ApiAccess, request: ApiRequest): Promise<HttpAnswer | Failure>;
  udp(target: Target, options: RequestOptions): Promise<Outcome>;
  sctp(target: Target, options: RequestOptions): Promise<Outcome>;
  requests(count: number, target: Target, options: SeriesOptions): Promise<Tally>;
  /** Opens a long-lived connection under a number of the caller's choice. */
  open(connection: number, target: Target, options: RequestOptions): Promise<Outcome>;
  echo(connection: number, text: string, timeoutMs: number): Promise<string | Failure>;
  connectionStatus(connection: number): Promise<ConnectionStatus>;
  closeConnection(connection: number): Promise<void>;
  /** Connects again and again, under a number of the caller's choice. */
  watchAvailability(watch: number, target: Target, options: WatchOptions): Promise<void>;
  stopWatching(watch: number): Promise<readonly Attempt[]>;
}

export type OperationName = keyof HostOperations;

/** A request to a host's thread; the answer comes through `reply`, a port of its own for each request. */
export type HostRequest = {
  [Name in OperationName]: {
    readonly operation: Name;
    readonly input: Parameters<HostOperations[Name]>;
    readonly reply: MessagePort;
  };
}[OperationName];

export type HostReply<Name extends OperationName> =
  | { readonly result: Awaited<ReturnType<HostOperations[Name]>> }
  | { readonly thrown: string };

export interface HostThreadData {
  /** File descriptor of the namespace that the thread moves into before anything else. */
  readonly namespaceFd: number;
}
