/**
 * One rule as the kernel keeps it: read from the words of a command, printed as iptables-save prints it. Two rules
 * are the same to the kernel when they print the same.
 */
import { type IpFamily, parseCidr, parseIp } from '@menwei/addresses/ip.ts';
import { quoteWord, targetOf } from '@menwei/netfilter/iptables/words.ts';
import { askedSet, type Extension, MATCHES, type Surroundings, TARGETS } from './rule-extensions.ts';
import { BadCommand, type Words } from './rule-words.ts';

export interface KeptRule {
  /** Without `-A CHAIN`. */
  readonly text: string;
  /** What follows `-j`: one of the kernel's targets, or a chain. */
  readonly target: string | undefined;
  /** The names of the sets that it asks. */
  readonly sets: readonly string[];
}

/** A rule of a kind that is not known here, in the words of the tools. */
export function foreignRule(text: string): KeptRule {
  const sets = Array.from(text.matchAll(/--match-set (\S+)/g), ([, name = '']) => name);
  return { text, target: targetOf(text), sets };
}

/** Whether a target is the kernel's own rather than a chain. */
export function isKernelTarget(target: string): boolean {
  return TARGETS.has(target);
}

/** In the order in which they are printed. */
const ADDRESS_OPTIONS = ['-s', '-d', '-i', '-o', '-p'];

interface Used {
  readonly flag: '-m' | '-j';
  readonly name: string;
  readonly extension: Extension;
  readonly given: Map<string, string>;
}

/** Reads the rest of a command. Throws BadCommand with the tools' words. */
export function readRule(words: Words, surroundings: Surroundings): KeptRule {
  const addresses = new Map<string, string>();
  const used: Used[] = [];
  let target: string | undefined;
  while (!words.isEmpty) {
    const negation = words.peek() === '!' ? `${words.take()} ` : '';
    const word = words.take();
    if (addresses.has(word) || (word === '-j' && target !== undefined)) {
      throw new BadCommand(`multiple ${word} flags not allowed`);
    }
    if (ADDRESS_OPTIONS.includes(word)) {
      addresses.set(word, `${negation}${word} ${canonical(word, words.take(), surroundings.family)}`);
    } else if (word === '-m') {
      used.push(use('-m', words.take(), MATCHES));
    } else if (word === '-j') {
      target = words.take();
      if (isKernelTarget(target)) used.push(use('-j', target, TARGETS));
    } else {
      takeOption(word, negation, words, used, addresses.get('-p'));
    }
  }
  for (const { name } of used) {
    const protocol = PROTOCOLS.get(name);
    if (protocol !== undefined && addresses.get('-p') !== `-p ${protocol}`)
      throw new BadCommand(`Invalid argument: -m ${name} needs -p ${protocol}`);
  }
  const printed = used.map(({ flag, name, extension, given }) =>
    [flag, name, ...extension.save(given, surroundings)].join(' '),
  );
  const jump = target === undefined || isKernelTarget(target) ? [] : [`-j ${target}`];
  const addressTexts = ADDRESS_OPTIONS.flatMap((option) => addresses.get(option) ?? []);
  // The target's options may come before those of a match; it is printed last all the same.
  const matches = printed.filter((text) => text.startsWith('-m'));
  const targets = printed.filter((text) => text.startsWith('-j'));
  const text = [...addressTexts, ...matches, ...targets, ...jump].join(' ');
  const sets = used.filter(({ name }) => name === 'set').map(({ given }) => askedSet(given).name);
  return { text, target, sets };
}

/** By the match that reads their headers. */
const PROTOCOLS: ReadonlyMap<string, string> = new Map([
  ['tcp', 'tcp'],
  ['udp', 'udp'],
  ['sctp', 'sctp'],
  ['icmp', 'icmp'],
  ['icmp6', 'ipv6-icmp'],
]);

function use(flag: '-m' | '-j', name: string, known: ReadonlyMap<string, Extension>): Used {
  const extension = known.get(name);
  if (extension === undefined)
    throw new BadCommand(`Couldn't load match \`${name}':No such file or directory`);
  return { flag, name, extension, given: new Map() };
}

/** An option belongs to the match or target named last that knows it; `-p tcp` brings its match along. */
function takeOption(word: string, negation: string, words: Words, used: Used[], protocol?: string): void {
  let owner = used.findLast(({ extension }) => Object.hasOwn(extension.options, word));
  const implied = protocol?.startsWith('-p ') ? protocol.slice('-p '.length) : undefined;
  if (owner === undefined && implied !== undefined && ['--sport', '--dport'].includes(word)) {
    owner = use('-m', implied, MATCHES);
    used.push(owner);
  }
  if (owner === undefined) {
    throw new BadCommand(word.startsWith('-') ? `unknown option "${word}"` : `Bad argument \`${word}'`);
  }
  const values = Array.from({ length: owner.extension.options[word] ?? 0 }, () => words.take());
  owner.given.set(negation + word, values.join(' '));
}

function canonical(option: string, value: string, family: IpFamily): string {
  if (option === '-p') return value === 'icmpv6' ? 'ipv6-icmp' : value.toLowerCase();
  if (option === '-i' || option === '-o') return quoteInterface(value);
  const bits = family === 'IPv4' ? 32 : 128;
  const cidr = parseCidr(value.includes('/') ? value : `${parseIp(value)}/${bits}`);
  if (cidr?.family !== family) throw new BadCommand(`host/network \`${value}' not found`);
  return cidr.text;
}

function quoteInterface(name: string): string {
  if (name.length > 15) throw new BadCommand(`interface name \`${name}' must be shorter than 16 characters`);
  return /^[\w.+-]+$/.test(name) ? name : quoteWord(name);
}
