import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FileNews, watchConfigFile } from './config-file-watch.ts';

/** So seldom that nothing is found by polling. */
const NEVER_MS = 3_600_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'menwei-config-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

class Watch implements AsyncDisposable {
  readonly news: FileNews[] = [];
  readonly #stop = new AbortController();
  readonly #ended: Promise<void>;

  constructor(path: string, known: string, timing: { pollMs?: number; settledMs?: number } = {}) {
    const read = async (file: string) => readFileSync(file, 'utf8');
    const options = { path, read, pollMs: NEVER_MS, settledMs: 20, ...timing };
    this.#ended = watchConfigFile(options, known, (news) => this.news.push(news), this.#stop.signal);
  }

  async texts(): Promise<readonly string[]> {
    return this.news.map((news) => ('text' in news ? news.text : `error: ${news.error}`));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#ended;
  }
}

/** A volume as the kubelet makes it: the file is a link into `..data`, which is a link to a folder. */
function publish(version: string, text: string): void {
  mkdirSync(join(folder, version));
  writeFileSync(join(folder, version, 'config.conf'), text);
  symlinkSync(version, join(folder, '..data_tmp'));
  renameSync(join(folder, '..data_tmp'), join(folder, '..data'));
}

describe('watchConfigFile', () => {
  const changes: readonly [string, (file: string) => void][] = [
    ['in place', (file) => writeFileSync(file, 'two')],
    [
      'by rename',
      (file) => {
        writeFileSync(`${file}.new`, 'two');
        renameSync(`${file}.new`, file);
      },
    ],
    [
      'by being deleted and created',
      (file) => {
        unlinkSync(file);
        writeFileSync(file, 'two');
      },
    ],
  ];
  it.each(changes)('notices a change %s, and the next one', async (_how, change) => {
    const file = join(folder, 'config.conf');
    writeFileSync(file, 'one');
    await using watch = new Watch(file, 'one');
    await new Promise((resolve) => setTimeout(resolve, 100));
    change(file);
    await expect.poll(() => watch.texts()).toEqual(['two']);
    writeFileSync(file, 'three');
    await expect.poll(() => watch.texts()).toEqual(['two', 'three']);
  });

  it('notices that a ConfigMap volume was swapped, each time', async () => {
    publish('..1', 'one');
    const file = join(folder, 'config.conf');
    symlinkSync('..data/config.conf', file);
    await using watch = new Watch(file, 'one');
    await new Promise((resolve) => setTimeout(resolve, 100));
    publish('..2', 'two');
    rmSync(join(folder, '..1'), { recursive: true });
    await expect.poll(() => watch.texts()).toEqual(['two']);
    publish('..3', 'three');
    rmSync(join(folder, '..2'), { recursive: true });
    await expect.poll(() => watch.texts()).toEqual(['two', 'three']);
  });

  it('notices what happens behind a link from elsewhere', async () => {
    const away = join(folder, 'away');
    mkdirSync(away);
    writeFileSync(join(away, 'real.conf'), 'one');
    const link = join(folder, 'config.conf');
    symlinkSync('away/real.conf', link);
    await using watch = new Watch(link, 'one');
    await new Promise((resolve) => setTimeout(resolve, 100));
    writeFileSync(join(away, 'real.conf'), 'two');
    await expect.poll(() => watch.texts()).toEqual(['two']);
  });

  it('tells of a file that is gone, and of the one that comes back', async () => {
    const file = join(folder, 'config.conf');
    writeFileSync(file, 'one');
    await using watch = new Watch(file, 'one');
    await new Promise((resolve) => setTimeout(resolve, 100));
    unlinkSync(file);
    await expect.poll(() => watch.texts()).toEqual([expect.stringMatching(/^error: ENOENT/)]);
    writeFileSync(file, 'one');
    await expect.poll(() => watch.texts()).toEqual([expect.stringMatching(/^error: ENOENT/), 'one']);
  });

  it('says nothing of a file that says what it said before', async () => {
    const file = join(folder, 'config.conf');
    writeFileSync(file, 'one');
    await using watch = new Watch(file, 'one', { pollMs: 20 });
    writeFileSync(file, 'one');
    writeFileSync(join(folder, 'other'), 'x');
    await new Promise((resolve) => setTimeout(resolve, 200));
    expect(watch.news).toEqual([]);
  });

  it('waits for a file that is written piece by piece', async () => {
    const file = join(folder, 'config.conf');
    writeFileSync(file, 'one');
    await using watch = new Watch(file, 'one', { pollMs: 20, settledMs: 1_000 });
    for (const text of ['', 'mode: ', 'mode: nft', 'mode: nftables']) {
      writeFileSync(file, text);
      await new Promise((resolve) => setTimeout(resolve, 30));
    }
    await expect.poll(() => watch.texts()).toEqual(['mode: nftables']);
  });

  it('leaves a pipe alone, at the start and when it has come in the place of the file', async () => {
    const pipe = join(folder, 'pipe');
    execFileSync('mkfifo', [pipe]);
    await using ofPipe = new Watch(pipe, 'one', { pollMs: 20 });
    const file = join(folder, 'config.conf');
    writeFileSync(file, 'one');
    await using watch = new Watch(file, 'one', { pollMs: 20 });
    await new Promise((resolve) => setTimeout(resolve, 100));
    renameSync(pipe, file);
    await expect
      .poll(() => watch.texts())
      .toEqual([expect.stringMatching(/is a pipe, socket or device now$/)]);
    expect(ofPipe.news).toEqual([]);
  });

  it('finds a change that happened before it looked', async () => {
    const file = join(folder, 'config.conf');
    writeFileSync(file, 'two');
    await using watch = new Watch(file, 'one');
    await expect.poll(() => watch.texts()).toEqual(['two']);
  });
});
