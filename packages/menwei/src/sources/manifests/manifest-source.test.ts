import { appendFile, mkdir, mkdtemp, rename, rm, symlink, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { followObjects } from '@menwei/testing/state/object-events.ts';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { formatProblem, formatRef, type Problem } from '../../kubernetes/objects.ts';
import { type Logger, silentLogger } from '../../log/logger.ts';
import { ObjectTables } from '../../state/object-tables.ts';
import { createManifestSource, type ManifestSourceOptions } from './manifest-source.ts';

const REMOVAL_DELAY_MS = 120;

let folder: string;
let events: string[];
let objects: ObjectTables;
let marks = 0;
let stop: AbortController;
let running: Promise<void>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'menwei-source-'));
  events = [];
  objects = new ObjectTables('');
  followObjects(objects, {
    changed: (what, row) => {
      const node = objects.nodes.get(what.replace('Node ', '/'));
      const text = row === undefined ? 'gone' : `= ${node === row ? node?.zone : what.split(' ')[0]}`;
      events.push(`${what} ${text}`);
    },
    synced: () => events.push('synced'),
  });
  stop = new AbortController();
  running = Promise.resolve();
});
afterEach(async () => {
  stop.abort();
  await running;
  await rm(folder, { recursive: true, force: true });
});

const report = (problem: Problem) => events.push(`! ${formatProblem(problem).replaceAll(`${folder}/`, '')}`);
/** Objects whose newest version can't be used. */
const stale = () =>
  Array.from(objects.stale.rows.values(), ({ ref, reason }) => [
    formatRef(ref),
    reason.replaceAll(`${folder}/`, ''),
  ]);

const logger: Logger = {
  ...silentLogger,
  info: (_, message) => events.push(`info ${message}`),
  error: (_, message) => events.push(`error ${message.replaceAll(`${folder}/`, '')}`),
};

/** Runs the source until it has delivered what there is at the start. */
async function start(options: Partial<ManifestSourceOptions> = {}): Promise<void> {
  const source = createManifestSource({
    paths: [folder],
    logger,
    report,
    removalDelayMs: REMOVAL_DELAY_MS,
    pollMs: 60_000,
    ...options,
  });
  running = source.run(objects, stop.signal);
  running.catch(() => undefined);
  await seen('synced');
}

async function seen(event: string): Promise<void> {
  await vi.waitFor(() => expect(events).toContain(event), { interval: 5 });
}

/** What has happened since the last call, with everything that is still on its way. */
async function happened(): Promise<readonly string[]> {
  const mark = `Node mark = ${++marks}`;
  await write('zz-mark.yaml', node('mark', `${marks}`));
  await seen(mark);
  // What was missed before this one is removed before it.
  await unlink(join(folder, 'zz-mark.yaml'));
  await seen('Node mark gone');
  return events.splice(0).filter((event) => !event.startsWith('Node mark'));
}

async function write(name: string, text: string): Promise<void> {
  await writeFile(join(folder, name), text);
}

const node = (name: string, zone = '1') =>
  `---\napiVersion: v1\nkind: Node\nmetadata: {name: ${name}, labels: {topology.kubernetes.io/zone: "${zone}"}}\n`;

it('removes what is gone since when it is begun anew, and forgets what was wrong', async () => {
  await write('a.yaml', node('a'));
  await write('b.yaml', node('b'));
  const source = createManifestSource({ paths: [folder], logger, report, removalDelayMs: 0 });
  running = source.run(objects, stop.signal);
  await seen('synced');
  stop.abort();
  await running;
  events = [];
  await unlink(join(folder, 'b.yaml'));
  objects.putStale({ kind: 'Node', namespace: '', name: 'a' }, 'no zone', 1);
  stop = new AbortController();
  running = source.run(objects, stop.signal);
  await seen('synced');
  expect(events).toEqual(['Node b gone', 'synced']);
  expect(stale()).toEqual([]);
});

