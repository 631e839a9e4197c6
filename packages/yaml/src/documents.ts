/** The one reader of YAML and JSON that people write: manifests, configuration, kubeconfig, labs (docs/yaml.md). */
import {
  type Document,
  isMap,
  isNode,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  parseAllDocuments,
  type YAMLError,
} from 'yaml';
import { compose, DEEPEST } from './compose.ts';
import { type JsonObject, measureObject, readJsonObject, skipBlanks } from './json-stream.ts';

/** One document, or one of several JSON objects in a row. */
export interface TextDocument {
  /** JSON as Go would read it; undefined for a document without content, such as one of comments only. */
  readonly value: unknown;
  /** 1-based, of the first line of content; undefined where finding it would take a second parse (JSON). */
  readonly line: number | undefined;
  /** The line of a field such as `spec.ports[0].port`, or of its nearest parent that is written down. */
  lineOf(field: string): number | undefined;
  /** The first mistake; `value` is then what could be read in spite of it. */
  readonly error: TextError | undefined;
  /** Keys that stand more than once; the last one counts. */
  readonly repeated: readonly RepeatedField[];
}

export interface TextError {
  readonly line: number | undefined;
  readonly message: string;
  /** The same without anything that stands in the text, which may be a secret. */
  readonly discreet: string;
}

export interface RepeatedField {
  readonly field: string;
  readonly line: number;
}

interface FirstDocument {
  readonly document: TextDocument;
  /** The line of the next document with content: it does not count. */
  readonly ignoredLine: number | undefined;
}

/** All documents, each by itself: what is wrong with one costs the others nothing. Never throws. */
export function parseDocuments(text: string): readonly TextDocument[] {
  return splitDocuments(normalize(text)).flatMap(
    ({ text: part, line }) => parseJsonStream(part, line) ?? parseYaml(part, line),
  );
}

/** The only one that counts where one is expected. Never throws. */
export function parseFirstDocument(text: string): FirstDocument {
  const normal = normalize(text);
  const object = readJsonObject(normal, 0);
  if (object !== undefined && skipBlanks(normal, object.end) === normal.length) {
    return { document: jsonDocument(normal, object, 1), ignoredLine: undefined };
  }
  const [document = EMPTY, ...others] = parseYaml(normal, 1);
  const ignored = others.find(({ value, error }) => value !== undefined || error !== undefined);
  return { document, ignoredLine: ignored?.line };
}

const EMPTY: TextDocument = {
  value: undefined,
  line: undefined,
  lineOf: () => undefined,
  error: undefined,
  repeated: [],
};

function normalize(text: string): string {
  const withoutMark = text.startsWith('\uFEFF') ? text.slice(1) : text;
  return withoutMark.includes('\r') ? withoutMark.replace(/\r\n?/g, '\n') : withoutMark;
}

interface Part {
  readonly text: string;
  /** Of its beginning. */
  readonly line: number;
}

/**
 * Cut at the separator lines before anything is parsed, so that an open quote or bracket spoils only its own
 * document. YAML allows no `---` at the start of a line in any other role. Directives belong to what follows them.
 */
