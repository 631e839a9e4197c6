/** A table of iptables-nft in which somebody uses nft directly can't be read by the tools: that is not an empty one. */
import { execFileSync, spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServicePortStatus } from 'menwei/state/service-port-status.ts';
import { beforeEach, expect, it } from 'vitest';
import { describeVariants } from './iptables-variants.ts';
import { testFolder, WEB } from './run-cluster.ts';
import { LAUNCHER, observeStatus, RunProcess } from './run-process.ts';

const folder = testFolder();

const manifest = folder.write('web.yaml', WEB);
const FLAGS = [
  ...['--manifests', manifest],
  ...['--hostname-override', 'node-a'],
  ...['--iptables-min-sync-period', '0s'],
  ...['--iptables-sync-period', '1s'],
];
const PROGRAMMED = ['default/web/TCP IPv4 programmed'];
const UNREADABLE = /iptables save nat: .*Table `nat' is incompatible, use 'nft' tool\./;
const patience = { timeout: 20_000, interval: 50 };

function nft(...words: string[]): string {
  return execFileSync('nft', ['-s', ...words], { encoding: 'utf8', stdio: 'pipe' });
}

/** What the tools can't read, nft can. */
function jumps(): readonly string[] {
  const lines = nft('list', 'ruleset', 'ip').split('\n');
  // The kubelet uses that one, too.
  return lines.filter((line) => / jump KUBE-/.test(line) && !line.endsWith(' KUBE-FIREWALL'));
}

function useNftDirectly(): () => void {
  nft('add', 'table', 'ip', 'nat');
  nft('add chain ip nat POSTROUTING { type nat hook postrouting priority 100 ; }');
  nft('add', 'rule', 'ip', 'nat', 'POSTROUTING', 'oifname', 'wan0', 'masquerade');
  const { 1: handle = '' } = /masquerade # handle (\d+)/.exec(nft('-a', 'list', 'table', 'ip', 'nat')) ?? [];
  return () => nft('delete', 'rule', 'ip', 'nat', 'POSTROUTING', 'handle', handle);
}

async function errors(): Promise<readonly (string | undefined)[]> {
  const response = await fetch('http://127.0.0.1:10249/status');
  const statuses: readonly ServicePortStatus[] = JSON.parse(await response.text());
  return statuses.map(({ error }) => error);
}

function menwei(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(LAUNCHER, args, { encoding: 'utf8' });
  return { status, stdout, stderr };
}

describeVariants((_variant, openKernel) => {
  beforeEach(async () => {
    nft('flush', 'ruleset');
    await openKernel('IPv4');
    await openKernel('IPv6');
  });

  it('is an error in the tool’s own words at the start, adds nothing, and passes by itself', async () => {
    const stop = useNftDirectly();
    await using run = RunProcess.start(FLAGS);
    await expect.poll(() => errors().catch(() => []), patience).toEqual([expect.stringMatching(UNREADABLE)]);
    expect(jumps()).toEqual([]);
    expect(run.log().join('\n')).not.toMatch(/no nat table/);
    stop();
    await expect.poll(() => observeStatus().catch(() => []), patience).toEqual(PROGRAMMED);
  });

  it('lets a running proxy neither add its jumps again nor believe that they were removed', async () => {
    await using run = RunProcess.start(FLAGS);
    await expect.poll(() => observeStatus().catch(() => []), patience).toEqual(PROGRAMMED);
    const before = jumps();
    const stop = useNftDirectly();
    await sleep(4_000);
    expect(jumps()).toEqual(before);
    expect(run.log('W').join('\n')).not.toMatch(/resyncing/);
    expect(await observeStatus()).toEqual(PROGRAMMED);

    // What is damaged meanwhile is found, and mended as soon as it can be seen.
    nft('flush', 'chain', 'ip', 'filter', 'FORWARD');
    await expect.poll(() => run.log('E').join('\n'), patience).toMatch(UNREADABLE);
    expect(jumps()).not.toEqual(before);
    stop();
    await expect.poll(jumps, patience).toEqual(before);
    expect(await observeStatus()).toEqual(PROGRAMMED);
  });

  it('makes diff and cleanup fail until it can be read', async () => {
    {
      await using run = RunProcess.start(FLAGS);
      await expect.poll(() => observeStatus().catch(() => []), patience).toEqual(PROGRAMMED);
      await run.end('SIGTERM');
    }
    const before = jumps();
    const stop = useNftDirectly();
    expect(menwei('diff', ...FLAGS)).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringMatching(UNREADABLE),
    });
    expect(menwei('cleanup')).toMatchObject({ status: 1, stderr: expect.stringMatching(UNREADABLE) });
    expect(jumps()).toEqual(before);
    stop();
    expect(menwei('cleanup')).toMatchObject({ status: 0, stdout: expect.stringMatching(/^IPv4: removed /) });
    expect(jumps()).toEqual([]);
  });
}, 'nf_tables');