describe('at the start', () => {
  it('delivers everything once, then says so', async () => {
    await write('a.yaml', node('a') + node('b'));
    await write('b.yaml', node('c'));
    await start();
    expect(await happened()).toEqual(['Node a = 1', 'Node b = 1', 'Node c = 1', 'synced']);
  });

  it('goes on in spite of what is broken', async () => {
    await write('a.yaml', `${node('a')}---\n"x\n`);
    await write('b.yaml', `${node('b')}---\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n`);
    await start();
    expect(await happened()).toEqual([
      'Node a = 1',
      'Node b = 1',
      '! b.yaml:6: Service default/web: spec.clusterIP: missing; a manifest must set it to an address or None',
      expect.stringMatching(/^error a.yaml:\d: /),
      'synced',
    ]);
  });

  it('names each kind it ignores once', async () => {
    await write('a.yaml', 'apiVersion: v1\nkind: Secret\n');
    await start();
    await write('b.yaml', 'apiVersion: v1\nkind: Secret\n---\napiVersion: apps/v1\nkind: Deployment\n');
    expect((await happened()).filter((event) => event.startsWith('info'))).toEqual([
      'info Manifests of kind v1 Secret are ignored',
      'info Manifests of kind apps/v1 Deployment are ignored',
    ]);
  });

  it('refuses a path that does not exist', async () => {
    const path = join(folder, 'none.yaml');
    const source = createManifestSource({ paths: [folder, path], logger, report });
    await expect(source.run(objects, stop.signal)).rejects.toThrow(`${path}: no such file or folder`);
    expect(events).toEqual([]);
  });

  it('ends when the signal fires', async () => {
    await start();
    stop.abort();
    await expect(running).resolves.toBeUndefined();
  });
});

describe('a change of a file changes just its objects', () => {
  beforeEach(async () => {
    await write('a.yaml', node('a') + node('b'));
    await write('b.yaml', node('c'));
    await start();
    events.length = 0;
  });

  it.each<[string, () => Promise<void>, readonly string[]]>([
    ['edited', () => write('a.yaml', node('a', '2') + node('b')), ['Node a = 2']],
    ['edited, nothing the proxy reads', () => appendFile(join(folder, 'a.yaml'), '# note\n'), []],
    ['an object added', () => write('a.yaml', node('a') + node('b') + node('d')), ['Node d = 1']],
    ['an object taken out', () => write('a.yaml', node('b')), ['Node a gone']],
    ['a file added', () => write('c.yaml', node('d')), ['Node d = 1']],
    ['a file deleted', () => unlink(join(folder, 'a.yaml')), ['Node a gone', 'Node b gone']],
    ['a file renamed', () => rename(join(folder, 'a.yaml'), join(folder, 'x.yaml')), []],
    [
      'a file renamed to what is no manifest',
      () => rename(join(folder, 'b.yaml'), join(folder, 'b.txt')),
      ['Node c gone'],
    ],
    ['saved by way of another file', saveByRename, ['Node a = 2']],
    ['saved by way of a backup', saveByBackup, ['Node a = 2']],
    ['deleted and made anew', deleteAndCreate, ['Node a = 2']],
    ['emptied and written again', truncateAndWrite, ['Node a = 2']],
    ['another file', () => write('notes.txt', node('x')), []],
  ])('%s', async (_, change, expected) => {
    await change();
    expect(await happened()).toEqual(expected);
  });

  it('not even those that move from one file to another', async () => {
    await write('a.yaml', node('a'));
    await write('b.yaml', node('c') + node('b'));
    // Between the two writes the object may be seen twice, which is worth a report but changes nothing.
    expect((await happened()).filter((event) => !event.startsWith('!'))).toEqual([]);
  });

  async function saveByRename(): Promise<void> {
    await write('.a.yaml.tmp', node('a', '2') + node('b'));
    await rename(join(folder, '.a.yaml.tmp'), join(folder, 'a.yaml'));
  }

  async function saveByBackup(): Promise<void> {
    await rename(join(folder, 'a.yaml'), join(folder, 'a.yaml~'));
    await write('a.yaml', node('a', '2') + node('b'));
    await unlink(join(folder, 'a.yaml~'));
  }

  async function deleteAndCreate(): Promise<void> {
    await unlink(join(folder, 'a.yaml'));
    await delay(REMOVAL_DELAY_MS / 4);
    await write('a.yaml', node('a', '2') + node('b'));
  }

  async function truncateAndWrite(): Promise<void> {
    await write('a.yaml', '');
    await delay(REMOVAL_DELAY_MS / 4);
    await write('a.yaml', node('a', '2') + node('b'));
  }

  it('many times in a row: the last one counts', async () => {
    for (let zone = 2; zone <= 40; zone++) await write('a.yaml', node('a', `${zone}`) + node('b'));
    // On a slow machine the file may be empty for long enough to take the objects away in between.
    const events = await happened();
    expect(events.filter((event) => event.startsWith('Node a')).at(-1)).toBe('Node a = 40');
  });

  it('within one tick of the clock and of equal size', async () => {
    for (const zone of ['2', '3', '4', '5', '6']) {
      await write('a.yaml', node('a', zone) + node('b'));
      await seen(`Node a = ${zone}`);
    }
  });
});

