import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

describe('bin/menwei', () => {
  it('starts from any folder, by any name and with an empty PATH', () => {
    const folder = mkdtempSync(join(tmpdir(), 'menwei-bin-'));
    const launcher = fileURLToPath(new URL('../../../../bin/menwei', import.meta.url));
    symlinkSync(launcher, join(folder, 'link'));
    for (const [file, args, PATH] of [
      [launcher, [], folder],
      [join(folder, 'link'), [], process.env.PATH],
      ['/bin/sh', ['menwei'], process.env.PATH],
    ] as const) {
      const cwd = args.length === 0 ? folder : fileURLToPath(new URL('../../../../bin', import.meta.url));
      const { stdout, stderr } = spawnSync(file, [...args, '--version'], {
        cwd,
        env: { PATH },
        encoding: 'utf8',
      });
      expect([stdout, stderr]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+\n$/), '']);
    }
    rmSync(folder, { recursive: true });
  });

  it('takes kube-proxy’s command line under its name, also by a link of any name', () => {
    const folder = mkdtempSync(join(tmpdir(), 'menwei-bin-'));
    const launcher = fileURLToPath(new URL('../../../../bin/kube-proxy', import.meta.url));
    symlinkSync(launcher, join(folder, 'link'));
    for (const file of [launcher, join(folder, 'link')]) {
      const { stdout, stderr } = spawnSync(file, ['--version'], { encoding: 'utf8' });
      expect([stdout, stderr]).toEqual([
        expect.stringMatching(/^Kubernetes v\d+\.\d+\.\d+\+menwei\.\S+\n$/),
        '',
      ]);
    }
    rmSync(folder, { recursive: true });
  });

  it('keeps what Node remarks about new features to itself', () => {
    const folder = mkdtempSync(join(tmpdir(), 'menwei-bin-'));
    const remark = join(folder, 'remark.cjs');
    writeFileSync(remark, "process.emitWarning('new', 'ExperimentalWarning');");
    const launcher = fileURLToPath(new URL('../../../../bin/menwei', import.meta.url));
    const env = { PATH: process.env.PATH, NODE_OPTIONS: `--require=${remark}` };
    const { stdout, stderr } = spawnSync(launcher, ['--version'], { env, encoding: 'utf8' });
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+\n$/), '']);
    rmSync(folder, { recursive: true });
  });

  it('opens no port for debuggers when somebody sends SIGUSR1', () => {
    const folder = mkdtempSync(join(tmpdir(), 'menwei-bin-'));
    const signal = join(folder, 'signal.cjs');
    const pause = 'Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)';
    writeFileSync(signal, `process.kill(process.pid, 'SIGUSR1'); ${pause};`);
    const launcher = fileURLToPath(new URL('../../../../bin/menwei', import.meta.url));
    const env = { PATH: process.env.PATH, NODE_OPTIONS: `--require=${signal}` };
    const { stdout, stderr } = spawnSync(launcher, ['--version'], { env, encoding: 'utf8' });
    expect([stdout, stderr]).toEqual([expect.stringMatching(/^\d+\.\d+\.\d+\n$/), '']);
    rmSync(folder, { recursive: true });
  });
});
