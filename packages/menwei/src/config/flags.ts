/** kube-proxy's flags on a commander command, read by the rules of Go's pflag. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDuration } from './duration.ts';
import { FLAGS, type Flag } from './flag-table.ts';

/** Verbosity of the source files that a pattern names. */
interface VmoduleItem {
  readonly filePattern: string;
  readonly verbosity: number;
}

/** Lists and pairs are collected over repetitions; a duration stays as it was written. */
type FlagValue =
  | string
  | number
  | boolean
  | readonly string[]
  | readonly VmoduleItem[]
  | Readonly<Record<string, boolean>>;

/** The flags that were on the command line, by name. */
export type GivenFlags = Readonly<Record<string, FlagValue>>;

/**
 * Adds the flags of {@link FLAGS}; positional arguments become an error. Read the result with givenFlags.
 *
 * @param has which of them; all unless given
 */
export function addProxyFlags(
  command: Command,
  { onlyLooks = false, has = () => true }: { onlyLooks?: boolean; has?: (flag: Flag) => boolean } = {},
): Command {
  command.allowExcessArguments(false);
  for (const flag of FLAGS.filter(has))
    command.addOption(createOption(flag).hideHelp(onlyLooks && flag.onlyRuns));
  const parseOptions = command.parseOptions.bind(command);
  command.parseOptions = (args) => parseOptions(withDashes(args, command.options));
  return command;
}

/** A `_` in a flag's name is a `-`, as kube-proxy reads it; what a flag is given as its value stays as it is. */
function withDashes(args: readonly string[], options: readonly Option[]): string[] {
  let isValue = false;
  const end = args.indexOf('--');
  return args.map((arg, index) => {
    if (isValue || (end >= 0 && index >= end)) {
      isValue = false;
      return arg;
    }
    const [, name = arg, value = ''] = /^(--[^=]+)(=.*)?$/s.exec(arg) ?? [];
    const flag = arg.startsWith('--') ? name.replaceAll('_', '-') : arg;
    const option = options.find(({ long, short }) => flag === long || flag === short);
    isValue = option?.required === true && value === '';
    return option === undefined ? arg : `${flag}${value}`;
  });
}

/** What the command line of a parsed command said. Bad values have been reported by commander before. */
export function givenFlags(command: Command): GivenFlags {
  const given: Record<string, FlagValue> = {};
  for (const option of command.options) {
    const name = option.long?.slice(2) ?? '';
    if (command.getOptionValueSource(option.attributeName()) !== 'cli') continue;
    const flag = FLAGS.find((candidate) => candidate.name === name);
    const value = command.getOptionValue(option.attributeName());
    if (flag !== undefined) given[name] = flag.kind === 'version' ? String(value) : value;
  }
  return given;
}

const PLACEHOLDERS: Readonly<Record<Flag['kind'], string>> = {
  text: '<text>',
  // Without a value commander makes it true by itself.
  bool: '[bool]',
  integer: '<n>',
  number: '<n>',
  duration: '<duration>',
  list: '<list>',
  gates: '<pairs>',
  vmodule: '<pairs>',
  size: '<bytes>',
  version: '[version]',
};

/** What stands for the value: `<duration>`, `[bool]`. */
export function placeholder({ kind }: Flag): string {
  return PLACEHOLDERS[kind];
}

/** What the flag does, and whether it does anything. */
export function describeMeaning({ help, withoutEffect, deprecated }: Flag): string {
  return [
    ...(deprecated === undefined ? [] : [`deprecated, use ${deprecated}: `]),
    ...(withoutEffect ? ['accepted, without effect: '] : []),
    help,
  ].join('');
}

function createOption(flag: Flag): Option {
  const { name, shorthand, kind, group, default: preset } = flag;
  const short = shorthand === undefined ? '' : `-${shorthand}, `;
  const description = `${describeMeaning(flag)}${preset === '' ? '' : ` (default: ${preset})`}`;
  const option = new Option(`${short}--${name} ${placeholder(flag)}`, description).helpGroup(`${group}:`);
  return option.argParser((text: string, previous: unknown) => {
    // commander hands over `-v=2` as the value `=2`.
    const value = shorthand !== undefined && text.startsWith('=') ? text.slice(1) : text;
    return parseValue(kind, value, previous);
  });
}

function parseValue(kind: Flag['kind'], text: string, previous: unknown): FlagValue {
  switch (kind) {
    case 'text':
    case 'size':
      return text;
    case 'version':
      return parseVersion(text);
    case 'bool':
      return parseBool(text);
    case 'integer':
      return parseInteger(text);
    case 'number':
      if (text.trim() === '' || !Number.isFinite(Number(text)))
        throw new InvalidArgumentError('It must be a number.');
      return Number(text);
    case 'duration':
      if (parseDuration(text) === undefined)
        throw new InvalidArgumentError('It must be a duration like 30s or 1m30s.');
      return text;
    case 'list':
      return [...(Array.isArray(previous) ? previous : []), ...splitList(text)];
    case 'gates':
      return { ...(typeof previous === 'object' ? previous : {}), ...parseGates(text) };
    case 'vmodule':
      return [...(Array.isArray(previous) ? previous : []), ...parseVmodule(text)];
  }
}

/** With Go's prefixes: `0xe`, `0o16`, `016` and `0b1110` are 14. */
function parseInteger(text: string): number {
  const [, sign, digits = ''] =
    /^([+-]?)(0[xX][\da-fA-F]{1,8}|0[bB][01]{1,32}|0[oO]?[0-7]{1,11}|0|[1-9]\d{0,9})$/.exec(text) ?? [];
  if (digits === '') throw new InvalidArgumentError('It must be a whole number.');
  const value = Number(digits.replace(/^0(?=\d)/, '0o'));
  return sign === '-' ? -value : value;
}

function splitList(text: string): readonly string[] {
  return text === '' ? [] : text.split(',');
}

/** What is empty between two commas says nothing. */
function splitPairs(text: string): readonly string[] {
  return splitList(text).filter((pair) => pair.trim() !== '');
}

function parseBool(text: string): boolean {
  if (['1', 't', 'T', 'true', 'TRUE', 'True'].includes(text)) return true;
  if (['0', 'f', 'F', 'false', 'FALSE', 'False'].includes(text)) return false;
  throw new InvalidArgumentError('It must be true or false.');
}

/** `vX` may add to the version that is reported, and not make it another. */
function parseVersion(text: string): string {
  if (text === 'raw' || VERSION.test(text)) return text;
  if (/^v/.test(text))
    throw new InvalidArgumentError('It must be a version v1.36.2, which may have more behind it.');
  return String(parseBool(text));
}

const VERSION = /^v1\.36\.2(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/;

function parseGates(text: string): Readonly<Record<string, boolean>> {
  const pairs = splitPairs(text).map((pair) => {
    const [name = '', value, ...rest] = pair.split('=').map((part) => part.trim());
    if (name === '' || value === undefined || rest.length > 0) {
      throw new InvalidArgumentError('It must be a list of name=true|false.');
    }
    return [name, parseBool(value)] as const;
  });
  return Object.fromEntries(pairs);
}

function parseVmodule(text: string): readonly VmoduleItem[] {
  return splitPairs(text).map((pair) => {
    const [filePattern = '', verbosity = '', ...rest] = pair.split('=').map((part) => part.trim());
    if (filePattern === '' || !/^\d{1,9}$/.test(verbosity) || rest.length > 0) {
      throw new InvalidArgumentError('It must be a list of pattern=N.');
    }
    return { filePattern, verbosity: Number(verbosity) };
  });
}