describe('what is broken', () => {
  const broken = '---\napiVersion: v1\nkind: Node\nmetadata: {name: b, labels: [\n';
  const refused = '---\napiVersion: v1\nkind: Node\nmetadata: {name: b}\nspec: 7\n';

  beforeEach(async () => {
    await write('a.yaml', node('a') + node('b'));
    await start();
    events.length = 0;
  });

  it.each([
    [
      'a document without syntax',
      node('a', '2') + broken,
      ['Node a = 2', expect.stringMatching(/^! a.yaml:\d+: Node b: /)],
    ],
    [
      'a refused object',
      node('a', '2') + refused,
      ['Node a = 2', '! a.yaml:9: Node b: spec: 7 is not an object'],
    ],
    [
      'a nameless document',
      `${node('a', '2')}---\nx: [\n`,
      ['Node a = 2', expect.stringMatching(/^error a.yaml:\d+: /)],
    ],
    ['a whole file', '"', [expect.stringMatching(/^error a.yaml:1: /)]],
  ])('is reported, and its last good version stays in force: %s', async (_, text, expected) => {
    await write('a.yaml', text);
    expect(await happened()).toEqual(expected);
  });

  it('is told as not what it should be, until it is again or its file goes', async () => {
    await write('a.yaml', node('a') + refused);
    await happened();
    expect(stale()).toEqual([['Node b', 'a.yaml:9: Node b: spec: 7 is not an object']]);
    await write('a.yaml', node('a') + node('b'));
    await vi.waitFor(() => expect(stale()).toEqual([]));
    await write('a.yaml', '"');
    await happened();
    expect(stale().map(([name]) => name)).toEqual(['Node a', 'Node b']);
    expect(stale()[0]?.[1]).toMatch(/^a.yaml:1: /);
    await write('a.yaml', node('b'));
    await happened();
    expect(stale()).toEqual([]);
  });

  it('is reported once, and again when it breaks again', async () => {
    const report = '! a.yaml:9: Node b: spec: 7 is not an object';
    await write('a.yaml', node('a') + refused);
    expect(await happened()).toEqual([report]);
    await write('a.yaml', node('a', '2') + refused);
    expect(await happened()).toEqual(['Node a = 2']);
    await write('a.yaml', node('a', '2') + node('b', '2'));
    expect(await happened()).toEqual(['Node b = 2']);
    await write('a.yaml', node('a', '2') + refused);
    expect(await happened()).toEqual([report]);
  });

  it('goes when its file goes', async () => {
    await write('a.yaml', node('a') + refused);
    await happened();
    await unlink(join(folder, 'a.yaml'));
    expect(await happened()).toEqual(['Node a gone', 'Node b gone']);
  });

  it('survives that its file is renamed', async () => {
    await write('a.yaml', node('a') + refused);
    await happened();
    await rename(join(folder, 'a.yaml'), join(folder, 'b.yaml'));
    expect((await happened()).filter((event) => !event.startsWith('!'))).toEqual([]);
  });
});

