/** What one instruction of a rule does to a packet. */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import {
  type Datatype,
  type Elements,
  type Expression,
  formatData,
  formatKey,
  type Hex,
  parseKey,
  type Register,
  type SetDeclaration,
  type TableContent,
  type TableFamily,
  type Verdict,
} from '@menwei/netlink/nftables';
import { word } from '../../nft/statement.ts';
import { destinationOf, type Flight, isWithin, recall, remember } from '../packet.ts';
import { answer } from './facts.ts';
import { load, loadFields, numberOf, type Registers, store, storeFields } from './registers.ts';

type Named<Name> = Extract<Expression, { readonly name: Name }>;

const ACCEPT: Verdict = { verdict: 'accept' };

/** Between two instructions of a rule. */
export interface Moment {
  readonly flight: Flight;
  readonly registers: Registers;
}

/** The rule ends here: with a verdict, or because the packet is none of those it is for. */
export interface Exit {
  readonly flight: Flight;
  readonly verdict: Verdict | { readonly verdict: 'reject' } | 'no match';
}

/** One of them, or where chance decides as many as there are ways to go on. */
export function carryOut(
  expression: Expression,
  moment: Moment,
  table: TableContent,
): readonly (Moment | Exit)[] {
  const { flight, registers } = moment;
  switch (expression.name) {
    case 'payload':
    case 'meta':
    case 'ct':
    case 'fib type': {
      const value = answer(expression, flight);
      return [value === undefined ? noMatch(moment) : put(moment, expression.to, value)];
    }
    case 'meta set': {
      const number = numberOf(load(registers, expression.from, 4));
      return [{ registers, flight: { ...flight, [expression.key]: number } }];
    }
    case 'cmp': {
      const isEqual = load(registers, expression.from, sizeOf(expression.value)) === expression.value;
      return [isEqual === (expression.operation === 'eq') ? moment : noMatch(moment)];
    }
    case 'bitwise':
      return [put(moment, expression.to, bitwise(expression, registers))];
    case 'lookup':
      return [lookUp(expression, moment, table)];
    case 'numgen':
      return drawNumber(expression, moment);
    case 'update':
      return [update(expression, moment, table)];
    case 'immediate':
      return [{ flight, verdict: expression.verdict }];
    case 'immediate value':
      return [put(moment, expression.to, expression.value)];
    case 'reject':
      return [{ flight, verdict: { verdict: 'reject' } }];
    case 'dnat':
      return [{ flight: translate(expression, moment), verdict: { verdict: 'accept' } }];
    case 'dnat address':
      return [
        {
          flight: leadTo(addressIn(expression.family, registers, expression.address), flight),
          verdict: ACCEPT,
        },
      ];
    case 'reset':
      return [{ flight, verdict: { verdict: 'reject' } }];
    case 'masquerade':
      return [{ flight: { ...flight, masqueraded: true }, verdict: { verdict: 'accept' } }];
    case 'notrack':
      return [moment];
    case 'unknown':
      throw new Error(`a rule has an unknown instruction: ${expression.kernelName}`);
  }
}

function noMatch({ flight }: Moment): Exit {
  return { flight, verdict: 'no match' };
}

function put(moment: Moment, to: Register, value: Hex): Moment {
  return { ...moment, registers: store(moment.registers, to, value) };
}

function bitwise({ from, mask, xor }: Named<'bitwise'>, registers: Registers): Hex {
  const size = sizeOf(mask);
  const [masks, flips] = [Buffer.from(mask, 'hex'), Buffer.from(xor, 'hex')];
  const bytes = Buffer.from(load(registers, from, size), 'hex');
  const changed = bytes.map((byte, index) => (byte & (masks[index] ?? 0)) ^ (flips[index] ?? 0));
  return Buffer.from(changed).toString('hex');
}

