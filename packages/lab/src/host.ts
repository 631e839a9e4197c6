/** A machine of the lab as tests and the demo use it: requests, connections and programs from inside it. */
import { MessageChannel, Worker } from 'node:worker_threads';
import { familyOf } from '@menwei/addresses/ip.ts';
import { type NetworkNamespace, withNamespace } from '@menwei/kernel/netns.ts';
import type { ApiAccess, ApiRequest } from './api-request.ts';
import type { Attempt, WatchOptions } from './availability.ts';
import type { ServerIdentity } from './echo-server.ts';
import type { HostOperations, HostReply, HostThreadData, OperationName } from './host-operations.ts';
import { type ExecOptions, type ExecResult, exec, HostProcess, type SpawnOptions } from './host-process.ts';
import type { ConnectionStatus } from './long-lived.ts';
import { type Answer, type Failure, isFailure, type Outcome, type Tally } from './outcome.ts';
import {
  DEFAULT_TIMEOUT_MS,
  type HttpAnswer,
  parseTarget,
  type RequestOptions,
  type SeriesOptions,
} from './request.ts';
import { configure } from './wiring.ts';

/** A TCP connection that stays open; the other end sends back all it gets. */
export interface LongLivedConnection {
  /** Which pod is at the other end, and which client it sees. */
  readonly answer: Answer;
  /** Sends one line without line end; resolves with the line that came back, or with what went wrong. */
  echo(text: string, timeoutMs?: number): Promise<string | Failure>;
  status(): Promise<ConnectionStatus>;
  close(): Promise<void>;
}

interface HostAddresses {
  readonly ip?: string | undefined;
  readonly ip6?: string | undefined;
}

export class LabHost {
  readonly name: string;
  readonly ip: string | undefined;
  readonly ip6: string | undefined;
  readonly namespace: NetworkNamespace;
  readonly #processes = new Set<HostProcess>();
  #thread: Worker | undefined;
  #lastConnection = 0;
  #lastWatch = 0;

  constructor(name: string, addresses: HostAddresses, namespace: NetworkNamespace) {
    this.name = name;
    this.ip = addresses.ip;
    this.ip6 = addresses.ip6;
    this.namespace = namespace;
  }

  /** `GET /` to `10.0.0.1:80`, `[fd00::1]:80` or a URL of such. */
  http(target: string, options: RequestOptions = {}): Promise<Outcome> {
    return this.#ask('http', parseTarget(target), options);
  }

  /** `GET` of a path from whatever server is at `10.0.0.1:80`. */
  get(target: string, path: string, options: RequestOptions = {}): Promise<HttpAnswer | Failure> {
    return this.#ask('get', parseTarget(target), path, options);
  }

  /** A request to an API server, and whatever it answers. */
  api(access: ApiAccess, request: ApiRequest): Promise<HttpAnswer | Failure> {
    return this.#ask('api', access, request);
  }

  /** One datagram and its answer. */
  udp(target: string, options: RequestOptions = {}): Promise<Outcome> {
    return this.#ask('udp', parseTarget(target), options);
  }

  /** One SCTP association, where the kernel has SCTP: see `hasSctp` of src/kernel/features.ts. */
  sctp(target: string, options: RequestOptions = {}): Promise<Outcome> {
    return this.#ask('sctp', parseTarget(target), options);
  }

  /** Many requests, a bounded number at a time, counted by the pod that answered. */
  requests(count: number, target: string, options: SeriesOptions = {}): Promise<Tally> {
    return this.#ask('requests', count, parseTarget(target), options);
  }

  /** Opens a connection that stays; resolves with what went wrong if it cannot be opened. */
  async open(target: string, options: RequestOptions = {}): Promise<LongLivedConnection | Failure> {
    this.#lastConnection += 1;
    const number = this.#lastConnection;
    const answer = await this.#ask('open', number, parseTarget(target), options);
    if (isFailure(answer)) return answer;
    return {
      answer,
      echo: (text, timeoutMs = DEFAULT_TIMEOUT_MS) => this.#ask('echo', number, text, timeoutMs),
      status: () => this.#ask('connectionStatus', number),
      close: () => this.#ask('closeConnection', number),
    };
  }

