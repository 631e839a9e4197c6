/** IPVS of the network namespace a connection belongs to. */
import { constants } from 'node:os';
import type { IpFamily } from '../../address.ts';
import { type DumpReader, NetlinkConnection } from '../../connection.ts';
import { EventLoopTurn, TURN_MS } from '../../event-loop.ts';
import { encodeGenericHeader, observeGenericFamily } from '../../generic.ts';
import { KernelError } from '../../kernel-error.ts';
import { MessageWriter } from '../../message-writer.ts';
import { NETLINK_GENERIC } from '../../netlink-protocols.ts';
import type { NetlinkRequest } from '../../request.ts';
import { openNetlinkTransport } from '../../transport.ts';
import { decodeDaemon, decodeInfo, decodeTimeouts, encodeTimeouts } from './configuration.ts';
import { FAMILY_NAME, FAMILY_VERSION, IPVS_CMD } from './constants.ts';
import type {
  Counters,
  Frontend,
  FrontendKey,
  IpvsClient,
  IpvsEdit,
  IpvsInfo,
  IpvsRefusal,
  IpvsTimeouts,
  ObservedDestination,
  SyncDaemon,
  VirtualServer,
} from './contract.ts';
import { DestinationReader } from './destination-reader.ts';
import { encodeEdit, encodeFrontend, encodeQuestion } from './encoder.ts';
import { formatFrontend } from './frontend.ts';
import { refusalOf } from './refusal.ts';
import { ServerListReader } from './server-list-reader.ts';

const { ESRCH } = constants.errno;
const FIRST_EDITS = 64;
const MOST_EDITS = 1024;
/** In a datagram: an answer is larger than what it answers, and the queue must take them all. */
const MOST_QUESTIONS = 64;
const USUAL_MESSAGE_SIZE = 160;

/**
 * In the network namespace the calling thread is in. Throws KernelError, with ENOENT if the kernel does not have IPVS.
 */
export function openIpvsClient(): Ipvs {
  return new Ipvs(new NetlinkConnection(openNetlinkTransport(NETLINK_GENERIC)));
}

/** Owns its connection. */
export class Ipvs implements IpvsClient, Disposable {
  readonly #connection: NetlinkConnection;
  /** Of all messages of the family. */
  #type: number;
  readonly #turn = new EventLoopTurn();

  /** Throws KernelError. */
  constructor(connection: NetlinkConnection) {
    this.#connection = connection;
    try {
      this.#type = observeGenericFamily(connection, FAMILY_NAME);
    } catch (error) {
      connection[Symbol.dispose]();
      throw error;
    }
  }

