/** Reading what `ipvsadm -Sn` prints. */
import { familyOf, parseHostPort } from '@menwei/addresses/ip.ts';
import type { TransportProtocol } from '@menwei/netlink';
import {
  type Destination,
  type ForwardingMethod,
  type Frontend,
  type IpvsEdit,
  SERVER_ONE_PACKET,
  SERVER_PERSISTENT,
} from '@menwei/netlink/ipvs';
import { meaningfulLines } from '../lines.ts';
import { parseNumber } from '../number.ts';
import { UnreadableError } from '../unreadable.ts';
import { SCHEDULER_FLAGS } from './flags.ts';

const MAX_NUMBER = 0x7fffffff;
const MAX_MARK = 0xffffffff;
/** IP_VS_SCHEDNAME_MAXLEN, with a zero byte at its end. */
const SCHEDULER = /^[a-z_]{1,15}$/;
const PROTOCOLS: Readonly<Record<string, TransportProtocol>> = {
  '-t': 'TCP',
  '-u': 'UDP',
  '--sctp-service': 'SCTP',
};
const FORWARDING: Readonly<Record<string, ForwardingMethod>> = {
  '-m': 'masquerade',
  '-g': 'direct',
  '-i': 'tunnel',
};
const CHANGES: Readonly<Record<string, IpvsEdit['change']>> = {
  '-A': 'add-server',
  '-E': 'set-server',
  '-D': 'remove-server',
  '-a': 'add-destination',
  '-e': 'set-destination',
  '-d': 'remove-destination',
};

/** All commands of a dump, in their order. @throws UnreadableError */
export function parseDump(text: string): readonly IpvsEdit[] {
  return meaningfulLines(text).map(parseEdit);
}

/**
 * One command. What a virtual server may have beside (a netmask, a persistence engine, thresholds) there is no data for.
 *
 * @throws UnreadableError
 */
export function parseEdit(line: string): IpvsEdit {
  return new Reading(line).edit();
}

/** Walks over the words of a line. */
class Reading {
  readonly #line: string;
  readonly #words: readonly string[];
  #next = 0;

  constructor(line: string) {
    this.#line = line;
    this.#words = line.split(' ').filter((word) => word !== '');
  }

  edit(): IpvsEdit {
    const change = CHANGES[this.#take()] ?? this.#fail('unknown command');
    const frontend = this.#frontend();
    switch (change) {
      case 'add-server':
      case 'set-server':
        return { change, server: { frontend, ...this.#scheduling() } };
      case 'remove-server':
        this.#expectEnd();
        return { change, frontend };
      case 'add-destination':
      case 'set-destination':
        return { change, frontend, destination: { ...this.#place(frontend), ...this.#forwarding() } };
      case 'remove-destination': {
        const destination = this.#place(frontend);
        this.#expectEnd();
        return { change, frontend, destination };
      }
    }
  }

  #frontend(): Frontend {
    const option = this.#take();
    if (option === '-f') {
      const mark = this.#number(MAX_MARK);
      if (mark === 0) return this.#fail('a mark of 0');
      const isIpv6 = this.#words[this.#next] === '-6';
      if (isIpv6) this.#next++;
      return { family: isIpv6 ? 'IPv6' : 'IPv4', mark };
    }
    const protocol = PROTOCOLS[option] ?? this.#fail(`not a kind of service: ${option}`);
    const { ip, port } = this.#hostPort();
    return { family: familyOf(ip), protocol, ip, port };
  }

  #scheduling() {
    let scheduler: string | undefined;
    let flags = 0;
    let timeoutSeconds = 0;
    const names: string[] = [];
    while (this.#next < this.#words.length) {
      const option = this.#take();
      if (option === '-s') scheduler = this.#scheduler();
      else if (option === '-o') flags |= SERVER_ONE_PACKET;
      else if (option === '-b') names.push(...this.#take().split(','));
      else if (option === '-p') {
        flags |= SERVER_PERSISTENT;
        timeoutSeconds = this.#number(MAX_NUMBER);
      } else this.#fail(`unknown option ${option}`);
    }
    if (scheduler === undefined) return this.#fail('no scheduler');
    for (const name of names) flags |= this.#schedulerFlag(scheduler, name);
    return { scheduler, flags, timeoutSeconds };
  }

  #scheduler(): string {
    const name = this.#take();
    return SCHEDULER.test(name) ? name : this.#fail(`no scheduler: ${name}`);
  }

  #schedulerFlag(scheduler: string, name: string): number {
    const flag = SCHEDULER_FLAGS.find(([, what]) => name === `${scheduler}-${what}`);
    return flag === undefined ? this.#fail(`unknown flag ${name}`) : flag[0];
  }

  #place({ family }: Frontend): Pick<Destination, 'ip' | 'port'> {
    if (this.#take() !== '-r') this.#fail('no destination');
    const place = this.#hostPort();
    return familyOf(place.ip) === family ? place : this.#fail('addresses of two IP families');
  }

  #forwarding(): Pick<Destination, 'forwarding' | 'weight'> {
    // Both are what the tool takes for granted.
    let forwarding: ForwardingMethod = 'direct';
    let weight = 1;
    while (this.#next < this.#words.length) {
      const option = this.#take();
      if (option === '-w') weight = this.#number(MAX_NUMBER);
      else if (option === '--tun-type') this.#expect('ipip');
      else forwarding = FORWARDING[option] ?? this.#fail(`unknown option ${option}`);
    }
    return { weight, forwarding };
  }

  #hostPort() {
    const text = this.#take();
    return parseHostPort(text) ?? this.#fail(`${text} is not a numeric address with a port`);
  }

  #number(most: number): number {
    const text = this.#take();
    return parseNumber(text, most) ?? this.#fail(`no number: ${text}`);
  }

  #take(): string {
    return this.#words[this.#next++] ?? this.#fail('incomplete');
  }

  #expect(word: string): void {
    const found = this.#take();
    if (found !== word) this.#fail(`${found} instead of ${word}`);
  }

  #expectEnd(): void {
    if (this.#next < this.#words.length) this.#fail(`unknown option ${this.#words[this.#next]}`);
  }

  #fail(why: string): never {
    throw new UnreadableError('a command of ipvsadm', this.#line, why);
  }
}
