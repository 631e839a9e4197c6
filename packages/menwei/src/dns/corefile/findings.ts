/** What is found while a Corefile is read, and the small things that many lines have in common. */
import { addressBytes, parseCidr } from '@menwei/addresses/ip.ts';
import { parseDuration } from '../../config/duration.ts';
import { encodeName } from '../wire/name.ts';
import type { CorefileProblem, Directive } from './block.ts';

export class Findings {
  readonly problems: CorefileProblem[] = [];
  readonly notes: CorefileProblem[] = [];

  complain({ line, name }: Pick<Directive, 'line' | 'name'>, message: string): void {
    this.problems.push({ line, message: `${name}: ${message}` });
  }

  /** It is accepted, and this is what becomes of it. */
  note({ line, name }: Directive, message: string): void {
    this.notes.push({ line, message: `${name}: ${message}` });
  }

  /** One line of a plugin's body that is not supported. */
  refuse(directive: Directive, option: Directive): void {
    this.complain({ ...directive, line: option.line }, `${JSON.stringify(option.name)} is not supported`);
  }

  noBody(directive: Directive): void {
    for (const option of directive.body) this.refuse(directive, option);
  }

  /** So many arguments and no more; undefined in the place of those that are not there. */
  args(directive: Directive, most: number): readonly (string | undefined)[] {
    if (directive.args.length > most) {
      this.complain(directive, `${JSON.stringify(directive.args[most])}: an argument too many`);
    }
    return directive.args;
  }

  number(directive: Directive, text: string | undefined, most: number, otherwise: number): number {
    const number = text !== undefined && /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    if (number <= most) return number;
    this.complain(directive, `${JSON.stringify(text ?? '')} is not a number from 0 to ${most}`);
    return otherwise;
  }

  /** Milliseconds; a number without a unit is one of seconds. */
  duration(directive: Directive, text: string | undefined, otherwise: number): number {
    const durationMs = parseDuration(/^\d+$/.test(text ?? '') ? `${text}s` : (text ?? ''));
    if (durationMs !== undefined && durationMs >= 0) return durationMs;
    this.complain(directive, `${JSON.stringify(text ?? '')} is not a duration such as 5s`);
    return otherwise;
  }

  /** `:9153`, `127.0.0.1:9153`, `localhost:9153`, `[::1]:9153`. */
  address(directive: Directive, otherwise: string): string {
    const [text = otherwise] = this.args(directive, 1);
    const port = Number(/^(?:[\w.-]*|\[[0-9a-fA-F:.]+\]):(\d{1,5})$/.exec(text)?.[1]);
    if (port >= 1 && port <= 65_535) return text;
    this.complain(directive, `${JSON.stringify(text)} is not an address with a port`);
    return otherwise;
  }

  domains(directive: Pick<Directive, 'line' | 'name'>, texts: readonly string[]): readonly string[] {
    return texts.map((text) => {
      const domain = parseDomain(text);
      if (domain === undefined) this.complain(directive, `${JSON.stringify(text)} is not a name of a domain`);
      return domain ?? '';
    });
  }
}

/** `fallthrough [ZONES]`: without zones it is for all. */
export function fallthroughZones(found: Findings, option: Directive): readonly string[] {
  return option.args.length === 0 ? [''] : found.domains(option, option.args);
}

/** In the form of `Question.name`; of a network the domain of its reverse names. */
export function parseDomain(text: string): string | undefined {
  if (text.includes('/')) return reverseDomain(text);
  const domain = text.toLowerCase().replace(/\.$/, '');
  const isName = /^[\x21-\x7e]*$/.test(domain) && encodeName(domain) !== undefined;
  return isName ? domain : undefined;
}

function reverseDomain(text: string): string | undefined {
  const cidr = parseCidr(text);
  if (cidr === undefined) return undefined;
  const { family, address, prefixLength } = cidr;
  const bits = family === 'IPv4' ? 8 : 4;
  if (prefixLength % bits !== 0) return undefined;
  const labels = family === 'IPv4' ? address.split('.') : nibbles(address);
  const known = labels.slice(0, prefixLength / bits).toReversed();
  return [...known, family === 'IPv4' ? 'in-addr.arpa' : 'ip6.arpa'].join('.');
}

function nibbles(address: string): readonly string[] {
  return addressBytes(address).flatMap((byte) => [(byte >> 4).toString(16), (byte & 15).toString(16)]);
}
