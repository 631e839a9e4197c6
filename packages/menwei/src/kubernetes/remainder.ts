/** The chunks of something that is not complete yet: an object or event, or what stands around the items of a list. */

/** Many times what an API server stores of one object. */
export const MOST_BYTES = 32 * 2 ** 20;

export class Remainder {
  #chunks: Buffer[] = [];
  #bytes = 0;

  /** @throws SyntaxError when it gets too large for what the other side can mean */
  push(chunk: Buffer): void {
    // Even an empty one would keep the memory that it is a view of.
    if (chunk.length === 0) return;
    this.#bytes += chunk.length;
    if (this.#bytes > MOST_BYTES) throw tooLong();
    this.#chunks.push(chunk);
  }

  /** All of it so far. */
  get bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }

  /** All of it and the end, and begins anew. */
  take(end: Buffer): Buffer {
    if (this.#chunks.length === 0) return end;
    const all = Buffer.concat([...this.#chunks, end]);
    this.#chunks = [];
    this.#bytes = 0;
    return all;
  }
}

export function tooLong(): SyntaxError {
  return new SyntaxError(`longer than ${MOST_BYTES / 2 ** 20} MiB`);
}
