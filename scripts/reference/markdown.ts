/** What the generated documents have in common. */

/** The first lines of a document: its title, and how it came to be. */
export function heading(title: string, source: string): string {
  return `# ${title}\n\n<!-- Generated from \`${source}\` by \`npm run docs:reference\`: edit that, not this. -->\n`;
}

/** A table; cells are Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escapeCell).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

export function code(text: string): string {
  return text === '' ? '' : `\`${text}\``;
}

function escapeCell(cell: string): string {
  return cell.replaceAll('|', '\\|');
}
