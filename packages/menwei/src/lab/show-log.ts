/** `menwei lab logs`: what the proxy of a node has written, and what it goes on to write. */
import { closeSync, existsSync, fstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NameOption, pathsOf, proxyOf, residentOf } from './resident-lab.ts';

const LOOK_EVERY_MS = 200;
const PIECE = 64 * 1024;

export interface LogOptions extends NameOption {
  readonly follow?: true;
}

export async function logs(node: string, options: LogOptions): Promise<void> {
  const lab = await residentOf(pathsOf(options));
  const { log, logFault } = proxyOf(lab, node);
  if (logFault !== undefined) process.stderr.write(`menwei: lab: the log is not complete: ${logFault}\n`);
  const file = openSync(log, 'r');
  try {
    let shown = await printFrom(file, 0);
    while (options.follow === true) {
      await sleep(LOOK_EVERY_MS);
      // Looked at before the rest is read, so that nothing is left out that was written before the end.
      const isUp = existsSync(`/proc/${lab.pid}`);
      shown = await printFrom(file, shown);
      if (!isUp) return;
    }
  } finally {
    closeSync(file);
  }
}

/** From that byte on, or from the first if the file began anew. @returns how many bytes the file has */
async function printFrom(file: number, shown: number): Promise<number> {
  const buffer = Buffer.alloc(PIECE);
  let position = fstatSync(file).size < shown ? 0 : shown;
  for (;;) {
    const length = readSync(file, buffer, 0, PIECE, position);
    if (length === 0) return position;
    position += length;
    const piece = Buffer.from(buffer.subarray(0, length));
    if (process.stdout.write(piece)) continue;
    await new Promise<void>((resolve) => process.stdout.once('drain', () => resolve()));
  }
}
