/** The text of a manifest file as JSON values that remember their lines. */
import type { Document, Node as YamlNode } from 'yaml';
import { printable } from '../../kubernetes/decode-text.ts';

/** One document of a file. */
export interface TextDocument {
  /** Undefined for a document without content, such as one of comments only. */
  readonly value: unknown;
  /** 1-based, of the first line of content; undefined where finding it would take a second parse (JSON). */
  readonly line: number | undefined;
  /** The line of a field such as `spec.ports[0].port`, or of its nearest parent that is written down. */
  lineOf(field: string): number | undefined;
  /** The first syntax error; `value` is then what could be read in spite of it. */
  readonly error: SyntaxProblem | undefined;
}

export interface SyntaxProblem {
  readonly line: number | undefined;
  readonly message: string;
}

type Yaml = typeof import('yaml');

/** Splits the text into its documents. Never throws; what can't be read is the error of its document. */
export async function parseManifestText(text: string): Promise<readonly TextDocument[]> {
  // Loaded here, as most proxies never read a manifest.
  const yaml = await import('yaml');
  const json = parseJson(text);
  if (json !== undefined) return [jsonDocument(yaml, text, json)];
  return splitDocuments(text).flatMap(({ text: part, line }) => yamlDocuments(yaml, part, line));
}

function parseJson(text: string): unknown {
  if (!/^\s*\{/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch (error) {
    // A YAML document may begin with a brace too, and YAML's errors name the line.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function jsonDocument(yaml: Yaml, text: string, value: unknown): TextDocument {
  let located: TextDocument | undefined;
  const locate = () => {
    located ??= yamlDocuments(yaml, text, 1)[0];
    return located;
  };
  return { value, line: undefined, error: undefined, lineOf: (field) => locate()?.lineOf(field) };
}

/**
 * Cut at the separator lines before anything is parsed, so that an open quote or bracket spoils only its own
 * document. YAML allows no `---` at the start of a line in any other role.
 */
function splitDocuments(text: string): readonly { readonly text: string; readonly line: number }[] {
  const parts: { text: string; line: number }[] = [];
  let line = 1;
  for (const part of text.replace(/^\uFEFF/, '').split(/^(?=---(?:\s|$))/m)) {
    parts.push({ text: part, line });
    line += part.split('\n').length - 1;
  }
  return parts;
}

function yamlDocuments(yaml: Yaml, text: string, firstLine: number): readonly TextDocument[] {
  const lines = new yaml.LineCounter();
  const lineAt = (offset: number) => lines.linePos(offset).line + firstLine - 1;
  const broken = (message: string): readonly TextDocument[] => [
    { value: undefined, line: firstLine, lineOf: () => firstLine, error: { line: firstLine, message } },
  ];
  try {
    const documents = yaml.parseAllDocuments(text, {
      // What Go's YAML means: `yes` is a boolean, 0644 is octal. Values that JSON has not (times, sets, binary) stay text.
      version: '1.1',
      customTags: (tags) => tags.filter((tag) => typeof tag === 'string' || isJsonTag(tag)),
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
    });
    // An empty text gives an empty list with an extra property, not a document.
    return Array.isArray(documents) ? documents.map((document) => yamlDocument(yaml, document, lineAt)) : [];
  } catch (error) {
    return broken(describe(error));
  }
}

const JSON_TAGS = new Set(
  ['null', 'bool', 'int', 'float', 'str', 'map', 'seq', 'merge'].map((name) => `tag:yaml.org,2002:${name}`),
);

/** Base 60 numbers are left out as Go leaves them out: `1:2:3` is more likely an address. */
function isJsonTag(tag: { readonly tag: string; readonly format?: string | undefined }): boolean {
  return JSON_TAGS.has(tag.tag) && tag.format !== 'TIME';
}

function yamlDocument(yaml: Yaml, document: Document, lineAt: (offset: number) => number): TextDocument {
  const start = document.contents?.range?.[0] ?? document.range?.[0] ?? 0;
  const [first] = document.errors;
  let error = first === undefined ? undefined : { line: lineAt(first.pos[0]), message: describe(first) };
  let value: unknown;
  try {
    value = document.toJS();
  } catch (cause) {
    // Too many aliases: a small file that would unfold into a huge object.
    error ??= { line: lineAt(start), message: describe(cause) };
  }
  return {
    value: value ?? undefined,
    line: lineAt(start),
    error,
    lineOf: (field) => lineAt(offsetOf(yaml, document.contents, field) ?? start),
  };
}

/** The parser quotes the text it can't read, whatever that is. */
function describe(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return printable(message.length > LONGEST_MESSAGE ? `${message.slice(0, LONGEST_MESSAGE)}…` : message);
}

const LONGEST_MESSAGE = 200;

/** Where the deepest existing part of the field begins: its key, or the entry of a list. */
function offsetOf(yaml: Yaml, root: YamlNode | null, field: string): number | undefined {
  let node: unknown = root;
  let offset: number | undefined;
  for (const step of field.match(/[^.[\]]+/g) ?? []) {
    if (yaml.isMap(node)) {
      const pair = node.items.find(({ key }) => yaml.isScalar(key) && key.value === step);
      if (pair === undefined || !yaml.isNode(pair.key)) return offset;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (yaml.isSeq(node)) {
      node = node.items[Number(step)];
      if (!yaml.isNode(node)) return offset;
      offset = node.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}