function lookUp(
  { set, from, to, inverted }: Named<'lookup'>,
  moment: Moment,
  table: TableContent,
): Moment | Exit {
  const declaration = declarationOf(table, set);
  const key = loadFields(moment.registers, from, declaration.key);
  const found = findElement(table, declaration, key, moment.flight);
  if ((found === undefined) === !inverted) return noMatch(moment);
  if (to === undefined || found === undefined) return moment;
  if (to === 'verdict') return { flight: moment.flight, verdict: parseVerdict(found.data) };
  const types = declaration.data;
  if (types === undefined || types === 'verdict') throw new Error(`${set} has no values`);
  return { ...moment, registers: storeFields(moment.registers, to, types, found.data) };
}

/** With the data of a map, as text; that of a set is empty. */
function findElement(
  { elements }: TableContent,
  set: SetDeclaration,
  key: string,
  flight: Flight,
): { readonly data: string } | undefined {
  if (set.dynamic) return recall(flight, clientName(set.name, key));
  const all: Elements = elements.get(set.name) ?? new Map();
  const element = set.interval
    ? [...all.values()].find((range) => isInRange(formatKey(set, range.key), key))
    : all.get(parseKey(set, key));
  return element === undefined ? undefined : { data: formatData(set, element.data) ?? '' };
}

/** The last field of the element is a range, all others are as they are. */
function isInRange(range: string, key: string): boolean {
  const [ranges, keys] = [range.split(' . '), key.split(' . ')];
  const last = keys.length - 1;
  return (
    keys.slice(0, last).join() === ranges.slice(0, last).join() &&
    isWithin(ranges[last] ?? '', keys[last] ?? '')
  );
}

function parseVerdict(text: string): Verdict {
  const [verdict, chain = ''] = text.split(' ');
  switch (verdict) {
    case 'goto':
    case 'jump':
      return { verdict, chain };
    case 'accept':
    case 'drop':
    case 'return':
      return { verdict };
    default:
      throw new Error(`no verdict: ${text}`);
  }
}

function drawNumber({ modulus, offset, to }: Named<'numgen'>, moment: Moment): readonly Moment[] {
  const flight = { ...moment.flight, chance: moment.flight.chance / modulus };
  return Array.from({ length: modulus }, (_, number) =>
    put({ ...moment, flight }, to, word(offset + number)),
  );
}

function update({ set, key, data, timeoutMs }: Named<'update'>, moment: Moment, table: TableContent): Moment {
  const declaration = declarationOf(table, set);
  const types: readonly Datatype[] = Array.isArray(declaration.data) ? declaration.data : [];
  const name = clientName(set, loadFields(moment.registers, key, declaration.key));
  const value = recall(moment.flight, name)?.data ?? loadFields(moment.registers, data, types);
  return { ...moment, flight: remember(moment.flight, name, value, timeoutMs / 1000) };
}

function translate({ family, address, port }: Named<'dnat'>, { flight, registers }: Moment): Flight {
  const ip = addressIn(family, registers, address);
  const endpoint = formatHostPort(ip, Number(loadFields(registers, port, ['inet_service'])));
  return { ...flight, endpoint };
}

/** The port stays. */
function leadTo(ip: string, flight: Flight): Flight {
  return { ...flight, endpoint: formatHostPort(ip, destinationOf(flight).port) };
}

function addressIn(family: TableFamily, registers: Registers, from: Register): string {
  return loadFields(registers, from, [family === 'ip' ? 'ipv4_addr' : 'ipv6_addr']);
}

/** How the memory names an element of a map that rules fill. */
export function clientName(map: string, key: string): string {
  return `${map} { ${key} }`;
}

export function splitClientName(name: string): { readonly map: string; readonly key: string } {
  const [, map, key] = /^(\S+) \{ (.*) \}$/.exec(name) ?? [];
  if (map === undefined || key === undefined) throw new Error(`not remembered by nftables: ${name}`);
  return { map, key };
}

function declarationOf({ sets }: TableContent, name: string): SetDeclaration {
  const declaration = sets.get(name);
  if (declaration === undefined) throw new Error(`there is no set ${name}`);
  return declaration;
}

function sizeOf(value: Hex): number {
  return value.length / 2;
}
