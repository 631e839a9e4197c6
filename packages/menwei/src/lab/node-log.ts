/** What the proxy of a node writes, in a file of bounded length. */
import { appendFileSync, writeFileSync } from 'node:fs';

/** Bytes. It lies in memory, where the runtime folder is. */
const LONGEST = 32 * 1024 * 1024;
const BEGINS_ANEW = `(longer than ${LONGEST / 1024 / 1024} MiB: it begins anew here)\n`;
/** Characters that are kept besides, for last words. */
const KEPT = 4_000;

export class NodeLog {
  readonly path: string;
  #bytes = 0;
  #recent = '';
  #fault: string | undefined;

  constructor(path: string) {
    this.path = path;
    writeFileSync(path, '', { mode: 0o600 });
  }

  /** Why what was written last is not in the file; a full disk is no reason to end a lab. */
  get fault(): string | undefined {
    return this.#fault;
  }

  write(text: string): void {
    this.#recent = `${this.#recent}${text}`.slice(-KEPT);
    try {
      if (this.#bytes > LONGEST) this.#beginAnew();
      appendFileSync(this.path, text);
      this.#bytes += Buffer.byteLength(text);
      this.#fault = undefined;
    } catch (error) {
      this.#fault = error instanceof Error ? error.message : String(error);
    }
  }

  /** From here on lines are those of another process. */
  begin(): void {
    this.#recent = '';
  }

  lastLine(): string {
    const line = this.#recent.trim().split('\n').at(-1) ?? '';
    return line.replace(/^menwei: /, '') || 'it has said nothing';
  }

  #beginAnew(): void {
    writeFileSync(this.path, BEGINS_ANEW);
    this.#bytes = 0;
  }
}
