/**
 * Relays: what accepts the connections of a service port in this process and forwards them. Rules lead packets to the
 * listeners; a relay chooses an endpoint for each connection, and another one if that does not answer.
 */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { KernelError } from '@menwei/netlink';

/** Unique among all relays of the process: `IPv4 default/web:http/TCP`. */
export type RelayKey = string;

/** Not SCTP: Node has no sockets for it. */
export type RelayProtocol = 'TCP' | 'UDP';

export interface RelayEndpoint {
  readonly ip: string;
  readonly port: number;
  /** `10.0.0.1:80`, `[fd00::1]:80`: its identity. */
  readonly text: string;
  /** How many connections of a round it gets, by its weight; one unless told. */
  readonly turns?: number;
}

/** Where a relay is reached, and where it forwards what comes in there. */
export interface Listener {
  /** An address of this machine, or the wildcard of the family: `0.0.0.0`, `::` (which never means IPv4 as well). */
  readonly ip: string;
  readonly port: number;
  /** Never empty, and without duplicates. */
  readonly endpoints: readonly RelayEndpoint[];
}

/** A relay as it should be. */
export interface Relay {
  readonly key: RelayKey;
  /** `default/web:http`, for messages. */
  readonly name: string;
  readonly family: IpFamily;
  readonly protocol: RelayProtocol;
  /** One, or two where the ways in lead to different endpoints. No two have the same port. */
  readonly listeners: readonly Listener[];
  /**
   * `text` of the endpoints that connections may stay with; all those of the listeners and more, such as endpoints that
   * terminate. From others TCP connections drain, and UDP flows end at once
   * (or with the answer to their first datagram).
   */
  readonly usable: readonly string[];
  /** `text` of endpoints to which TCP connections are reset at once; none of them is usable. Undefined: there are none. */
  readonly reset?: readonly string[];
  /** How long a client keeps its endpoint after its last connection (ClientIP affinity); 0: without. */
  readonly affinityMs: number;
}

/** How long what is open may stay so. */
export interface RelayLimits {
  /** A TCP connection whose endpoint is gone, or whose relay is. */
  readonly drainMs: number;
  /** A TCP connection over which nothing goes. */
  readonly idleMs: number;
  /** The same when one direction has ended, or waits for somebody who does not read. */
  readonly halfClosedMs: number;
  /** A UDP flow that goes both ways and more than once. */
  readonly udpStreamMs: number;
  /** A UDP flow that nobody has answered yet. */
  readonly udpUnansweredMs: number;
  /** A UDP flow of one datagram each way, such as a DNS query. */
  readonly udpAnsweredMs: number;
}

/** A listener that could not be had. */
export interface ListenFailure {
  readonly key: RelayKey;
  readonly ip: string;
  readonly port: number;
  /** With errno: EADDRINUSE, EADDRNOTAVAIL, EACCES, EMFILE, … */
  readonly error: KernelError;
}

/** All relays of the process, whatever threads they run on. */
export interface Relays {
  /**
   * Makes relays be as given; undefined takes one away: its listeners close at once, its connections drain. A listener
   * that stays where it is (protocol, address, port) stays open, and so do the connections over it. What can't be listened
   * on is told, and everything else done. One call at a time.
   */
  apply(changes: ReadonlyMap<RelayKey, Relay | undefined>): Promise<readonly ListenFailure[]>;
  /** What is there now: of each relay just the listeners that are open. */
  observe(): ReadonlyMap<RelayKey, Relay>;
  /** How many connections of each relay have reached an endpoint, since the relay is there. */
  observeConnections(): ReadonlyMap<RelayKey, number>;
  /** Tells, until the signal fires, when listeners are no longer there that were: `observe` says which are left. */
  watch(lost: (what: string) => void, signal: AbortSignal): void;
  /** Closes all listeners, then waits for TCP connections to end, for no longer than this. Nothing may be applied after. */
  close(graceMs: number): Promise<void>;
}

/** The connections of one relay in one thread. */
export interface RunningRelay {
  readonly key: RelayKey;
  /** TCP connections or UDP flows that are open. */
  readonly openCount: number;
  /** Takes over the relay as it should be; its key, family and protocol are the same as before. */
  update(relay: Relay): Promise<readonly ListenFailure[]>;
  /** Listeners close at once. Resolves when the last connection has ended, which the drain limit makes happen. */
  close(): Promise<void>;
}

/** What relays of one thread share. */
export interface RelayContext {
  readonly limits: RelayLimits;
  readonly descriptors: DescriptorBudget;
  readonly report: (event: RelayEvent) => void;
  /** Number in [0, 1). */
  readonly random: () => number;
  /** Whether other threads listen on the same ports (SO_REUSEPORT). */
  readonly sharesPorts: boolean;
}

/** How many file descriptors the relays of all threads may have open; the rest of the program needs some too. */
export interface DescriptorBudget {
  /** False: there is none to be had, and nothing was taken. */
  take(count: number): boolean;
  give(count: number): void;
}

/** What an operator may want to know; the pool turns it into metrics and log lines, of which it limits the number. */
export type RelayEvent =
  | {
      readonly event: 'connected';
      readonly key: RelayKey;
      readonly attempts: number;
      readonly seconds: number;
    }
  | {
      readonly event: 'attempt-failed';
      readonly key: RelayKey;
      readonly endpoint: string;
      readonly why: string;
    }
  /** No endpoint answered; the client was sent away. */
  | { readonly event: 'unserved'; readonly key: RelayKey; readonly attempts: number }
  /** The budget was used up, or the kernel had no descriptor. */
  | { readonly event: 'no-descriptor'; readonly key: RelayKey }
  /** Ended by a limit; `evicted`: a UDP flow that made room for another when there was no descriptor left. */
  | {
      readonly event: 'ended';
      readonly key: RelayKey;
      readonly why: 'idle' | 'stalled' | 'drained' | 'down' | 'evicted';
    }
  /** A listener failed while it was open; it is opened again. */
  | { readonly event: 'listener-lost'; readonly key: RelayKey; readonly why: string };