describe('one object in two files', () => {
  it('is the one of the first file; the second takes over when that goes', async () => {
    await write('a.yaml', node('a', 'first'));
    await write('b.yaml', node('a', 'second'));
    await start();
    const report = '! b.yaml:2: Node a: is in a.yaml too; that one is used';
    expect(await happened()).toEqual(['Node a = first', report, 'synced']);
    await unlink(join(folder, 'a.yaml'));
    expect(await happened()).toEqual(['Node a = second']);
    await write('a.yaml', node('a', 'third'));
    expect(await happened()).toEqual(['Node a = third', report]);
  });
});

describe('where the files are', () => {
  it('may be named one by one', async () => {
    await write('a.yaml', node('a'));
    await write('b.yaml', node('b'));
    await start({ paths: [join(folder, 'a.yaml')] });
    await write('b.yaml', node('b', '2'));
    await write('.new', node('a', '2'));
    await rename(join(folder, '.new'), join(folder, 'a.yaml'));
    await seen('Node a = 2');
    await unlink(join(folder, 'a.yaml'));
    await seen('Node a gone');
    await write('a.yaml', node('a', '3'));
    await seen('Node a = 3');
    expect(events).toEqual(['Node a = 1', 'synced', 'Node a = 2', 'Node a gone', 'Node a = 3']);
  });

  it('may be a ConfigMap volume, whose files are links that change all at once', async () => {
    await mkdir(join(folder, '..1'));
    await mkdir(join(folder, '..2'));
    await writeFile(join(folder, '..1/nodes.yaml'), node('a') + node('b'));
    await writeFile(join(folder, '..2/nodes.yaml'), node('a', '2') + node('b'));
    await symlink('..1', join(folder, '..data'));
    await symlink('..data/nodes.yaml', join(folder, 'nodes.yaml'));
    await start();
    await happened();
    await symlink('..2', join(folder, '..data_tmp'));
    await rename(join(folder, '..data_tmp'), join(folder, '..data'));
    await rm(join(folder, '..1'), { recursive: true });
    expect(await happened()).toEqual(['Node a = 2']);
  });

  it.each(['inner', 'inner/', './inner'])('may be out of sight for a while: %s', async (name) => {
    const inner = join(folder, 'inner');
    await mkdir(inner);
    await writeFile(join(inner, 'a.yaml'), node('a'));
    await start({ paths: [`${folder}/${name}`], pollMs: 30 });
    await rename(inner, join(folder, 'elsewhere'));
    await seen(`error ${name}: no such file or folder`);
    await delay(2 * REMOVAL_DELAY_MS);
    expect(events).not.toContain('Node a gone');
    await mkdir(inner);
    await writeFile(join(inner, 'a.yaml'), node('a', '2'));
    await seen('Node a = 2');
    // The new folder is watched like the old one.
    await writeFile(join(inner, 'b.yaml'), node('b'));
    await seen('Node b = 1');
  });

  it('may have a broken file in the place of their folder', async () => {
    const inner = join(folder, 'inner');
    await mkdir(inner);
    await write('inner/a.yaml', node('a'));
    await start({ paths: [inner], pollMs: 30 });
    await rm(inner, { recursive: true });
    await write('inner', '"x\n');
    await vi.waitFor(() => expect(events).toContainEqual(expect.stringMatching(/^error inner:\d: /)));
    await delay(2 * REMOVAL_DELAY_MS);
    expect(events).not.toContain('Node a gone');
    expect(stale()).toEqual([['Node a', "inner/a.yaml can't be read"]]);
    await write('inner', node('b'));
    await seen('Node a gone');
    expect(stale()).toEqual([]);
  });

  it('is looked at now and then, even if no change is reported', async () => {
    const outside = await mkdtemp(join(tmpdir(), 'menwei-outside-'));
    await writeFile(join(outside, 'a.yaml'), node('a'));
    await symlink(join(outside, 'a.yaml'), join(folder, 'a.yaml'));
    await start({ pollMs: 30 });
    await writeFile(join(outside, 'a.yaml'), node('a', '2'));
    await seen('Node a = 2');
    await rm(outside, { recursive: true });
  });
});
