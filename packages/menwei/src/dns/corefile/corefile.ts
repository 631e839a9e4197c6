/** A Corefile's usual lines → options (dns § 8). What is not supported is refused by its name, with the line. */
import { parseBlocks, type ServerBlock } from './block.ts';
import { Findings } from './findings.ts';
import { putTogether } from './forwards.ts';
import type { CorefileOptions } from './options.ts';
import { ReadPlugins } from './plugins.ts';
import { readKeys } from './server-key.ts';

/** The options; texts: what is wrong, each in one line that names file and line. */
export function parseCorefile(text: string, path: string): CorefileOptions | readonly string[] {
  const { blocks, problems } = parseBlocks(text);
  const found = new Findings();
  found.problems.push(...problems);
  if (blocks.length === 0) found.problems.push({ line: 1, message: 'there is no server block' });
  const options = readBlocks(found, blocks);
  if (found.problems.length === 0) return options;
  return found.problems
    .toSorted((left, right) => left.line - right.line)
    .map(({ line, message }) => `${path}:${line}: ${message}`);
}

const DNS_PORT = 53;

function readBlocks(found: Findings, blocks: readonly ServerBlock[]): CorefileOptions {
  const plugins = new ReadPlugins(found);
  const lines = new Map<string, number>();
  const ports = new Set<number>();
  for (const block of blocks) {
    const keys = readKeys(found, block);
    for (const { zone, port } of keys) {
      const at = { line: block.line, name: zone === '' ? '.' : zone };
      const other = lines.get(zone);
      if (other !== undefined) found.complain(at, `line ${other} has a server block for it already`);
      lines.set(zone, block.line);
      ports.add(port);
      if (ports.size > 1) found.complain(at, 'all server blocks must have the same port');
    }
    for (const directive of block.body) {
      plugins.read(
        directive,
        keys.map(({ zone }) => zone),
      );
    }
  }
  const { forwards, ...rest } = plugins.finish();
  const [port = DNS_PORT] = ports;
  return { port, ...rest, ...putTogether(found, forwards, lines.keys()), notes: found.notes };
}
