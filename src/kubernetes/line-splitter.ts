/** Lines out of a stream of bytes, however it is cut into chunks. */

const NEWLINE = 0x0a;

/** Splits at newlines. A piece of text is decoded only when its line is complete, so no character is torn apart. */
export class LineSplitter {
  #rest: Buffer[] = [];

  /** The lines completed by this chunk, without their newlines; empty lines are left out. */
  push(chunk: Buffer): string[] {
    const lines: string[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      const line = this.#take(chunk.subarray(start, end));
      if (line !== '') lines.push(line);
      start = end + 1;
    }
    if (start < chunk.length) this.#rest.push(chunk.subarray(start));
    return lines;
  }

  #take(end: Buffer): string {
    if (this.#rest.length === 0) return end.toString('utf8').trim();
    const line = Buffer.concat([...this.#rest, end]);
    this.#rest = [];
    return line.toString('utf8').trim();
  }
}
