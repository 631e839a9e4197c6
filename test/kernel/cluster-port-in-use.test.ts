import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';

const MENWEI = join(import.meta.dirname, '../../bin/menwei');

/** A machine with an address, and another program on the port of the API server. */
const SCRIPT = `
ip link set lo up
ip link add menwei0 type veth peer name menwei1
ip address add 192.0.2.1/24 dev menwei0
ip link set menwei1 up
ip link set menwei0 up
ip route add default dev menwei0
"$1" -e "require('net').createServer().listen(6443, '127.0.0.1', () => console.log('taken'))" >"$2/taken" &
until [ -s "$2/taken" ]; do sleep 0.05; done
"$0" cluster up --data "$2/data" --proxy nftables 2>&1
echo "status $?"
nft list tables
kill $!
`;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'menwei-taken-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('a cluster that can’t serve leaves the rules of the machine alone', { timeout: 30_000 }, () => {
  const args = ['--net', 'sh', '-c', SCRIPT, MENWEI, process.execPath, folder];
  const output = execFileSync('unshare', args, { encoding: 'utf8' });
  const told = output.split('\n').filter((line) => !/ [IW] /.test(line));
  expect(told).toEqual([
    "menwei: API server can't listen on 127.0.0.1:6443: listen EADDRINUSE: address already in use 127.0.0.1:6443",
    'status 1',
    '',
  ]);
});
