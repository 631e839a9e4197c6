/** A transaction as a script for `nft -f`. */
import {
  type Chain,
  type Datatype,
  type Element,
  type ElementList,
  formatData,
  formatKey,
  type Operation,
  type SetDeclaration,
  type TableName,
  type Transaction,
} from '@menwei/netlink/nftables';

/** Of one command; longer lists become several. */
const ELEMENTS_PER_COMMAND = 100;

export function formatScript(table: TableName, transaction: Transaction): string {
  const name = `${table.family} ${table.name}`;
  return transaction.flatMap((operation) => formatOperation(name, operation)).join('');
}

function formatOperation(table: string, operation: Operation): readonly string[] {
  switch (operation.do) {
    case 'add table':
      // nft 1.0.6 refuses to add a map of random slots that is there already; so the script begins with no table.
      return [
        `add table ${table}\ndelete table ${table}\n`,
        `add table ${table} { ${formatComment(operation.table.comment)}; }\n`,
      ];
    case 'delete table':
      return [`delete table ${table}\n`];
    case 'add set':
      return [formatSet(table, operation.set)];
    case 'delete set':
      return [`delete set ${table} ${operation.set}\n`];
    case 'add chain':
      return [formatChain(table, operation.chain)];
    case 'flush chain':
      return [`flush chain ${table} ${operation.chain}\n`];
    case 'delete chain':
      return [`delete chain ${table} ${operation.chain}\n`];
    case 'add rule': {
      const { text = '', comment } = operation.rule;
      return [
        `add rule ${table} ${operation.chain} ${text}${comment === '' ? '' : ` ${formatComment(comment)}`}\n`,
      ];
    }
    case 'add elements':
      return formatElements(`add element ${table}`, operation.set, operation.elements, formatElement);
    case 'delete elements':
      return formatElements(`delete element ${table}`, operation.set, operation.elements, (set, { key }) =>
        formatKey(set, key),
      );
  }
}

function formatChain(table: string, { name, hook, comment }: Chain): string {
  const properties = [
    ...(hook === undefined ? [] : [`type ${hook.type} hook ${hook.hook} priority ${hook.priority};`]),
    ...(comment === '' ? [] : [`${formatComment(comment)};`]),
  ];
  return `add chain ${table} ${name}${properties.length === 0 ? '' : ` { ${properties.join(' ')} }`}\n`;
}

function formatSet(table: string, set: SetDeclaration): string {
  const flags = [...(set.dynamic ? ['dynamic', 'timeout'] : []), ...(set.interval ? ['interval'] : [])];
  const properties = [
    formatTypes(set),
    ...(set.size === 0 ? [] : [`size ${set.size}`]),
    ...(flags.length === 0 ? [] : [`flags ${flags.join(',')}`]),
    ...(set.comment === '' ? [] : [formatComment(set.comment)]),
  ];
  const kind = set.data === undefined ? 'set' : 'map';
  return `add ${kind} ${table} ${set.name} { ${properties.join('; ')}; }\n`;
}

/** Data types have names, but for that of a random number: there, everything is told by an example. */
function formatTypes({ key, data }: SetDeclaration): string {
  const word = key.includes('slot') ? 'typeof' : 'type';
  const format = (types: readonly Datatype[]) =>
    types.map((type) => (word === 'type' ? type : EXAMPLES[type])).join(' . ');
  const value = data === undefined ? '' : ` : ${data === 'verdict' ? data : format(data)}`;
  return `${word} ${format(key)}${value}`;
}

const EXAMPLES: Readonly<Record<Datatype, string>> = {
  ipv4_addr: 'ip daddr',
  ipv6_addr: 'ip6 daddr',
  inet_proto: 'meta l4proto',
  inet_service: 'th dport',
  classid: 'meta priority',
  slot: 'numgen random mod 2',
};

function formatElements(
  command: string,
  set: SetDeclaration,
  elements: ElementList,
  format: (set: SetDeclaration, element: Element) => string,
): readonly string[] {
  const lines: string[] = [];
  const some: string[] = [];
  const flush = () => {
    if (some.length > 0) lines.push(`${command} ${set.name} { ${some.splice(0).join(', ')} }\n`);
  };
  for (const element of elements) {
    some.push(format(set, element));
    if (some.length === ELEMENTS_PER_COMMAND) flush();
  }
  flush();
  return lines;
}

function formatElement(set: SetDeclaration, { key, data, comment }: Element): string {
  const note = comment === '' ? '' : ` ${formatComment(comment)}`;
  return `${formatKey(set, key)}${note}${data === undefined ? '' : ` : ${formatData(set, data)}`}`;
}

/** nft has no way to quote a quote; what comments are made of has none (names of Kubernetes objects). */
function formatComment(comment: string): string {
  if (comment.includes('"')) throw new Error(`BUG: a comment with a quote: ${comment}`);
  return `comment "${comment}"`;
}
