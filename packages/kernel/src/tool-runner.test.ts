import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execPath } from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { startToolRunner, type ToolRun, type ToolRunner } from './tool-runner.ts';

function* megabytes(count: number): Generator<string> {
  for (let index = 0; index < count; index++) yield 'x'.repeat(2 ** 20);
}

describe('ToolRunner', () => {
  let runner: ToolRunner;
  beforeAll(() => {
    runner = startToolRunner();
  });
  afterAll(() => runner.close());

  it.each<[string, ToolRun, { status: number; stdout?: string; stderr?: string }]>([
    ['success', { file: 'true', args: [] }, { status: 0 }],
    ['the exit status', { file: 'sh', args: ['-c', 'exit 3'] }, { status: 3 }],
    [
      'both outputs',
      { file: 'sh', args: ['-c', 'echo out; echo err >&2'] },
      { status: 0, stdout: 'out\n', stderr: 'err\n' },
    ],
    ['128 + the signal that ended it', { file: 'sh', args: ['-c', 'kill -KILL $$'] }, { status: 137 }],
    [
      'arguments as they are, through no shell',
      { file: 'printf', args: ['%s', '$HOME; `id` *'] },
      { status: 0, stdout: '$HOME; `id` *' },
    ],
    [
      'what was read',
      { file: 'cat', args: [], input: ['one\n', 'zwei ü\n'] },
      { status: 0, stdout: 'one\nzwei ü\n' },
    ],
    ['an empty standard input', { file: 'cat', args: [] }, { status: 0 }],
    ['messages in English', { file: 'sh', args: ['-c', 'echo $LC_ALL'] }, { status: 0, stdout: 'C\n' }],
  ])('gives %s', async (_what, run, result) => {
    expect(await runner.run(run)).toEqual({ stdout: '', stderr: '', ...result });
  });

  it('takes 20 MB, and gives them piece by piece', async () => {
    let length = 0;
    const onOutput = (chunk: Uint8Array) => {
      length += chunk.length;
    };
    const result = await runner.run({ file: 'cat', args: [], input: megabytes(20), onOutput });
    expect({ ...result, length }).toEqual({ status: 0, stdout: '', stderr: '', length: 20 * 2 ** 20 });
  });

  it('keeps several runs apart', async () => {
    const runs = ['a', 'b', 'c', 'd'].map((text) =>
      runner.run({ file: 'cat', args: [], input: [text, text] }),
    );
    expect((await Promise.all(runs)).map(({ stdout }) => stdout)).toEqual(['aa', 'bb', 'cc', 'dd']);
  });

  it('asks for the next piece only when the last one was taken', async () => {
    let given = 0;
    function* counted(): Generator<string> {
      for (const piece of megabytes(1000)) {
        given++;
        yield piece;
      }
    }
    const stop = new AbortController();
    const run = runner.run({ file: 'sleep', args: ['60'], input: counted(), signal: stop.signal });
    await sleep(300);
    stop.abort();
    await expect(run).rejects.toThrow('aborted');
    expect(given).toBeLessThan(5);
  });

  it('does not hang on a tool that leaves its input unread', async () => {
    expect(await runner.run({ file: 'false', args: [], input: megabytes(5) })).toEqual({
      status: 1,
      stdout: '',
      stderr: '',
    });
  });

  it('ends a tool whose input can’t be made', async () => {
    function* broken(): Generator<string> {
      yield 'some';
      throw new Error('no more input');
    }
    await expect(runner.run({ file: 'cat', args: [], input: broken() })).rejects.toThrow('no more input');
    const { status } = await runner.run({ file: 'sh', args: ['-c', 'sleep 0.2; pgrep -P $PPID -x cat'] });
    expect(status).toBe(1);
  });

  it('ends a tool that prints without an end', async () => {
    await expect(runner.run({ file: 'yes', args: [] })).rejects.toThrow('printed too much');
  });

  it('ends a tool whose output can’t be taken', async () => {
    const onOutput = () => {
      throw new Error('not like this');
    };
    await expect(runner.run({ file: 'yes', args: [], onOutput })).rejects.toThrow('not like this');
  });

  it('keeps the beginning of what a tool complains about', async () => {
    const script = 'yes "no such thing" | head -c 30000000 >&2; exit 1';
    const { status, stderr } = await runner.run({ file: 'sh', args: ['-c', script] });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^no such thing\n/);
    expect(stderr.length).toBeLessThan(5_000);
    expect(stderr).toMatch(/…$/);
  });

  it('names the program that is missing', async () => {
    await expect(runner.run({ file: 'no-such-tool', args: [] })).rejects.toThrow('no-such-tool');
    await expect(runner.run({ file: 'no-such-tool', args: [], input: megabytes(2) })).rejects.toThrow(
      'no-such-tool',
    );
  });

  it('ends a tool when the signal fires', async () => {
    const stop = new AbortController();
    const startedMs = performance.now();
    const run = runner.run({ file: 'sleep', args: ['60'], signal: stop.signal });
    setTimeout(() => stop.abort(new Error('enough')), 50);
    await expect(run).rejects.toThrow('enough');
    expect(performance.now() - startedMs).toBeLessThan(5_000);
  });

  it('ends a tool that hangs, with all that it started, and says after how long', async () => {
    const hanging = { file: 'sh', args: ['-c', 'sleep 61.25 & sleep 61.25; true'] };
    await expect(runner.run({ ...hanging, limitMs: 300 })).rejects.toThrow(
      'did not end within 0.3 s and was killed',
    );
    const { stdout } = await runner.run({ file: 'pgrep', args: ['-fx', 'sleep 61.25'] });
    expect(stdout).toBe('');
  });

  it('goes on with others while one hangs', async () => {
    const hung = runner.run({ file: 'sleep', args: ['60'], limitMs: 500 });
    const ended = hung.catch(() => 'hung');
    const first = Promise.race([runner.run({ file: 'true', args: [] }), ended]);
    expect(await first).toMatchObject({ status: 0 });
    await expect(hung).rejects.toThrow('did not end');
  });

  it.each([
    ['takes', 'cat >/dev/null; sleep 0.6', megabytes(2)],
    ['gives', 'head -c 2000000 /dev/zero; sleep 0.6', []],
  ])('gives more time to a tool that %s much', async (_what, script, input) => {
    const { status } = await runner.run({ file: 'sh', args: ['-c', script], input, limitMs: 500 });
    expect(status).toBe(0);
  });

  it('starts nothing for a signal that has fired', async () => {
    await expect(
      runner.run({ file: 'true', args: [], signal: AbortSignal.abort(new Error('over')) }),
    ).rejects.toThrow('over');
  });

  it.each([':/usr/bin:/bin', '.:/usr/bin:/bin'])(
    'runs nothing of the working directory with PATH %j',
    async (path) => {
      const [former, folder] = [process.cwd(), mkdtempSync(join(tmpdir(), 'menwei-tools-'))];
      writeFileSync(join(folder, 'printf'), '#!/bin/sh\necho of the working directory\n', { mode: 0o755 });
      process.chdir(folder);
      vi.stubEnv('PATH', path);
      try {
        const asks = [
          runner.run({ file: 'printf', args: ['installed'] }),
          runner.run({ file: 'env', args: ['printf', 'installed'] }),
        ];
        for (const { stdout } of await Promise.all(asks)) expect(stdout).toBe('installed');
      } finally {
        vi.unstubAllEnvs();
        process.chdir(former);
        rmSync(folder, { recursive: true });
      }
    },
  );

  it('runs what only root needs without a PATH', async () => {
    vi.stubEnv('PATH', undefined);
    try {
      expect(await runner.run({ file: 'chroot', args: ['--version'] })).toMatchObject({ status: 0 });
    } finally {
      vi.unstubAllEnvs();
    }
  });

  it('gives a tool the signals of a fresh process', async () => {
    const { stdout } = await runner.run({ file: 'grep', args: ['-E', '^Sig(Blk|Ign)', '/proc/self/status'] });
    expect(stdout.replaceAll(/\s+/g, ' ')).toBe('SigBlk: 0000000000000000 SigIgn: 0000000000000000 ');
  });

  it('leaves no descriptor and no process behind, whether a tool starts or not', async () => {
    const before = readdirSync('/proc/self/fd').length;
    for (let round = 0; round < 20; round++) {
      await runner.run({ file: 'true', args: [] });
      await runner.run({ file: '/etc/passwd', args: [] }).catch(() => undefined);
      await runner.run({ file: 'sleep', args: ['9'], signal: AbortSignal.timeout(1) }).catch(() => undefined);
    }
    await expect.poll(() => readdirSync('/proc/self/fd').length).toBeLessThanOrEqual(before);
    const { stdout } = await runner.run({
      file: 'pgrep',
      args: ['-P', String(process.pid), '-x', 'true|sleep'],
    });
    expect(stdout).toBe('');
  });

  it('waits for a tool that says nothing any more', async () => {
    const script = 'exec >&- 2>&-; sleep 0.1; exit 7';
    expect(await runner.run({ file: 'sh', args: ['-c', script] })).toMatchObject({ status: 7 });
  });
});

