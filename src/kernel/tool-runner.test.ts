import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startToolRunner, type ToolRunner } from './tool-runner.ts';

describe('ToolRunner', () => {
  let runner: ToolRunner;
  beforeAll(() => {
    runner = startToolRunner();
  });
  afterAll(() => runner.close());

  it.each([
    ['cat', [], ['two\n', 'lines\n'], { status: 0, stdout: 'two\nlines\n', stderr: '' }],
    ['sh', ['-c', 'echo no >&2; exit 3'], [], { status: 3, stdout: '', stderr: 'no\n' }],
    ['sh', ['-c', 'kill -TERM $$'], [], { status: 143, stdout: '', stderr: '' }],
    // Never a shell's business.
    ['echo', ['$HOME;', '`id`'], [], { status: 0, stdout: '$HOME; `id`\n', stderr: '' }],
    // A tool that doesn't read what it is given.
    ['true', [], ['x'.repeat(1 << 20)], { status: 0, stdout: '', stderr: '' }],
  ])('%s %j', async (file, args, input, result) => {
    expect(await runner.run({ file, args, input })).toEqual(result);
  });

  it('says that there is no such tool', async () => {
    await expect(runner.run({ file: 'no-such-tool', args: [] })).rejects.toThrow(/ENOENT/);
  });

  it('ends a tool when the signal fires', async () => {
    const stop = new AbortController();
    const run = runner.run({ file: 'sleep', args: ['60'], signal: stop.signal });
    stop.abort();
    await expect(run).rejects.toThrow(/abort/);
  });

  it('leaves without a word when its owner closes it in the middle of a run', async () => {
    const module = JSON.stringify(fileURLToPath(new URL('tool-runner.ts', import.meta.url)));
    // Many small pieces on their way.
    const script = `
      const { startToolRunner } = await import(${module});
      const runner = startToolRunner();
      const run = { file: 'dd', args: ['if=/dev/zero', 'bs=10', 'count=20000', 'status=none'] };
      const onOutput = () => runner.close();
      Promise.allSettled(Array.from({ length: 8 }, () => runner.run({ ...run, onOutput })));
    `;
    const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    // Ends when the helper, which has the same standard error, has ended too.
    let complaints = '';
    for await (const text of owner.stderr.setEncoding('utf8')) complaints += text;
    expect(complaints).toBe('');
  });
});
