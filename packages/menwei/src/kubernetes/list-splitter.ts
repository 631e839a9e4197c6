/**
 * The items of a list answer, one by one while its bytes arrive. `JSON.parse` of a whole list of 250,000 endpoints
 * stops the event loop for a third of a second and holds all of it as a tree; here no more than one item is parsed
 * at a time, whatever the size of the page.
 */
import { isRecord } from './api-error.ts';
import { Remainder } from './remainder.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** Depth of the nesting right inside the array `items` of the answer. */
const ITEMS_DEPTH = 2;

export interface ListEnvelope {
  readonly kind: string;
  readonly resourceVersion: string;
  /** Empty on the last page. */
  readonly continueToken: string;
}

/**
 * Finds where the objects in the top-level array `items` begin and end; all other bytes form the envelope, a small
 * document with an empty `items`, parsed at the end. Only the structure is followed (strings, braces, brackets):
 * whether an item is good JSON is for the parser to say.
 */
export class ListSplitter {
  #depth = 0;
  #inString = false;
  #escaped = false;
  #inItems = false;
  readonly #envelope = new Remainder();
  readonly #item = new Remainder();

  /**
   * The items completed by this chunk, as JSON text.
   * @throws SyntaxError when an item, or what stands around them, does not end
   */
  push(chunk: Buffer): string[] {
    const items: string[] = [];
    let inString = this.#inString;
    let escaped = this.#escaped;
    let depth = this.#depth;
    let inItems = this.#inItems;
    let start = 0;
    for (let at = 0; at < chunk.length; at++) {
      if (inString) {
        // Most bytes are inside strings, so this inner loop is what the speed depends on.
        if (escaped) at++;
        while (at < chunk.length && chunk[at] !== QUOTE && chunk[at] !== BACKSLASH) at++;
        escaped = chunk[at] === BACKSLASH;
        inString = chunk[at] !== QUOTE;
        continue;
      }
      const byte = chunk[at];
      switch (byte) {
        case QUOTE:
          inString = true;
          break;
        case OPEN_BRACE:
          if (inItems && depth === ITEMS_DEPTH) {
            this.#keep(chunk.subarray(start, at));
            start = at;
          }
          depth++;
          break;
        case CLOSE_BRACE:
          depth--;
          if (inItems && depth === ITEMS_DEPTH) {
            items.push(this.#takeItem(chunk.subarray(start, at + 1)));
            start = at + 1;
          }
          break;
        case OPEN_BRACKET:
          depth++;
          if (depth === ITEMS_DEPTH) inItems = this.#opensItems(chunk.subarray(start, at));
          break;
        case CLOSE_BRACKET:
          if (depth === ITEMS_DEPTH) inItems = false;
          depth--;
          break;
        case COMMA:
          // Commas between items would be left over in the envelope.
          if (inItems && depth === ITEMS_DEPTH) {
            this.#keep(chunk.subarray(start, at));
            start = at + 1;
          }
          break;
      }
    }
    const insideItem = inItems && depth > ITEMS_DEPTH;
    if (insideItem) this.#item.push(chunk.subarray(start));
    else this.#keep(chunk.subarray(start));
    this.#inString = inString;
    this.#escaped = escaped;
    this.#depth = depth;
    this.#inItems = inItems;
    return items;
  }

  /**
   * The rest of the answer, once all of it has been pushed.
   * @throws SyntaxError when it is cut short or is not a list
   */
  finish(): ListEnvelope {
    const envelope: unknown = JSON.parse(this.#envelope.bytes.toString('utf8'));
    if (!isRecord(envelope)) throw new SyntaxError('the answer is not an object');
    const { kind, metadata, items } = envelope;
    if (Array.isArray(items) ? items.length > 0 : items !== null && items !== undefined) {
      throw new SyntaxError('items is not a list of objects');
    }
    const fields = isRecord(metadata) ? metadata : {};
    return {
      kind: typeof kind === 'string' ? kind : '',
      resourceVersion: typeof fields.resourceVersion === 'string' ? fields.resourceVersion : '',
      continueToken: typeof fields.continue === 'string' ? fields.continue : '',
    };
  }

  /** A copy: the few bytes around the items of a page must not hold all that came with them in memory. */
  #keep(envelope: Buffer): void {
    this.#envelope.push(Buffer.from(envelope));
  }

  #takeItem(end: Buffer): string {
    return this.#item.take(end).toString('utf8');
  }

  #opensItems(before: Buffer): boolean {
    return /"items"\s*:\s*$/.test(Buffer.concat([this.#envelope.bytes, before]).toString('utf8'));
  }
}
