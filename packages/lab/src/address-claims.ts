/**
 * Who says on the segment that an address is theirs: answers to ARP requests and neighbour solicitations, and what is told
 * unasked. Read from the output of tcpdump on the wire, which sees all of it. The wire asks, too, so that no client learns from
 * that.
 */
import { familyOf } from '@menwei/addresses/ip.ts';
import type { LabHost } from './host.ts';
import type { HostProcess } from './host-process.ts';

/** One packet in which somebody has an address. */
export interface AddressClaim {
  /** Milliseconds since the epoch. */
  readonly atMs: number;
  /** `02:00:00:00:00:01` */
  readonly mac: string;
}

const STARTED_WITHIN_MS = 10_000;

/** Reads one line of `tcpdump -l -n -e -tt`; undefined: it says nothing of that address. */
export function parseClaim(line: string, address: string): AddressClaim | undefined {
  const [, seconds, mac, rest] = /^(\d+\.\d+) (\S+) > \S+ ethertype .*?length \d+: (.*)$/.exec(line) ?? [];
  if (seconds === undefined || mac === undefined || rest === undefined) return undefined;
  const [, replied] = /^Reply (\S+) is-at /.exec(rest) ?? [];
  const [, asked, asker] = /^Request who-has (\S+) (?:\([^)]*\) )?tell ([^,\s]+)/.exec(rest) ?? [];
  const [, announced] = /^Announcement ([^,\s]+)/.exec(rest) ?? [];
  const [, advertised] = /neighbor advertisement, tgt is ([^,\s]+)/.exec(rest) ?? [];
  const gratuitous = asked === asker ? asked : undefined;
  const claimed = replied ?? announced ?? advertised ?? gratuitous;
  return claimed === address ? { atMs: Number(seconds) * 1000, mac } : undefined;
}

/**
 * Listens, and asks for the address by broadcast all the time, so that everybody who has it says so.
 *
 * @param wire of the lab
 */
export async function watchClaims(
  wire: LabHost,
  address: string,
  askEveryMs = 50,
): Promise<AddressClaimWatch> {
  const watch = new AddressClaimWatch(wire, address);
  await watch.start(askEveryMs);
  return watch;
}

export class AddressClaimWatch {
  readonly #host: LabHost;
  readonly #address: string;
  readonly #claims: AddressClaim[] = [];
  #rest = '';
  #processes: readonly HostProcess[] = [];

  constructor(host: LabHost, address: string) {
    this.#host = host;
    this.#address = address;
  }

  /** So far. */
  get claims(): readonly AddressClaim[] {
    return this.#claims;
  }

  async start(askEveryMs: number): Promise<void> {
    const listening = Promise.withResolvers<void>();
    const argv = ['-l', '-n', '-e', '-tt', '--immediate-mode', '-i', 'wire', 'arp or icmp6'];
    const listener = this.#host.spawn('tcpdump', argv, {
      onOutput: (text) => {
        if (text.includes('listening on')) listening.resolve();
        this.#read(text);
      },
    });
    const timer = setTimeout(
      () => listening.reject(new Error(`tcpdump does not listen: ${listener.output()}`)),
      STARTED_WITHIN_MS,
    );
    listener.exited.then(
      () => listening.reject(new Error(`tcpdump has ended: ${listener.output()}`)),
      listening.reject,
    );
    await listening.promise;
    clearTimeout(timer);
    const asker =
      familyOf(this.#address) === 'IPv4'
        ? ['arping', '-q', '-i', 'wire', '-W', String(askEveryMs / 1000), this.#address]
        : [
            'sh',
            '-c',
            `while :; do ndisc6 -q -1 -m -r 1 -w 100 ${this.#address} wire; sleep ${askEveryMs / 1000}; done`,
          ];
    const [file = '', ...flags] = asker;
    this.#processes = [listener, this.#host.spawn(file, flags, { keepsOutput: false })];
  }

  async stop(): Promise<readonly AddressClaim[]> {
    await Promise.all(this.#processes.map((process) => process.stop('SIGTERM', 500)));
    return this.#claims;
  }

  #read(text: string): void {
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    for (const line of lines) {
      const claim = parseClaim(line, this.#address);
      if (claim !== undefined) this.#claims.push(claim);
    }
  }
}

/** Packets of owners that are no more. */
export interface StrayClaims {
  readonly count: number;
  /** From the first packet of the last owner to the last one of another. */
  readonly forMs: number;
}

/** After the first packet of another owner, and before there is one owner for good. What one owner says alone is none. */
export function strayClaims(claims: readonly AddressClaim[]): StrayClaims {
  const last = claims.at(-1)?.mac;
  const first = claims.findIndex(({ mac }) => mac === last);
  const strays = claims.slice(first).filter(({ mac }) => mac !== last);
  return {
    count: strays.length,
    forMs: (strays.at(-1)?.atMs ?? claims[first]?.atMs ?? 0) - (claims[first]?.atMs ?? 0),
  };
}