  /** Connects every few milliseconds, each time anew; what comes of it is told by the function that ends it. */
  async watchAvailability(
    target: string,
    options: WatchOptions = {},
  ): Promise<() => Promise<readonly Attempt[]>> {
    this.#lastWatch += 1;
    const number = this.#lastWatch;
    await this.#ask('watchAvailability', number, parseTarget(target), options);
    return () => this.#ask('stopWatching', number);
  }

  /**
   * Answers on the ports in the name of a pod, until {@link stopServing}. Who names the addresses gets every answer
   * from the one that was asked; on all there are, that is sure for HTTP alone.
   */
  async serve(
    identity: ServerIdentity,
    ports: readonly number[],
    addresses?: readonly string[],
  ): Promise<void> {
    if (ports.length > 0) await this.#ask('serve', identity, ports, addresses);
  }

  /** Closes the pod's ports and connections, so that the kernel refuses what comes next. */
  stopServing(pod: string = this.name): Promise<void> {
    return this.#ask('stopServing', pod);
  }

  /** Runs a program to its end inside the host. Throws only if it cannot be started. */
  exec(file: string, argv: readonly string[] = [], options: ExecOptions = {}): Promise<ExecResult> {
    return exec(this.namespace, file, argv, options);
  }

  /** Starts a program inside the host that runs until it is stopped or the lab ends. */
  spawn(file: string, argv: readonly string[] = [], options: SpawnOptions = {}): HostProcess {
    const child = new HostProcess(this.namespace, file, argv, options);
    this.#processes.add(child);
    return child;
  }

  /** Runs a synchronous function of this thread inside the host's network namespace. */
  run<T>(action: () => T): T {
    return withNamespace(this.namespace, action);
  }

  /** Sends what goes to an address or network through a gateway from now on. */
  route(destination: string, gateway: HostAddresses): void {
    const via = familyOf(destination) === 'IPv4' ? gateway.ip : gateway.ip6;
    if (via === undefined) throw new Error(`the gateway to ${destination} has no address of its family`);
    configure(this.namespace, [`route replace ${destination} via ${via}`]);
  }

  /** Ends the host's programs and servers and lets go of its namespace. */
  async close(): Promise<void> {
    await Promise.all([...this.#processes].map((child) => child.stop()));
    await this.#thread?.terminate();
    this.#thread = undefined;
    this.namespace.close();
  }

  async #ask<Name extends OperationName>(
    operation: Name,
    ...input: Parameters<HostOperations[Name]>
  ): Promise<Awaited<ReturnType<HostOperations[Name]>>> {
    const thread = this.#startedThread();
    const { port1, port2 } = new MessageChannel();
    const reply = await new Promise<HostReply<Name>>((resolve, reject) => {
      port1.once('message', resolve);
      port1.once('close', () =>
        reject(new Error(`${this.name}: the host ended before it answered (${operation})`)),
      );
      thread.postMessage({ operation, input, reply: port2 }, [port2]);
    });
    port1.close();
    if ('thrown' in reply) throw new Error(`${this.name}: ${operation}: ${reply.thrown}`);
    return reply.result;
  }

  #startedThread(): Worker {
    if (this.#thread !== undefined) return this.#thread;
    const workerData: HostThreadData = { namespaceFd: this.namespace.fd };
    const thread = new Worker(new URL('./host-thread.ts', import.meta.url), {
      workerData,
      execArgv: [],
      // Node would warn of every socket that the thread opens through the C library and closes by itself.
      trackUnmanagedFds: false,
    });
    // The lab must not keep a process alive that has nothing else to do.
    thread.unref();
    this.#thread = thread;
    return thread;
  }
}
