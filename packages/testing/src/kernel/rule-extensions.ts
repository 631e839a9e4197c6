/** The matches and targets that the fake kernel knows: which options they take, and how iptables-save prints them. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { quoteWord } from '@menwei/netfilter/iptables/words.ts';
import { BadCommand } from './rule-words.ts';

/** The options given to one match or target, each with its value ('' for a flag); `!` stands before a negated one. */
type Given = ReadonlyMap<string, string>;

/** What a rule is read with. */
export interface Surroundings {
  readonly family: IpFamily;
  readonly hasSet: (name: string) => boolean;
}

export interface Extension {
  /** How many values each option takes. */
  readonly options: Readonly<Record<string, 0 | 1 | 2>>;
  /** The options as they are printed, without `-m NAME` or `-j NAME`. */
  save(given: Given, surroundings: Surroundings): readonly string[];
}

/** xt_statistic counts in fractions of this. */
const PROBABILITY_SCALE = 2 ** 31;

const ports: Extension = {
  options: { '--sport': 1, '--dport': 1 },
  save: (given) => [...asGiven(given, '--sport'), ...asGiven(given, '--dport')],
};

export const MATCHES: ReadonlyMap<string, Extension> = new Map<string, Extension>([
  ['tcp', ports],
  ['udp', ports],
  ['sctp', ports],
  ['icmp', { options: { '--icmp-type': 1 }, save: (given) => asGiven(given, '--icmp-type') }],
  ['icmp6', { options: { '--icmpv6-type': 1 }, save: (given) => asGiven(given, '--icmpv6-type') }],
  ['comment', { options: { '--comment': 1 }, save: (given) => asGiven(given, '--comment', quoteWord) }],
  [
    'addrtype',
    {
      options: { '--src-type': 1, '--dst-type': 1 },
      save: (given) => [...asGiven(given, '--src-type'), ...asGiven(given, '--dst-type')],
    },
  ],
  ['conntrack', { options: { '--ctstate': 1 }, save: (given) => asGiven(given, '--ctstate', sortStates) }],
  ['mark', { options: { '--mark': 1 }, save: (given) => asGiven(given, '--mark', formatMatchedMark) }],
  ['set', { options: { '--match-set': 2 }, save: saveSet }],
  [
    'physdev',
    {
      options: { '--physdev-is-in': 0 },
      save: (given) => atLeastOne('physdev', asGiven(given, '--physdev-is-in')),
    },
  ],
  [
    'ipvs',
    {
      options: { '--vproto': 1, '--vaddr': 1, '--vport': 1 },
      save: (given) =>
        atLeastOne('ipvs', [
          ...asGiven(given, '--vproto', protocolNumber),
          ...asGiven(given, '--vaddr'),
          ...asGiven(given, '--vport'),
        ]),
    },
  ],
  ['nfacct', { options: { '--nfacct-name': 1 }, save: (given) => asGiven(given, '--nfacct-name') }],
  [
    'statistic',
    {
      options: { '--mode': 1, '--probability': 1 },
      save: (given) => [...asGiven(given, '--mode'), ...asGiven(given, '--probability', roundProbability)],
    },
  ],
  ['recent', { options: recentOptions(), save: saveRecent }],
]);

export const TARGETS: ReadonlyMap<string, Extension> = new Map<string, Extension>([
  ...['ACCEPT', 'DROP', 'RETURN'].map((name): [string, Extension] => [name, { options: {}, save: () => [] }]),
  [
    'REJECT',
    {
      options: { '--reject-with': 1 },
      save: (given, { family }) => [
        '--reject-with',
        given.get('--reject-with') ??
          (family === 'IPv4' ? 'icmp-port-unreachable' : 'icmp6-port-unreachable'),
      ],
    },
  ],
  ['DNAT', { options: { '--to-destination': 1 }, save: (given) => asGiven(given, '--to-destination') }],
  ['REDIRECT', { options: { '--to-ports': 1 }, save: (given) => asGiven(given, '--to-ports') }],
  ['MASQUERADE', { options: { '--random-fully': 0 }, save: (given) => asGiven(given, '--random-fully') }],
  [
    'MARK',
    {
      options: { '--set-xmark': 1, '--set-mark': 1, '--or-mark': 1, '--and-mark': 1, '--xor-mark': 1 },
      save: saveMark,
    },
  ],
]);

/** One option, negated or not, or nothing if it was not given. */
function asGiven(given: Given, option: string, format = (value: string) => value): string[] {
  for (const name of [option, `! ${option}`]) {
    const value = given.get(name);
    if (value !== undefined) return value === '' && option !== '--comment' ? [name] : [name, format(value)];
  }
  return [];
}

