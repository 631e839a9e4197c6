/** Files that nobody else may read. */
import { mkdir, open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/** The folder and those above it, for its owner alone where they are new. */
export async function makePrivateFolder(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
}

/**
 * Replaces the file as a whole or not at all, and follows a link that stands in its place. It keeps its owner and mode; one that
 * is new is for its owner alone. What is no regular file, such as a device, stays. What has this text already is not written: on a
 * full disk a cluster can begin again with what it has.
 */
export async function writePrivateFile(path: string, text: string): Promise<void> {
  const target = await realpath(path).catch(() => path);
  const former = await stat(target).catch(() => undefined);
  if (former?.isFile() === false) throw new Error('not a regular file');
  if (former !== undefined && (await readFile(target, 'utf8').catch(() => undefined)) === text) return;
  const draft = join(dirname(target), `.${basename(target)}.${process.pid}.new`);
  await rm(draft, { force: true });
  // Exclusively: a file or link that others put there would get the text, or show it to them.
  await using file = await open(draft, 'wx', 0o600);
  try {
    if (former !== undefined) {
      await file.chmod(former.mode & 0o7777);
      if (former.uid !== process.getuid?.()) await file.chown(former.uid, former.gid);
    }
    await file.writeFile(text);
    await file.sync();
    await rename(draft, target);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}
