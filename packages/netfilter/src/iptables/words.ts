/** Lines of iptables-save and iptables-restore, cut into words and quoted again. */

/** Double quotes group; a backslash inside them takes the next character as it is. */
export function splitWords(line: string): string[] {
  if (!line.includes('"')) return line.split(' ').filter((word) => word !== '');
  const words: string[] = [];
  let start = 0;
  while (start < line.length) {
    if (line[start] === ' ') {
      start++;
    } else if (line[start] === '"') {
      let end = start + 1;
      while (end < line.length && line[end] !== '"') end += line[end] === '\\' ? 2 : 1;
      words.push(line.slice(start + 1, end).replace(/\\(.)/g, '$1'));
      start = end + 1;
    } else {
      let end = line.indexOf(' ', start);
      if (end < 0) end = line.length;
      words.push(line.slice(start, end));
      start = end;
    }
  }
  return words;
}

/** As the tools print text: bare only if nothing in it could be taken for anything else. */
export function quoteWord(text: string): string {
  return /^[\w-]+$/.test(text) ? text : `"${text.replace(/["\\']/g, '\\$&')}"`;
}

const TARGET = / -[jg] (\S+)/;

/** Where a rule leads to, in the words of iptables-save, without `-A CHAIN`; undefined if it has no target. */
export function targetOf(rule: string): string | undefined {
  // Comments are quoted and come before the target.
  return TARGET.exec(` ${rule.slice(rule.lastIndexOf('"') + 1)}`)?.[1];
}
