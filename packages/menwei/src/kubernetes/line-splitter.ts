/** Lines out of a stream of bytes, however it is cut into chunks. */
import { Remainder } from './remainder.ts';

const NEWLINE = 0x0a;

/** Splits at newlines. A piece of text is decoded only when its line is complete, so no character is torn apart. */
export class LineSplitter {
  readonly #rest = new Remainder();

  /**
   * The lines completed by this chunk, without their newlines; empty lines are left out.
   * @throws SyntaxError when a line does not end
   */
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
    return this.#rest.take(end).toString('utf8').trim();
  }
}
