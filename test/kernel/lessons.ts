/** docs/lessons.md, block by block. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { type CommandBlock, patternOf, readSections, type Section } from './document-blocks.ts';

const REPOSITORY = join(import.meta.dirname, '../..');
const SECTIONS = readSections(readFileSync(join(REPOSITORY, 'docs/lessons.md'), 'utf8'));

export const LESSONS = SECTIONS.filter(({ title }) => /^\d\. /.test(title));

/** What stands before the lessons and after them. */
export function sectionOf(title: string): Section {
  const section = SECTIONS.find((candidate) => candidate.title === title);
  if (section === undefined) throw new Error(`docs/lessons.md has no section ${title}`);
  return section;
}

/** Runs the blocks that need nothing that this machine lacks. */
export async function play({ blocks }: Section, has: readonly string[] = []): Promise<void> {
  for (const block of blocks) {
    if (block.needs !== '' && !has.includes(block.needs)) continue;
    if (block.shows === undefined) await change(block);
    else await see(block, block.shows);
  }
}

/** What changes something, and nothing else. */
export async function prepare({ blocks }: Section): Promise<void> {
  for (const block of blocks) if (block.shows === undefined) await change(block);
}

/** What one sees, and nothing else. */
export async function look({ blocks }: Section): Promise<void> {
  for (const block of blocks) if (block.shows !== undefined) await see(block, block.shows);
}

async function change(block: CommandBlock): Promise<void> {
  const { status, output } = await run(block);
  if (status !== 0) throw new Error(`${block.commands}exit status ${status}:\n${output}`);
}

/** A change is in force a moment after it was made: so one looks until it is. */
async function see(block: CommandBlock, shows: string): Promise<void> {
  await expect.poll(async () => (await run(block)).output).toMatch(patternOf(shows));
}

interface Ended {
  readonly status: number;
  readonly output: string;
}

/** As pasted into a terminal whose commands must all succeed, unless it is shown what comes of them. */
function run({ commands, shows }: CommandBlock): Promise<Ended> {
  const options = shows === undefined ? ['-e', '-o', 'pipefail'] : [];
  const env = {
    ...process.env,
    MENWEI_LAB: `lessons-${process.pid}`,
    PATH: `${REPOSITORY}/bin:${process.env.PATH}:/usr/sbin:/sbin`,
  };
  return new Promise((resolve) => {
    execFile(
      'bash',
      [...options, '-c', `exec 2>&1\n${commands}`],
      { cwd: REPOSITORY, env },
      (error, stdout) => {
        resolve({ status: error === null ? 0 : Number(error.code ?? 1), output: stdout });
      },
    );
  });
}
