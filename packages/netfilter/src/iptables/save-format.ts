/** The lines of iptables-save, whichever tables they are of. */

export type SavedLine =
  /** What follows is of this table. */
  | { readonly is: 'table'; readonly table: string }
  /** Built-in chains have a policy. */
  | { readonly is: 'chain'; readonly chain: string; readonly policy: string | undefined }
  /** In the words of the tool. */
  | { readonly is: 'rule'; readonly chain: string; readonly rule: string }
  /** The table was printed to its end. */
  | { readonly is: 'end' }
  | { readonly is: 'other' };

const OTHER: SavedLine = { is: 'other' };
const END: SavedLine = { is: 'end' };
/** How many packets and bytes a rule has seen, with `-c`. */
const COUNTERS = /^\[\d+:\d+\] /;

/** A comment and anything else that says nothing of rules is `other`. */
export function parseSavedLine(text: string): SavedLine {
  switch (text[0]) {
    case '*':
      return { is: 'table', table: text.slice(1) };
    case ':': {
      const [chain = '', policy = '-'] = text.slice(1).split(' ', 2);
      return { is: 'chain', chain, policy: policy === '-' ? undefined : policy };
    }
    case '-':
      return text.startsWith('-A ') ? parseRuleLine(text) : OTHER;
    case '[':
      return COUNTERS.test(text) ? parseSavedLine(text.replace(COUNTERS, '')) : OTHER;
    default:
      return text === 'COMMIT' ? END : OTHER;
  }
}

function parseRuleLine(text: string): SavedLine {
  const end = text.indexOf(' ', 3);
  return end < 0
    ? { is: 'rule', chain: text.slice(3), rule: '' }
    : { is: 'rule', chain: text.slice(3, end), rule: text.slice(end + 1) };
}

/** The line, without a newline; chains with the counters of nobody. */
export function formatSavedLine(line: Exclude<SavedLine, { readonly is: 'other' }>): string {
  switch (line.is) {
    case 'table':
      return `*${line.table}`;
    case 'chain':
      return `:${line.chain} ${line.policy ?? '-'} [0:0]`;
    case 'rule':
      return `-A ${line.chain} ${line.rule}`.trimEnd();
    case 'end':
      return 'COMMIT';
  }
}
