/** The script that `menwei render --mode nftables` prints gives the table that netlink makes, as nft sees it. */
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { fillPlan, install } from '@menwei/testing/backends/laws.ts';
import { openBackend } from '@menwei/testing/backends/nftables/laws.ts';
import type { World } from '@menwei/testing/services/arbitraries.ts';
import type { NftablesOptions } from 'menwei/backends/nftables/options.ts';
import { describe, expect, it } from 'vitest';
import { openEmptyNfTables } from './nf-tables-kernel.ts';
import { everyFeature, NODES } from './nftables-case.ts';
import { listObjects, nft } from './nftables-listing.ts';
import { LAUNCHER } from './run-process.ts';

const signal = new AbortController().signal;
const OBJECTS = fileURLToPath(new URL('../data/reference-case/objects.yaml', import.meta.url));
type Options = Pick<NftablesOptions, 'masqueradeAll'>;

function tableOf(family: IpFamily): readonly string[] {
  return ['table', family === 'IPv4' ? 'ip' : 'ip6', 'menwei'];
}

/** The table as nft prints it. */
function listText(family: IpFamily): string {
  return nft(['list', ...tableOf(family)]);
}

function render(family: IpFamily, world: World, options: Options): string {
  const backend = openBackend(openEmptyNfTables(), family, options);
  return backend.format(backend.diff(backend.nothing(), fillPlan(backend, world).complete()));
}

/** What nft says of the table that netlink makes. */
async function listInstalled(
  family: IpFamily,
  world: World,
  options: Options,
): Promise<{ readonly objects: readonly string[]; readonly text: string }> {
  const backend = openBackend(openEmptyNfTables(), family, options);
  await install(backend, fillPlan(backend, world));
  return { objects: listObjects(...tableOf(family)), text: listText(family) };
}

/** Loads the script into an empty kernel, and returns what would still have to change, as text. */
async function remainderAfter(
  script: string,
  family: IpFamily,
  world: World,
  options: Options,
): Promise<string> {
  const backend = openBackend(openEmptyNfTables(), family, options);
  nft(['-f', '-'], script);
  const observed = await backend.observe(signal);
  return backend.format(backend.diff(observed, fillPlan(backend, world).complete()));
}

const CASES = IP_FAMILIES.flatMap((family) =>
  NODES.map(({ title, view }) => ({
    family,
    title,
    node: view(family),
    masqueradeAll: title.includes('bridge'),
  })),
);

describe.each(CASES)('$family, $title', ({ family, node, masqueradeAll }) => {
  const options = { masqueradeAll };
  const world = everyFeature(family, node, family === 'IPv4');

  it('the script gives what netlink made', async () => {
    const script = render(family, world, options);
    const { objects, text } = await listInstalled(family, world, options);
    expect(await remainderAfter(script, family, world, options)).toBe('');
    expect(listObjects(...tableOf(family))).toEqual(objects);
    expect(listText(family)).toBe(text);
  });

  it('what nft prints of it can be loaded again', async () => {
    const { objects, text } = await listInstalled(family, world, options);
    const table = tableOf(family).join(' ');
    const script = `add ${table}\ndelete ${table}\n${text}`;
    expect(await remainderAfter(script, family, world, options)).toBe('');
    expect(listObjects(...tableOf(family))).toEqual(objects);
    expect(listText(family)).toBe(text);
  });
});

/** nft 1.0.6 aborts when it reads a rule that puts an IPv6 address and more into a map; it prints them well. */
function isBeyondNft(line: string): boolean {
  return line.includes(' update @');
}

function withoutBeyond(text: string): string {
  return text
    .split('\n')
    .filter((line) => !isBeyondNft(line))
    .join('\n');
}

describe('IPv6 with session affinity', () => {
  const family = 'IPv6';
  const options = { masqueradeAll: false };
  const world = everyFeature(family, {});

  it.each(['script', 'listing'] as const)(
    'the %s gives what netlink made, but for some rules',
    async (what) => {
      const rendered = render(family, world, options);
      const { text } = await listInstalled(family, world, options);
      const beyond = rendered.split('\n').filter(isBeyondNft);
      const script = withoutBeyond(what === 'script' ? rendered : text);
      const remainder = (await remainderAfter(script, family, world, options)).split('\n');
      expect(remainder.filter((line) => line.startsWith('add rule ')).sort()).toEqual(beyond.sort());
      const chains = remainder.filter((line) => !line.startsWith('add rule '));
      expect(chains.filter((line) => !/^(flush chain ip6 menwei [a-z-]*remember-.*)?$/.test(line))).toEqual(
        [],
      );
      expect(listText(family)).toBe(withoutBeyond(text));
    },
  );
});

describe('the commands', () => {
  /** Runs menwei for the reference case. */
  function menwei(...args: readonly string[]) {
    const common = ['--cluster-cidr', '10.244.0.0/16'];
    return spawnSync(LAUNCHER, [...args, ...common], { encoding: 'utf8' });
  }

  it('menwei diff finds nothing to change where nft has loaded what menwei render printed', () => {
    openEmptyNfTables();
    // The Node object says that this machine has it.
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    execFileSync('ip', ['addr', 'add', '192.168.49.2/32', 'dev', 'lo']);
    for (const family of IP_FAMILIES) {
      const rendering = ['render', '-f', OBJECTS, '--mode', 'nftables', '--node', 'minikube'];
      const { stdout, stderr, status } = menwei(...rendering, '--family', family);
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      nft(['-f', '-'], stdout);
    }
    const comparing = ['diff', '--manifests', OBJECTS, '--proxy-mode', 'nftables'];
    const { stdout, status } = menwei(...comparing, '--hostname-override', 'minikube');
    expect({ status, stdout }).toEqual({ status: 0, stdout: '' });
  });
});
