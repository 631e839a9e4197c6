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

The exit status of every command is 0 when it has done what was asked, 1 when something went wrong (a file that can't be read, a configuration that is
refused, an API server that is away; of \`diff\`: there is a difference), and 2 when it was used wrongly (an unknown flag, a value that a flag can't have,
an argument too many). \`menwei lab run\` ends as the command that it runs. kube-proxy's is 1 for either. Each mistake is one line on standard error.

## What differs from kube-proxy

- An empty \`--healthz-bind-address=\` or \`--metrics-bind-address=\` turns the server off, and so does \`--metrics-port=0\`. kube-proxy's help says that of
  the first two and does not do it, and refuses the last (KQ-2, KQ-3). In a file an empty address is the default, as tools write out empty fields.
- Blanks around the comma of \`--cluster-cidr\` are accepted (KQ-35).
- The sync periods are kube-proxy's, with its two defaults of \`--ipvs-min-sync-period\` (1s) and \`ipvs.minSyncPeriod\` (0s, KQ-5): tools write \`0s\` for what
  nobody has set, so that no other meaning of it is safe.
- \`--proxy-mode\` also takes \`auto\`, and \`userspace\` with the flags of kube-proxy 1.20 for it.
- \`--ipvs-scheduler\` and the names of interfaces are checked before anything is touched.
- \`--version\` has Menwei's version behind the \`+\`.
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
