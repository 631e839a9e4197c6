import { mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { LogFields } from '../../log/logger.ts';
import { silentLogger } from '../../log/logger.ts';
import { followResolvConf, readResolvConf, refuseOurselves } from './resolv-conf-follower.ts';
import { formatUpstream, type UpstreamAddress } from './upstream-address.ts';

let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'menwei-resolv-'));
  path = join(folder, 'resolv.conf');
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const own = [{ ip: '0.0.0.0', port: 53 }];

async function read(text: string): Promise<string> {
  await writeFile(path, text);
  const read = await readResolvConf({ path, own });
  if (typeof read === 'string') return read.replace(folder, '');
  return [
    ...read.upstreams.map(formatUpstream),
    ...read.problems.map((problem) => problem.replace(folder, '')),
  ].join(' ');
}

it('reads name servers, and says in one line what is wrong', async () => {
  expect(await read('nameserver 198.51.100.5\nnameserver 198.51.100.6\n')).toBe(
    '198.51.100.5:53 198.51.100.6:53',
  );
  expect(await read('nameserver 198.51.100.5\nnameserver x\n')).toBe(
    '198.51.100.5:53 /resolv.conf: line 2: nameserver "x" is not an IP address, with or without a port',
  );
  expect(await read('search example.org\n')).toBe('/resolv.conf: there is no line "nameserver ADDRESS"');
  expect(await read('nameserver x\n')).toBe(
    '/resolv.conf: line 1: nameserver "x" is not an IP address, with or without a port',
  );
  expect(await read('nameserver 127.0.0.53\n')).toBe(
    '/resolv.conf: upstream 127.0.0.53:53 is this DNS server itself: questions would go round for ever',
  );
  await rm(path);
  expect(await readResolvConf({ path, own })).toContain(`${path}: ENOENT`);
  expect(refuseOurselves([{ ip: '127.0.0.53', port: 5353 }], own)).toBeUndefined();
});

it('follows the file: a link that turns elsewhere, a file that can not be used and is said once', async () => {
  const first = join(folder, 'first');
  await writeFile(first, 'nameserver 198.51.100.1\n');
  await symlink(first, path);
  const taken: string[] = [];
  const said: string[] = [];
  const take = (upstreams: readonly UpstreamAddress[]) => taken.push(upstreams.map(formatUpstream).join(' '));
  const say = (fields: LogFields, message: string) => said.push(`${message}: ${String(fields.err ?? '')}`);
  const logger = { ...silentLogger, error: say, info: say };
  const stop = new AbortController();
  const following = followResolvConf(
    { path, own, lookMs: 5 },
    [{ ip: '198.51.100.1', port: 53 }],
    take,
    logger,
    stop.signal,
  );
  await writeFile(join(folder, 'second'), 'nameserver 198.51.100.2\n');
  await symlink(join(folder, 'second'), join(folder, 'link'));
  await rename(join(folder, 'link'), path);
  await expect.poll(() => taken).toEqual(['198.51.100.2:53']);
  await rm(join(folder, 'second'));
  await expect.poll(() => said).toHaveLength(2);
  await writeFile(join(folder, 'second'), 'nameserver 198.51.100.3\n');
  await expect.poll(() => taken).toEqual(['198.51.100.2:53', '198.51.100.3:53']);
  expect(said[1]).toContain(`resolv.conf has errors: ${path}: ENOENT`);
  expect(said).toHaveLength(3);
  stop.abort();
  await following;
});