  async apply(edits: readonly IpvsEdit[], signal: AbortSignal): Promise<readonly IpvsRefusal[]> {
    const refusals: IpvsRefusal[] = [];
    let count = FIRST_EDITS;
    for (let start = 0; start < edits.length; ) {
      signal.throwIfAborted();
      const some = edits.slice(start, start + count);
      const startedAtMs = performance.now();
      refusals.push(...(await this.#applySome(some)));
      start += some.length;
      // Nothing else happens while the kernel works on a datagram. Mostly it takes microseconds for an edit; but after
      // many destinations were removed it looks, for minutes, for each new one among all of them.
      const inOneTurn = Math.floor((some.length * TURN_MS) / (performance.now() - startedAtMs));
      count = Math.max(1, Math.min(inOneTurn, 2 * count, MOST_EDITS));
      await this.#turn.next();
    }
    return refusals;
  }

  async observeServers(family: IpFamily, signal: AbortSignal): Promise<readonly VirtualServer[]> {
    const start = () => new ServerListReader(family, (reader, frontend) => reader.server(frontend));
    const servers = await this.#dump(this.#listServers(family), start, signal);
    return [...servers.values()];
  }

  async observePresent(
    frontends: readonly Frontend[],
    signal: AbortSignal,
  ): Promise<ReadonlySet<FrontendKey>> {
    const present = new Set<FrontendKey>();
    for (let start = 0; start < frontends.length; start += MOST_QUESTIONS) {
      signal.throwIfAborted();
      const some = frontends.slice(start, start + MOST_QUESTIONS);
      const missing = await this.#findMissing(some);
      for (const frontend of some) if (!missing.has(frontend)) present.add(formatFrontend(frontend));
      await this.#turn.next();
    }
    return present;
  }

  async observeServerCounters(
    family: IpFamily,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<FrontendKey, Counters>> {
    const start = () => new ServerListReader(family, (reader) => reader.counters());
    return this.#dump(this.#listServers(family), start, signal);
  }

  observeDestinations(frontend: Frontend, signal: AbortSignal): Promise<readonly ObservedDestination[]> {
    const start = (): DumpReader<readonly ObservedDestination[]> => {
      const reader = new DestinationReader(frontend.family);
      const destinations: ObservedDestination[] = [];
      return {
        read({ payload }) {
          reader.read(payload);
          destinations.push(reader.destination());
        },
        result: () => destinations,
      };
    };
    return this.#dump(this.#listDestinations(frontend), start, signal);
  }

  observeDestinationCounters(
    frontend: Frontend,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Counters>> {
    const start = (): DumpReader<ReadonlyMap<string, Counters>> => {
      const reader = new DestinationReader(frontend.family);
      const counters = new Map<string, Counters>();
      return {
        read({ payload }) {
          reader.read(payload);
          counters.set(reader.key(), reader.counters());
        },
        result: () => counters,
      };
    };
    return this.#dump(this.#listDestinations(frontend), start, signal);
  }

  observeTimeouts(): IpvsTimeouts {
    return decodeTimeouts(this.#ask('timeouts', IPVS_CMD.GET_CONFIG));
  }

  applyTimeouts(timeouts: IpvsTimeouts): void {
    const write = (writer: MessageWriter) => encodeTimeouts(writer, timeouts);
    this.#connection.request(this.#request('set', 'timeouts of IPVS', IPVS_CMD.SET_CONFIG, write));
  }

  observeInfo(): IpvsInfo {
    return decodeInfo(this.#ask('version', IPVS_CMD.GET_INFO));
  }

  observeDaemons(signal: AbortSignal): Promise<readonly SyncDaemon[]> {
    const start = (): DumpReader<readonly SyncDaemon[]> => {
      const daemons: SyncDaemon[] = [];
      return {
        read: ({ payload }) => void daemons.push(decodeDaemon(payload)),
        result: () => daemons,
      };
    };
    const request = this.#request('list', 'sync daemons of IPVS', IPVS_CMD.GET_DAEMON);
    return this.#dump(request, start, signal);
  }

  [Symbol.dispose](): void {
    this.#connection[Symbol.dispose]();
  }

  /** In one datagram. */
  async #applySome(edits: readonly IpvsEdit[]): Promise<readonly IpvsRefusal[]> {
    const first = this.#connection.takeSequences(edits.length);
    const writer = new MessageWriter(edits.length * USUAL_MESSAGE_SIZE);
    edits.forEach((edit, index) => {
      encodeEdit(writer, this.#type, first + index, edit);
    });
    const answers = await this.#connection.exchange(writer.bytes());
    return answers.flatMap(({ sequence, errno, detail }) => {
      const edit = edits[sequence - first];
      return edit === undefined ? [] : [refusalOf(edit, errno, detail)];
    });
  }

  /** The kernel answers for a virtual server that is there with what it is, and for another one with ESRCH. */
  async #findMissing(frontends: readonly Frontend[]): Promise<ReadonlySet<Frontend>> {
    const first = this.#connection.takeSequences(frontends.length);
    const writer = new MessageWriter(frontends.length * USUAL_MESSAGE_SIZE);
    frontends.forEach((frontend, index) => {
      encodeQuestion(writer, this.#type, first + index, frontend);
    });
    const missing = new Set<Frontend>();
    for (const { sequence, errno, detail } of await this.#connection.exchange(writer.bytes())) {
      const frontend = frontends[sequence - first];
      if (frontend === undefined) continue;
      if (errno !== ESRCH) {
        const object = `virtual server ${formatFrontend(frontend)}`;
        throw new KernelError({ operation: 'look for', object, detail, errno });
      }
      missing.add(frontend);
    }
    return missing;
  }

  /** The one answer to a request that has one. */
  #ask(what: string, command: number): Uint8Array {
    const request = this.#request('observe', `${what} of IPVS`, command);
    const [answer] = this.#connection.request(request);
    if (answer !== undefined) return answer.payload;
    const { operation, object } = request;
    throw new KernelError({ operation, object, detail: 'the kernel acknowledged but did not answer' });
  }

  /** Thousands of small dumps in a row would not leave the event loop a turn. */
  async #dump<T>(request: NetlinkRequest, start: () => DumpReader<T>, signal: AbortSignal): Promise<T> {
    if (this.#turn.isOver) await this.#turn.next();
    return this.#connection.dump(request, start, signal);
  }

  #listServers(family: IpFamily): NetlinkRequest {
    // It has another number once its module has been loaded anew.
    this.#type = observeGenericFamily(this.#connection, FAMILY_NAME);
    return this.#request('list', `${family} virtual servers`, IPVS_CMD.GET_SERVICE);
  }

  #listDestinations(frontend: Frontend): NetlinkRequest {
    const object = `destinations of virtual server ${formatFrontend(frontend)}`;
    return this.#request('list', object, IPVS_CMD.GET_DEST, (writer) => encodeFrontend(writer, frontend));
  }

  #request(
    operation: string,
    object: string,
    command: number,
    writeBody?: (writer: MessageWriter) => void,
  ): NetlinkRequest {
    return {
      operation,
      object,
      type: this.#type,
      write(writer) {
        encodeGenericHeader(writer, command, FAMILY_VERSION);
        writeBody?.(writer);
      },
    };
  }
}
