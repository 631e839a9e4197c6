/** Lines out of a stream of bytes, however it is cut into chunks: a tool's output, a watch of the API server. */
import { StringDecoder } from 'node:string_decoder';

export class LineSplitter {
  readonly #longest: number;
  readonly #endless: () => Error;
  readonly #decoder = new StringDecoder('utf8');
  #rest = '';

  /**
   * @param longest characters that a line may have
   * @param endless what is thrown when a line does not end
   */
  constructor(longest: number, endless: () => Error) {
    this.#longest = longest;
    this.#endless = endless;
  }

  /** The lines completed by this chunk, without their newlines. */
  push(chunk: Uint8Array): string[] {
    // Only what is new is searched, and joined to the rest at last: that may have come in a thousand chunks.
    const [first = '', ...others] = this.#decoder.write(chunk).split('\n');
    const lines = [this.#rest + first, ...others];
    this.#rest = lines.pop() ?? '';
    if (this.#rest.length > this.#longest) throw this.#endless();
    return lines;
  }

  /** What came after the last newline. */
  end(): string {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    return rest;
  }
}