function splitDocuments(text: string): readonly Part[] {
  const parts: Part[] = [];
  let line = 1;
  let directives = '';
  for (const piece of text.split(/^(?=---(?:\s|$))/m)) {
    const part = directives + piece;
    const isDirective = /^%/m.test(part) && /^(?:[ \t]*(?:#.*)?\n|%.*\n)*$/.test(part);
    directives = isDirective ? part : '';
    if (isDirective) continue;
    parts.push({ text: part, line });
    line += countLines(part);
  }
  return directives === '' ? parts : [...parts, { text: directives, line }];
}

function countLines(text: string): number {
  return text.split('\n').length - 1;
}

/** Undefined when the text does not begin with a JSON object; YAML may begin with a brace too. */
function parseJsonStream(text: string, firstLine: number): readonly TextDocument[] | undefined {
  if (readJsonObject(text, 0) === undefined) return undefined;
  const documents: TextDocument[] = [];
  let line = firstLine;
  let done = 0;
  for (let start = skipBlanks(text, 0); start < text.length; start = skipBlanks(text, done)) {
    line += countLines(text.slice(done, start));
    const object = readJsonObject(text, start);
    // What is no JSON after all costs itself only, as long as it can be seen where it ends.
    const end = object?.end ?? measureObject(text, start)?.end ?? text.length;
    const part = text.slice(start, end);
    documents.push(...(object === undefined ? parseYaml(part, line) : [jsonDocument(part, object, line)]));
    line += countLines(part);
    done = end;
  }
  return documents;
}

/** JSON.parse tells no places. A longer text is not parsed a second time for them: that takes many times as long. */
const LONGEST_LOCATED = 2 ** 20;

function jsonDocument(text: string, { value, repeatsKeys }: JsonObject, firstLine: number): TextDocument {
  let located: TextDocument | undefined;
  const locate = () => {
    located ??= (text.length > LONGEST_LOCATED ? undefined : parseYaml(text, firstLine)[0]) ?? {
      ...EMPTY,
      repeated: [{ field: 'some key', line: firstLine }],
    };
    return located;
  };
  return {
    value,
    line: undefined,
    lineOf: (field) => locate().lineOf(field),
    error: undefined,
    repeated: repeatsKeys ? locate().repeated : [],
  };
}

function parseYaml(text: string, firstLine: number): readonly TextDocument[] {
  const lines = new LineCounter();
  const lineAt = (offset: number) => lines.linePos(offset).line + firstLine - 1;
  const broken = (message: string, line: number): readonly TextDocument[] => [
    { ...EMPTY, line, lineOf: () => line, error: { line, message, discreet: message } },
  ];
  const forbidden = FORBIDDEN.exec(text);
  if (forbidden !== null) {
    const line = countLines(text.slice(0, forbidden.index)) + firstLine;
    return broken('control characters are not allowed', line);
  }
  if (nestsTooDeeply(text)) return broken(TOO_DEEP, firstLine);
  try {
    const documents = parseAllDocuments(text, {
      version: '1.1',
      // What scalars mean, which keys repeat and what << merges is for compose.ts to say.
      schema: 'failsafe',
      uniqueKeys: false,
      lineCounter: lines,
      prettyErrors: false,
      logLevel: 'silent',
    });
    // An empty text gives an empty list with an extra property, not a document.
    return Array.isArray(documents) ? documents.map((document) => yamlDocument(document, lineAt)) : [];
  } catch (error) {
    // A nesting that no stack is high enough for.
    if (error instanceof RangeError) return broken(TOO_DEEP, firstLine);
    throw error;
  }
}

const TOO_DEEP = 'nested too deeply';

/** Brackets in brackets: the parser would take gigabytes for them before compose.ts could refuse the value. */
function nestsTooDeeply(text: string): boolean {
  let depth = 0;
  for (const token of new Lexer().lex(text.replaceAll(/[^[{\]}]/g, '').length > DEEPEST ? text : '')) {
    if (token === '[' || token === '{') depth += 1;
    else if (token === ']' || token === '}') depth = Math.max(0, depth - 1);
    if (depth > DEEPEST) return true;
  }
  return false;
}

/** What is no character, or one that would only show that a file is no text. */
const FORBIDDEN = /[^\t\n -~\u0085\u00A0-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/u;

function yamlDocument(document: Document, lineAt: (offset: number) => number): TextDocument {
  const start = document.contents?.range?.[0] ?? document.range?.[0] ?? 0;
  const syntax = document.errors.find((error) => !isHarmless(error));
  const { value, repeated, mistake } = compose(document);
  const error =
    syntax === undefined
      ? mistake && { line: lineAt(mistake.offset), message: mistake.message, discreet: mistake.message }
      : { line: lineAt(syntax.pos[0]), message: describe(syntax), discreet: syntax.code };
  return {
    value: value ?? undefined,
    line: lineAt(start),
    error,
    lineOf: (field) => lineAt(offsetOf(document.contents, field) ?? start),
    repeated: repeated.map(({ field, offset }) => ({ field, line: lineAt(offset) })),
  };
}

/** Go takes `"text"#comment`, and there is no second way to read it. */
function isHarmless({ code, message }: YAMLError): boolean {
  return code === 'MISSING_CHAR' && message.startsWith('Comments must be separated');
}

const LONGEST_MESSAGE = 200;

/** One printable line: the parser quotes the text it can't read, whatever that is. */
function describe({ code, message }: YAMLError): string {
  if (code === 'RESOURCE_EXHAUSTION') return TOO_DEEP;
  const [line = ''] = message.split('\n', 1);
  const short = line.length > LONGEST_MESSAGE ? `${line.slice(0, LONGEST_MESSAGE)}…` : line;
  return short.replace(/[^ -~…]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Where the deepest existing part of the field begins: its key, or the entry of a list. */
function offsetOf(root: unknown, field: string): number | undefined {
  let node = root;
  let offset: number | undefined;
  for (const step of field.match(/[^.[\]]+/g) ?? []) {
    if (isMap(node)) {
      // Of a key that stands twice, the last one counts.
      const pair = node.items.findLast(({ key }) => isScalar(key) && key.value === step);
      if (pair === undefined || !isNode(pair.key)) return offset;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      if (!isNode(node)) return offset;
      offset = node.range?.[0] ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}
