/** Entries of the connection tracking as data, with all that `conntrack -L` lists of them. */
import type { HostPort } from '@menwei/addresses/ip.ts';
import type { PortProtocol } from '../protocols.ts';

/** One direction of a connection. */
export interface Tuple {
  readonly source: HostPort;
  readonly destination: HostPort;
}

export interface ListedEntry {
  /** Entries of protocols without ports are of no interest here. */
  readonly protocol: PortProtocol;
  /** Until the kernel forgets it, unless a packet comes by. */
  readonly timeoutSeconds: number;
  /** `ESTABLISHED`; of protocols without states undefined. */
  readonly state: string | undefined;
  readonly original: Tuple;
  /** Who is translated has other addresses here. */
  readonly reply: Tuple;
  /** Nothing came back so far. */
  readonly isUnreplied: boolean;
  /** It stays when the table is full. */
  readonly isAssured: boolean;
  readonly mark: number;
  /** How many hold on to it in the kernel. */
  readonly use: number;
}
