/** Documents whose blocks of commands are run as they stand, and whose blocks of text are what one sees of it. */

export interface CommandBlock {
  readonly commands: string;
  /** What one sees; undefined where the document doesn't show it. `…` stands for anything within a line. */
  readonly shows: string | undefined;
  /** What stands behind `sh` at the beginning of the block: the name of what not every machine has. */
  readonly needs: string;
}

export interface Section {
  readonly title: string;
  readonly blocks: readonly CommandBlock[];
}

/** The parts of a document that begin with a heading of the second order. */
export function readSections(text: string): readonly Section[] {
  return text
    .split(/^## /m)
    .slice(1)
    .map((section) => ({ title: section.split('\n', 1)[0] ?? '', blocks: readBlocks(section) }));
}

function readBlocks(section: string): readonly CommandBlock[] {
  const blocks = section.matchAll(/^```sh *(\w*)\n(.*?)^```\n(?:\n```text\n(.*?)^```\n)?/gms);
  return Array.from(blocks, ([, needs = '', commands = '', shows]) => ({ needs, commands, shows }));
}

/** Matches what was seen, however columns are aligned. */
export function patternOf(shows: string): RegExp {
  const lines = shows
    .trim()
    .split('\n')
    .map((line) =>
      line
        .trim()
        .split('…')
        .map((part) => RegExp.escape(part).replaceAll(/(?:\\x20)+/g, '\\s+'))
        .join('.*'),
    );
  return new RegExp(`^\\s*${lines.join('\\s*\\n\\s*')}\\s*$`);
}
