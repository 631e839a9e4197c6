/** What nft says of tables, without what is different each time. */
import { spawnSync } from 'node:child_process';
import { expect } from 'vitest';

/** nft 1.0.6 can't tell in JSON what a rule puts into a map; it prints it, though. */
const NO_JSON = 'warning: stmt ops map have no json callback';
const OF_IPTABLES = '# Warning: table ';

/** Runs nft in the namespace of the calling thread. It must have nothing to complain of. */
export function nft(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync('nft', args, { input, encoding: 'utf8', maxBuffer: 1e8 });
  const complaints = stderr.split('\n').filter((line) => {
    return line !== '' && !line.startsWith(OF_IPTABLES) && (line !== NO_JSON || !args.includes('-j'));
  });
  expect({ status, complaints }).toEqual({ status: 0, complaints: [] });
  return stdout;
}

/** A table's objects, or those of the whole ruleset, without handles; only the order of rules in their chains counts. */
export function listObjects(...what: readonly string[]): readonly string[] {
  const listing: { nftables: readonly unknown[] } = JSON.parse(nft(['-j', 'list', ...what]));
  const text = listing.nftables.map((object) => JSON.stringify(object, withoutNoise));
  const rules = text.filter((line) => line.startsWith('{"rule"'));
  const chainOf = (rule: string) => /"family":"[^"]*","table":"[^"]*","chain":"[^"]*"/.exec(rule)?.[0] ?? '';
  const byChain = Map.groupBy(rules, chainOf);
  return [
    ...text.filter((line) => !line.startsWith('{"rule"')).sort(),
    ...[...byChain.keys()].sort().flatMap((chain) => byChain.get(chain) ?? []),
  ];
}

function withoutNoise(key: string, value: unknown): unknown {
  if (key === 'handle' || key === 'metainfo' || key === 'expires') return undefined;
  if (key !== 'elem' || !Array.isArray(value)) return value;
  return value.map((element) => JSON.stringify(element, withoutNoise)).sort();
}
