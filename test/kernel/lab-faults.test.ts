/** The commands of `menwei lab` that have something happen to a node. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LAUNCHER } from './run-process.ts';

const folder = mkdtempSync(join(tmpdir(), 'menwei-lab-faults-'));
const file = join(folder, 'lab.yaml');
writeFileSync(
  file,
  `nodes: [{name: node-a, ip: 192.168.49.2, podCIDR: 10.244.0.0/24}]
client: {ip: 192.168.49.100}
`,
);

function lab(...args: readonly string[]): string {
  const { stdout, stderr } = spawnSync(LAUNCHER, ['lab', ...args], {
    encoding: 'utf8',
    cwd: '/',
    env: { ...process.env, MENWEI_LAB: `faults-${process.pid}` },
  });
  return stdout + stderr;
}

/** From the client, by ARP. */
function isReached(): boolean {
  return lab('run', 'client', '--', 'arping', '-c', '1', '-w', '0.3', '-i', 'eth0', '192.168.49.2').includes(
    ' 0% unanswered',
  );
}

beforeAll(() => {
  expect(lab('up', '-f', file, '--proxy-mode', 'nftables')).toMatch(/node-a .* 3 service ports programmed/);
});
afterAll(() => {
  lab('down');
  rmSync(folder, { recursive: true });
});

it('a proxy is paused, killed and started again', () => {
  expect(lab('pause', 'node-a')).toMatch(/^node-a: proxy stopped/);
  expect(lab('resume', 'node-a')).toMatch(/^node-a: proxy continued/);
  expect(lab('kill', 'node-a')).toMatch(/^node-a: proxy killed/);
  expect(lab('status')).toMatch(/^node-a: killed by SIGKILL/m);
  expect(lab('kill', 'node-a')).toBe(
    'menwei: lab: the proxy on node-a does not run: menwei lab restart node-a\n',
  );
  expect(lab('restart', 'node-a')).toBe('node-a: nftables, 3 service ports programmed\n');
});

it('a link is cut, seen by the node or not, and a node is off', () => {
  expect(isReached()).toBe(true);
  lab('link-down', 'node-a');
  expect(lab('run', 'node-a', '--', 'ip', '-o', 'link', 'show', 'eth0')).toMatch(/NO-CARRIER/);
  expect(isReached()).toBe(false);
  lab('link-up', 'node-a');
  expect(isReached()).toBe(true);
  lab('isolate', 'node-a');
  expect(lab('run', 'node-a', '--', 'ip', '-o', 'link', 'show', 'eth0')).toMatch(/LOWER_UP/);
  expect(isReached()).toBe(false);

  expect(lab('power-off', 'node-a')).toMatch(/^node-a: off/);
  expect(lab('status')).toMatch(/node-a .* has ended/);
  expect(lab('power-on', 'node-a')).toBe('node-a: on; nftables, 3 service ports programmed\n');
  expect(isReached()).toBe(true);
});

it('a node is drained, and stays after all', () => {
  const spec = () => lab('kubectl', 'get', 'node', 'node-a', '-o', 'jsonpath={.spec}');
  lab('drain', 'node-a');
  expect(spec()).toMatch(/"unschedulable":true/);
  expect(spec()).toMatch(/"ToBeDeletedByClusterAutoscaler"/);
  lab('uncordon', 'node-a');
  expect(spec()).toBe('{"podCIDR":"10.244.0.0/24","podCIDRs":["10.244.0.0/24"]}');
});

it('says that there is no such node', () => {
  expect(lab('drain', 'nobody')).toBe('menwei: lab: there is no host nobody, but node-a, client, wire\n');
  expect(lab('link-down', 'client')).toBe('menwei: lab: there is no node client\n');
});
