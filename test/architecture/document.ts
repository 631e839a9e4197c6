/** The tables of docs/architecture.md that say which package and which folder may import which. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from './modules.ts';

/** A package, or a folder of the product: what may be imported is one of these. */
export interface Room {
  /** As in the document: `@menwei/netlink`, `backends/`. */
  readonly name: string;
  /** From the root, with a slash at the end. */
  readonly folder: string;
  /** Other rooms, or single files of them (`config/settings.ts`, `@menwei/kernel/netns.ts`). */
  readonly mayImport: readonly string[];
  /** Undefined if nothing in it is pure, else which files are not, as patterns of paths in it. */
  readonly impure: readonly string[] | undefined;
}

export const PRODUCT = 'packages/menwei/src/';
const DOCUMENT = 'docs/architecture.md';

const text = readFileSync(join(ROOT, DOCUMENT), 'utf8');

/** In the order of the document: the folders of the product in the place of its package. */
export const ROOMS: readonly Room[] = readTable('package').flatMap((room) =>
  room.folder === PRODUCT ? [...readTable('folder'), room] : [room],
);

/** The file that such a name stands for, if it is one of a file. */
export function fileOf(name: string): string | undefined {
  if (!name.endsWith('.ts')) return undefined;
  return name.startsWith('@menwei/') ? inPackage(name) : `${PRODUCT}${name}`;
}

/** The innermost room that the file stands in; undefined for what is no part of a package. */
export function roomOf(path: string): Room | undefined {
  return ROOMS.filter(({ folder }) => path.startsWith(folder)).sort(
    (a, b) => b.folder.length - a.folder.length,
  )[0];
}

/** Paths that text and pictures name and that don't exist; one without a folder may be anywhere. */
export function wrongPaths(): readonly string[] {
  const spans = names(text).filter((name) => /^[\w@.<>*/-]+(?:\.ts|\/)$/.test(name) && /\/./.test(name));
  const pictures = Array.from(text.matchAll(/^```\n(.*?)^```$/gms), ([, picture = '']) => picture);
  const drawn = pictures.flatMap((picture) => picture.match(/(?<=\s)[a-z][\w<>/-]*\/(?=\s)/g) ?? []);
  const named = [...spans, ...drawn];
  return [...new Set(named)].filter((name) => {
    const pattern = name.replace(/<\w+>/, '*');
    return globSync([pattern, `${PRODUCT}${pattern}`, inPackage(pattern)], { cwd: ROOT }).length === 0;
  });
}

/** `@menwei/kernel/netns.ts` → `packages/kernel/src/netns.ts` */
function inPackage(name: string): string {
  return name.replace(/^@menwei\/([^/]+)/, 'packages/$1/src');
}

function readTable(kind: 'package' | 'folder'): readonly Room[] {
  const lines = text.split('\n');
  const head = lines.findIndex((line) => line.startsWith(`| ${kind} |`));
  if (head < 0) throw new Error(`${DOCUMENT} has no table with the head "| ${kind} |"`);
  const columns = cells(lines[head] ?? '');
  const rows: Room[] = [];
  for (const line of lines.slice(head + 2)) {
    if (!line.startsWith('|')) break;
    const cell = (column: string) => cells(line)[columns.indexOf(column)] ?? '';
    const [name = ''] = names(cell(kind));
    const pure = cell('pure');
    rows.push({
      name,
      folder: kind === 'folder' ? `${PRODUCT}${name}` : `packages/${name.replace('@menwei/', '')}/src/`,
      mayImport: names(cell('imports')),
      impure: pure === 'no' ? undefined : names(pure),
    });
  }
  return rows;
}

function cells(line: string): readonly string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());
}

function names(cell: string): readonly string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name);
}
