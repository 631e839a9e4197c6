/** The configuration file that HAProxy reads and this program writes: all of it as data, and as text. */
import type { ObjectKey } from '../../../state/object-key.ts';
import {
  type Block,
  formatBlock,
  formatDefaults,
  formatGeneration,
  formatSection,
  generationOf,
  generationVariable,
} from './config-text.ts';
import { parseSection } from './parse-section.ts';
import { clusterPrefix, compareText, parseSectionName, type Section, sectionName } from './section.ts';

export interface ConfigFile {
  /** By name. */
  readonly sections: readonly Section[];
  /** Carry the name of the cluster, and are not as they were written. */
  readonly damaged: readonly DamagedSection[];
  /** Somebody else's, who has put them into the same file. */
  readonly foreign: readonly Block[];
  /** The structure is that which the file itself says was written last. */
  readonly isAsWritten: boolean;
}

interface DamagedSection {
  readonly name: string;
  /** Undefined: the name says nothing. */
  readonly service: ObjectKey | undefined;
}

/** Words that begin a section of HAProxy's configuration. */
const SECTION_WORDS: ReadonlySet<string> = new Set(
  'backend cache crt-list defaults dynamic-update fcgi-app frontend global http-errors listen log-forward mailers peers program resolvers ring userlist'.split(
    ' ',
  ),
);

const HEADER = [
  '# Written by menwei for Services of type LoadBalancer, and written anew whenever they change: what is edited in',
  '# its sections is undone. Sections of others are kept.',
];

/** A text that was not written by this program is as good as any: what can't be read is damaged, or foreign. */
export function parseConfigFile(cluster: string, text: string): ConfigFile {
  const sections: Section[] = [];
  const damaged: DamagedSection[] = [];
  const foreign: Block[] = [];
  let generation: string | undefined;
  let defaults: Block | undefined;
  for (const block of splitBlocks(text)) {
    const [word = '', name = ''] = block.heading.split(' ');
    const section = word === 'listen' ? parseSection(cluster, block) : undefined;
    const own = ownGeneration(cluster, block);
    if (section !== undefined) sections.push(section);
    else if (own !== undefined) generation = own;
    else if (word === 'defaults' && name === clusterPrefix(cluster)) defaults = block;
    else if (name.startsWith(clusterPrefix(cluster))) {
      damaged.push({ name, service: parseSectionName(cluster, name)?.service });
    } else foreign.push(block);
  }
  const isAsWritten =
    damaged.length === 0 &&
    generation === generationOf(cluster, sections) &&
    defaults !== undefined &&
    isSameBlock(defaults, formatDefaults(cluster));
  return { sections, damaged, foreign, isAsWritten };
}

/** Those of others first: what stands in a `defaults` section of this program must not reach them. */
export function formatConfigFile(
  cluster: string,
  sections: readonly Section[],
  foreign: readonly Block[],
): string {
  const blocks = [
    ...foreign,
    formatGeneration(cluster, generationOf(cluster, sections)),
    formatDefaults(cluster),
    ...sections.map((section) => formatSection(cluster, section)),
  ];
  return `${HEADER.join('\n')}\n${blocks.map((block) => `\n${formatBlock(block)}`).join('')}`;
}

/** In the order of the file. */
export function sortSections(cluster: string, sections: readonly Section[]): readonly Section[] {
  return sections.toSorted((a, b) => compareText(sectionName(cluster, a), sectionName(cluster, b)));
}

/** What the file says it has; empty when that can't be read, undefined when it is another's block. */
function ownGeneration(cluster: string, { heading, lines }: Block): string | undefined {
  const prefix = `set-var ${generationVariable(cluster)} str(`;
  const line = heading === 'global' ? lines.find((one) => one.startsWith(prefix)) : undefined;
  if (line === undefined) return undefined;
  return lines.length === 1 ? line.slice(prefix.length, -1) : '';
}

function isSameBlock(a: Block, b: Block): boolean {
  return formatBlock(a) === formatBlock(b);
}

/** What stands before the first of them is left out. */
function splitBlocks(text: string): readonly Block[] {
  const blocks: { heading: string; lines: string[] }[] = [];
  for (const raw of text.split('\n')) {
    const line = raw.trim();
    if (SECTION_WORDS.has(line.split(/\s/, 1)[0] ?? '')) blocks.push({ heading: line, lines: [] });
    else if (line !== '') blocks.at(-1)?.lines.push(line);
  }
  return blocks;
}
