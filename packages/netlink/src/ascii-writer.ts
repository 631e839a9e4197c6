/**
 * Puts short ASCII texts together without making pieces of them first. What it gives is one flat string; adding strings
 * would leave a tree behind, which takes three times the memory and has to be flattened when it becomes a key of a map.
 */
const ZERO = 0x30;
/** Longer than any text of a value: 64 bytes of key, as IPv6 addresses and separators. */
const SIZE = 512;

/** Texts of 512 characters at most. */
export class AsciiWriter {
  readonly #bytes = Buffer.alloc(SIZE);
  #end = 0;

  /** One character, by its code. */
  character(code: number): void {
    this.#bytes[this.#end++] = code;
  }

  text(text: string): void {
    for (let index = 0; index < text.length; index++) this.#bytes[this.#end++] = text.charCodeAt(index);
  }

  /** A whole number from 0 to 4294967295. */
  decimal(value: number): void {
    if (value >= 10) this.decimal(Math.floor(value / 10));
    this.#bytes[this.#end++] = ZERO + (value % 10);
  }

  /** 16 bits without leading zeros, in lower case. */
  hexadecimal(value: number): void {
    if (value >= 16) this.hexadecimal(value >> 4);
    const digit = value & 15;
    this.#bytes[this.#end++] = digit < 10 ? ZERO + digit : 0x57 + digit;
  }

  /** All that was written since the last time. */
  take(): string {
    const text = this.#bytes.toString('latin1', 0, this.#end);
    this.#end = 0;
    return text;
  }
}
