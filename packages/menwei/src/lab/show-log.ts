/** `menwei lab logs`: what the proxy of a node has written, and what it goes on to write. */
import { closeSync, existsSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type NameOption, pathsOf, proxyOf, residentOf } from './resident-lab.ts';

const LOOK_EVERY_MS = 200;
const PIECE = 64 * 1024;

export interface LogOptions extends NameOption {
  readonly follow?: true;
}

export async function logs(node: string, options: LogOptions): Promise<void> {
  const lab = await residentOf(pathsOf(options));
  const file = openSync(proxyOf(lab, node).log, 'r');
  try {
    await printFrom(file);
    while (options.follow === true) {
      await sleep(LOOK_EVERY_MS);
      // Looked at before the rest is read, so that nothing is left out that was written before the end.
      const isUp = existsSync(`/proc/${lab.pid}`);
      await printFrom(file);
      if (!isUp) return;
    }
  } finally {
    closeSync(file);
  }
}

/** From where the file was read last to its end. */
async function printFrom(file: number): Promise<void> {
  const buffer = Buffer.alloc(PIECE);
  for (let length = readSync(file, buffer); length > 0; length = readSync(file, buffer)) {
    const piece = Buffer.from(buffer.subarray(0, length));
    if (process.stdout.write(piece)) continue;
    await new Promise<void>((resolve) => process.stdout.once('drain', () => resolve()));
  }
}