it('a tool ends with the process that started it, however that ends', async () => {
  const script = `
    import { startToolRunner } from ${JSON.stringify(new URL('./tool-runner.ts', import.meta.url).href)};
    startToolRunner().run({ file: 'sleep', args: ['63.25'] });
  `;
  const parent = spawn(execPath, ['--input-type=module', '-e', script]);
  const left = () => spawnSync('pgrep', ['-fx', 'sleep 63.25'], { encoding: 'utf8' }).stdout;
  await expect.poll(left).not.toBe('');
  parent.kill('SIGKILL');
  await expect.poll(left).toBe('');
});

describe('a closed ToolRunner', () => {
  it('runs nothing any more', async () => {
    const runner = startToolRunner();
    runner.close();
    await expect(runner.run({ file: 'true', args: [] })).rejects.toThrow('true: the tool runner is closed');
  });

  it('fails what is on', async () => {
    const runner = startToolRunner();
    const run = runner.run({ file: 'sleep', args: ['60'] });
    await runner.run({ file: 'true', args: [] });
    runner.close();
    await expect(run).rejects.toThrow('sleep: the tool runner is closed');
  });

  it('leaves no tool behind', async () => {
    const runner = startToolRunner();
    const run = runner.run({ file: 'sh', args: ['-c', 'sleep 62.25 & sleep 62.25'] }).catch(() => undefined);
    await runner.run({ file: 'sleep', args: ['0.2'] });
    runner.close();
    await run;
    const left = () => spawnSync('pgrep', ['-fx', 'sleep 62.25'], { encoding: 'utf8' }).stdout;
    await expect.poll(left).toBe('');
  });
});

describe('beside a setpriv that hangs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'menwei-tools-'));
  const pathBefore = process.env.PATH;
  beforeAll(() => {
    writeFileSync(join(folder, 'setpriv'), '#!/bin/sh\nsleep 1000\n', { mode: 0o755 });
    process.env.PATH = `${folder}:${pathBefore}`;
  });
  afterAll(() => {
    process.env.PATH = pathBefore;
    rmSync(folder, { recursive: true });
  });

  it('a run ends with its signal, or with the runner', async () => {
    const runner = startToolRunner();
    const abort = new AbortController();
    const aborted = runner.run({ file: 'true', args: [], signal: abort.signal });
    const open = runner.run({ file: 'true', args: [] });
    abort.abort(new Error('told to end'));
    await expect(aborted).rejects.toThrow('told to end');
    runner.close();
    await expect(open).rejects.toThrow('the tool runner is closed');
  });
});