function atLeastOne(match: string, options: readonly string[]): readonly string[] {
  if (options.length === 0) throw new BadCommand(`${match}: at least one option is needed`);
  return options;
}

function saveSet(given: Given, { hasSet }: Surroundings): readonly string[] {
  const options = atLeastOne('set', asGiven(given, '--match-set'));
  const { name, directions } = askedSet(given);
  if (!hasSet(name)) throw new BadCommand(`Set ${name} doesn't exist.`);
  if (!/^(src|dst)(,(src|dst)){0,5}$/.test(directions)) throw new BadCommand(`bad directions ${directions}`);
  return options;
}

/** The set that `-m set` asks, which is empty for any other match. */
export function askedSet(given: Given): { readonly name: string; readonly directions: string } {
  const [name = '', directions = ''] = (asGiven(given, '--match-set')[1] ?? '').split(' ');
  return { name, directions };
}

const PROTOCOL_NUMBERS = new Map([
  ['tcp', '6'],
  ['udp', '17'],
  ['sctp', '132'],
]);

function protocolNumber(name: string): string {
  const number = PROTOCOL_NUMBERS.get(name.toLowerCase());
  if (number === undefined) throw new BadCommand(`unknown protocol "${name}" specified`);
  return number;
}

const CONNECTION_STATES = ['INVALID', 'NEW', 'RELATED', 'ESTABLISHED', 'UNTRACKED', 'SNAT', 'DNAT'];

function sortStates(states: string): string {
  const given = states.split(',');
  const unknown = given.find((state) => !CONNECTION_STATES.includes(state));
  if (unknown !== undefined) throw new BadCommand(`Bad ctstate "${unknown}"`);
  return CONNECTION_STATES.filter((state) => given.includes(state)).join(',');
}

function formatMatchedMark(text: string): string {
  const [mark, mask] = readMark(text);
  return mask === 0xffffffff ? hex(mark) : `${hex(mark)}/${hex(mask)}`;
}

function roundProbability(text: string): string {
  const probability = Number(text);
  if (!(probability >= 0 && probability <= 1)) throw new BadCommand(`bad probability: ${text}`);
  return (Math.round(probability * PROBABILITY_SCALE) / PROBABILITY_SCALE).toFixed(11);
}

function recentOptions(): Record<string, 0 | 1> {
  const flags = ['--set', '--rcheck', '--update', '--remove', '--reap', '--rsource', '--rdest'];
  const values = ['--name', '--seconds', '--hitcount', '--mask'];
  return Object.fromEntries([
    ...flags.map((option) => [option, 0] as const),
    ...values.map((option) => [option, 1] as const),
  ]);
}

function saveRecent(given: Given, { family }: Surroundings): string[] {
  const verbs = ['--set', '--rcheck', '--update', '--remove'].flatMap((verb) => asGiven(given, verb));
  if (verbs.length !== 1) throw new BadCommand('recent: you must specify one of --set, --rcheck …');
  if (given.has('--reap') && !given.has('--seconds')) throw new BadCommand('recent: --reap needs --seconds');
  const everyBit = family === 'IPv4' ? '255.255.255.255' : Array(8).fill('ffff').join(':');
  return [
    ...verbs,
    ...['--seconds', '--reap', '--hitcount'].flatMap((option) => asGiven(given, option)),
    ...['--name', given.get('--name') ?? 'DEFAULT'],
    ...['--mask', given.get('--mask') ?? everyBit],
    given.has('--rdest') ? '--rdest' : '--rsource',
  ];
}

/** All forms are kept as the one that the kernel knows: (mark & ~mask) ^ value. */
function saveMark(given: Given): string[] {
  const [[option, text] = ['', '']] = given;
  const [value, mask] = readMark(text);
  const xmark = {
    '--set-xmark': [value, mask],
    '--set-mark': [value, (value | mask) >>> 0],
    '--or-mark': [value, value],
    '--and-mark': [0, ~value >>> 0],
    '--xor-mark': [value, 0],
  }[option];
  if (xmark === undefined || given.size !== 1) throw new BadCommand('MARK: exactly one option is needed');
  return ['--set-xmark', xmark.map((part) => hex(part ?? 0)).join('/')];
}

function readMark(text: string): readonly [value: number, mask: number] {
  const [value = '', mask = '0xffffffff'] = text.split('/');
  if (![value, mask].every((part) => /^(0x[\da-f]{1,8}|\d{1,10})$/i.test(part))) {
    throw new BadCommand(`bad mark value "${text}"`);
  }
  return [Number(value), Number(mask)];
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}
