/** YAML that clients send: the first document, by the rules of Go's YAML (docs/yaml.md), as JSON. */
import { parseFirstDocument } from '@menwei/yaml/documents.ts';
import type { JsonValue } from './json.ts';
import { DEEPEST, MOST_VALUES, type ReadValue, TextError, TOO_DEEP, TOO_MANY } from './read-json.ts';
import { newObject } from './values.ts';

interface ReadYaml extends ReadValue {
  /** `line 3: key "port" already set in map` */
  readonly faults: readonly string[];
}

/** Reading YAML takes a hundred times as long as reading JSON: what holds more than a few manifests comes as JSON. */
const MOST_MARKS = 20_000;

/** What a reader may take for the beginning or end of something: each such is a token, and a node or an error. */
const MARK = /[\n\r,:[\]{}&*!|>"'%\0]|[-?](?=\s)/g;

function hasMoreMarks(text: string, most: number): boolean {
  MARK.lastIndex = 0;
  for (let count = 0; count <= most; count++) if (!MARK.test(text)) return false;
  return true;
}

/** Of all strings once aliases are written out: more than a body can hold without them. */
const MOST_CHARACTERS = 4 * 2 ** 20;

/** @throws TextError */
export function readYaml(text: string): ReadYaml {
  if (hasMoreMarks(text, MOST_MARKS)) {
    throw new TextError(
      `more than ${MOST_MARKS} lines, commas, colons, quotes and brackets in YAML: send it as JSON`,
    );
  }
  const { document } = parseFirstDocument(text);
  const { error, value, repeated } = document;
  if (error !== undefined) {
    const where = error.line === undefined ? '' : `line ${error.line}: `;
    throw new TextError(`error converting YAML to JSON: yaml: ${where}${error.message}`);
  }
  return {
    value: new Copying().copy(value, 0),
    repeated: new Map(),
    faults: repeated.map(({ field, line }) => {
      const key = field.slice(field.lastIndexOf('.') + 1);
      return `line ${line}: key ${JSON.stringify(key)} already set in map`;
    }),
  };
}

/** Into objects without prototypes; aliases are written out. */
class Copying {
  #values = 0;
  #characters = 0;

  copy(value: unknown, depth: number): JsonValue {
    this.#values += 1;
    if (this.#values > MOST_VALUES) throw new TextError(TOO_MANY);
    if (depth > DEEPEST) throw new TextError(TOO_DEEP);
    if (Array.isArray(value)) return value.map((one) => this.copy(one, depth + 1));
    if (typeof value === 'object' && value !== null) {
      const object = newObject();
      for (const [key, one] of Object.entries(value)) object[key] = this.copy(one, depth + 1);
      return object;
    }
    if (typeof value === 'string') {
      this.#characters += value.length;
      if (this.#characters > MOST_CHARACTERS) throw new TextError('document contains excessive aliasing');
      return value.toWellFormed();
    }
    return typeof value === 'number' || typeof value === 'boolean' ? value : null;
  }
}
