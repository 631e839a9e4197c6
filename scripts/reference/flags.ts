/** docs/reference/flags.md */
import { FLAG_GROUPS } from 'menwei/config/field.ts';
import { FLAGS, type Flag } from 'menwei/config/flag-table.ts';
import { describeMeaning, placeholder } from 'menwei/config/flags.ts';
import { code, heading, table } from './markdown.ts';

const INTRODUCTION = `
The flags of \`menwei run\` and \`kube-proxy\`, as kube-proxy 1.36 has them, and Menwei's own (marked ●). With \`--config\` only those count that are
marked ◆; the log names the others that were given. \`menwei diff\` takes all of them, and lists those that make a difference to it.

A \`_\` in a name is a \`-\`. A list may be repeated. A duration is written as \`30s\`, \`1m30s\`, \`500ms\`. Arguments that are no flags are an error.
What the fields mean is in [configuration.md](configuration.md).
`;

/** The whole document. */
export function flagsReference(): string {
  const groups = FLAG_GROUPS.map((group) => {
    const flags = FLAGS.filter((flag) => flag.group === group);
    return `\n## ${group}\n\n${table(['flag', '', 'default', 'field', 'meaning'], flags.map(row))}\n`;
  });
  return `${heading('Flags', 'packages/menwei/src/config/flag-table.ts')}${INTRODUCTION}${groups.join('')}`;
}

function row(flag: Flag): readonly string[] {
  const short = flag.shorthand === undefined ? '' : `, \`-${flag.shorthand}\``;
  return [
    `${code(`--${flag.name} ${placeholder(flag)}`)}${short}`,
    `${flag.ours ? '●' : ''}${flag.besideConfig ? '◆' : ''}`,
    code(flag.default),
    flag.fields.map(code).join(', '),
    describeMeaning(flag),
  ];
}
