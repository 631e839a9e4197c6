/** Reading what `ipset save` prints. */
import { familyOf, type IpFamily, parseCidr, parseIp } from '@menwei/addresses/ip.ts';
import type { SetEntry, SetShape, SetType } from '@menwei/netlink/ipset';
import { meaningfulLines } from '../lines.ts';
import { parseNumber } from '../number.ts';
import { UnreadableError } from '../unreadable.ts';
import type { IpSetCommand } from './command.ts';

/** What an entry of a set is made of, by the type of the set. */
const TYPES: Readonly<Record<SetType, readonly Part[]>> = {
  'hash:ip': ['ip'],
  'hash:ip,port': ['ip', 'port'],
  'hash:ip,port,ip': ['ip', 'port', 'ip'],
  'hash:ip,port,net': ['ip', 'port', 'net'],
  'bitmap:port': ['number'],
};
type Part = 'ip' | 'port' | 'net' | 'number';

const MAX_ENTRIES = 0xffffffff;
const MAX_PORT = 0xffff;
/** Of a bitmap the kernel says this, whatever it was made with. */
const BITMAP = { family: 'IPv4', maxEntries: MAX_PORT + 1 } as const;
const NAME = /^[!-~]{1,31}$/;
/** How the kernel keeps a set says nothing of what is in it. */
const OF_THE_HASH: ReadonlySet<string> = new Set(['hashsize', 'bucketsize', 'initval']);

/** All commands of a dump, in their order; entries fit the sets that it makes. @throws UnreadableError */
export function parseDump(text: string): readonly IpSetCommand[] {
  const shapes = new Map<string, SetShape>();
  return meaningfulLines(text).map((line) => {
    const command = parseCommand(line);
    if (command.command === 'create') shapes.set(command.shape.name, command.shape);
    if (command.command === 'add' || command.command === 'del') {
      const shape = shapes.get(command.name) ?? fail(line, 'unknown set');
      if (!isEntryOf(shape, command.entry)) fail(line, `not an entry of ${shape.type}`);
    }
    return command;
  });
}

/** One command. What a set may have beside (time-outs, comments, counters) there is no data for. @throws UnreadableError */
export function parseCommand(line: string): IpSetCommand {
  const all = line.split(' ').filter((word) => word !== '');
  const words = all.filter((word) => word !== '-exist' && word !== '-!');
  const forgiving = words.length < all.length ? { isForgiving: true as const } : {};
  const [command, name = '', ...rest] = words;
  if (!NAME.test(name)) return fail(line, 'not the name of a set');
  switch (command) {
    case 'create':
      return { command, shape: parseShape(line, name, rest), ...forgiving };
    case 'add':
    case 'del': {
      const [entry, ...beside] = rest;
      if (entry === undefined || beside.length > 0) return fail(line, 'expected one entry');
      return { command, name, entry, ...forgiving };
    }
    case 'destroy':
      return rest.length === 0 ? { command, name } : fail(line, 'expected only a name');
    case 'swap': {
      const [other, ...beside] = rest;
      if (other === undefined || !NAME.test(other) || beside.length > 0)
        return fail(line, 'expected two names');
      return { command, name, other };
    }
    default:
      return fail(line, 'unknown command');
  }
}

function parseShape(line: string, name: string, [typeText = '', ...options]: readonly string[]): SetShape {
  const type = isType(typeText) ? typeText : fail(line, `unknown type ${typeText}`);
  if (type === 'bitmap:port') {
    const isWhole = options.join(' ') === 'range 0-65535';
    return isWhole ? { name, type, ...BITMAP } : fail(line, 'not the range of all ports');
  }
  let family: IpFamily = 'IPv4';
  // What the tool takes for granted.
  let maxEntries = 65_536;
  for (let index = 0; index < options.length; index += 2) {
    const [option = '', value = ''] = options.slice(index, index + 2);
    if (option === 'family' && (value === 'inet' || value === 'inet6')) {
      family = value === 'inet' ? 'IPv4' : 'IPv6';
    } else if (option === 'maxelem') {
      maxEntries = parseNumber(value, MAX_ENTRIES) ?? fail(line, `no number: ${value}`);
    } else if (!OF_THE_HASH.has(option) || value === '') {
      fail(line, `unknown option ${option}`);
    }
  }
  return { name, type, family, maxEntries };
}

function isType(text: string): text is SetType {
  return Object.hasOwn(TYPES, text);
}

/** Whether a text can be an entry of the set. */
export function isEntryOf({ type, family }: Pick<SetShape, 'type' | 'family'>, entry: SetEntry): boolean {
  const kinds = TYPES[type];
  const parts = entry.split(',');
  return (
    parts.length === kinds.length && kinds.every((kind, index) => isPart(kind, family, parts[index] ?? ''))
  );
}

function isPart(kind: Part, family: IpFamily, text: string): boolean {
  switch (kind) {
    case 'ip':
      return isAddress(text, family);
    case 'net':
      return text.includes('/') ? parseCidr(text)?.family === family : isAddress(text, family);
    case 'port': {
      const [, port] = /^(?:tcp|udp|sctp):(\d+)$/.exec(text) ?? [];
      return port !== undefined && parseNumber(port, MAX_PORT) !== undefined;
    }
    case 'number':
      return parseNumber(text, MAX_PORT) !== undefined;
  }
}

function isAddress(text: string, family: IpFamily): boolean {
  return parseIp(text) === text && familyOf(text) === family;
}

function fail(line: string, why: string): never {
  throw new UnreadableError('a command of ipset', line, why);
}
