/**
 * The same rules through `nft -f`, beside what bench/sync.ts measures: how long the tool takes for all of them, and for
 * the change of one endpoint. It runs in a network namespace of its own.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createNamespace, type NetworkNamespace } from '@menwei/kernel/netns.ts';
import { startToolRunner, type ToolRunner } from '@menwei/kernel/tool-runner.ts';
import type { AnyBackend } from 'menwei/backends/backend.ts';
import { dryRun } from 'menwei/proxy/dry-run.ts';
import { median, round } from './figures.ts';
import { progress } from './options.ts';
import { createProxy } from './proxy.ts';
import { endpointChanged, fill, type Size } from './workload.ts';

const CHANGES = 20;

/** Nothing for a mode whose rules nft does not understand, or without nft. */
export async function measureNft(
  backend: AnyBackend,
  size: Size,
  signal: AbortSignal,
): Promise<Record<string, number>> {
  if (backend.mode !== 'nftables') return {};
  progress('the same rules through nft …');
  const { first, changes } = await writeScripts(backend, size, signal);
  using namespace = createNamespace();
  const runner = startToolRunner();
  const folder = mkdtempSync(join(tmpdir(), 'menwei-bench-'));
  try {
    const script = join(folder, 'first.nft');
    writeFileSync(script, first);
    const firstMs = await load(runner, namespace, ['-f', script]);
    const changesMs: number[] = [];
    for (const change of changes) changesMs.push(await load(runner, namespace, ['-f', '-'], change));
    return {
      nftFirstMs: round(firstMs),
      nftFirstBytes: Buffer.byteLength(first),
      nftChangeP50Ms: round(median(changesMs)),
      nftChangeBytes: Buffer.byteLength(changes[0] ?? ''),
    };
  } catch (error) {
    progress(`no figures of nft: ${error instanceof Error ? error.message : error}`);
    return {};
  } finally {
    runner.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** What a proxy would have to tell a kernel that knows nothing, and then for one change after the other. */
async function writeScripts(
  backend: AnyBackend,
  size: Size,
  signal: AbortSignal,
): Promise<{ readonly first: string; readonly changes: readonly string[] }> {
  const scripts: string[] = [];
  const proxy = createProxy({
    ...dryRun(backend, (script) => scripts.push(script)),
    observe: async () => backend.nothing(),
  });
  fill(proxy.state.objects, size);
  await proxy.sync(signal);
  for (let index = 0; index < Math.min(CHANGES, size.services); index++) {
    endpointChanged(index, size)(proxy.state.objects);
    await proxy.sync(signal);
  }
  const [first = '', ...changes] = scripts;
  return { first, changes };
}

/** Milliseconds. */
async function load(
  runner: ToolRunner,
  { path }: NetworkNamespace,
  args: readonly string[],
  input = '',
): Promise<number> {
  const startedMs = performance.now();
  const { status, stderr } = await runner.run({
    file: 'nsenter',
    args: [`--net=${path}`, 'nft', ...args],
    input: [input],
  });
  const tookMs = performance.now() - startedMs;
  if (status !== 0) throw new Error(`nft ${args.join(' ')}: ${stderr.trim().split('\n', 3).join(' | ')}`);
  return tookMs;
}
