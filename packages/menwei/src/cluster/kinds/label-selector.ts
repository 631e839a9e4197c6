/**
 * Label selectors as requests have them: `app=web,tier in (a,b),!old` (k8s.io/apimachinery/pkg/labels). A text is split into
 * symbols, and those are read from left to right.
 */
import { type FieldError, formatErrorBody, invalid } from '../schema/field-error.ts';
import { badRequest, type StatusError } from '../schema/status-error.ts';
import { whyNoLabelKey, whyNoLabelValue } from './syntax.ts';

type Operator = '=' | '==' | '!=' | 'in' | 'notin' | '>' | '<' | 'exists' | '!';

interface LabelRequirement {
  readonly key: string;
  readonly operator: Operator;
  /** None for `exists` and `!`; else at least one. */
  readonly values: readonly string[];
}

/** All must hold; none holds for every object. */
export type LabelSelector = readonly LabelRequirement[];

interface Token {
  readonly type: 'symbol' | 'word' | 'end';
  readonly text: string;
}

/** As the reference lists them in a message. */
const BINARY_OPERATORS = ['in', 'notin', '=', '==', '!=', 'gt', 'lt'];
const INTEGER = /^\d+$/;

/** @throws StatusError 400 */
export function parseLabelSelector(text: string): LabelSelector {
  return new Parser(tokenize(text)).parse();
}

export function matchesLabels(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return selector.every((requirement) => {
    const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
    return isMet(requirement, value);
  });
}

function isMet({ operator, values }: LabelRequirement, value: string | undefined): boolean {
  switch (operator) {
    case 'exists':
      return value !== undefined;
    case '!':
      return value === undefined;
    case '!=':
    case 'notin':
      return value === undefined || !values.includes(value);
    case '>':
    case '<':
      return value !== undefined && isBeyond(operator, value, values[0] ?? '');
    default:
      return value !== undefined && values.includes(value);
  }
}

function isBeyond(operator: '>' | '<', value: string, bound: string): boolean {
  if (!INTEGER.test(value)) return false;
  return operator === '>' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
}

class Parser {
  readonly #tokens: readonly Token[];
  #position = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): LabelSelector {
    const requirements: LabelRequirement[] = [];
    while (this.#next.type !== 'end') {
      if (!this.#startsRequirement) {
        throw badRequest(`found '${this.#next.text}', expected: !, identifier, or 'end of string'`);
      }
      requirements.push(this.#requirement());
      const token = this.#take();
      if (token.type === 'end') break;
      if (!isSymbol(token, ',')) {
        throw badRequest(`found '${token.text}', expected: ',' or 'end of string'`);
      }
      if (!this.#startsRequirement) {
        throw badRequest(`found '${this.#next.text}', expected: identifier after ','`);
      }
    }
    return requirements.toSorted((a, b) => (a.key < b.key ? -1 : Number(a.key > b.key)));
  }

  get #next(): Token {
    return this.#tokens[this.#position] ?? END;
  }

  get #startsRequirement(): boolean {
    return this.#next.type === 'word' || isSymbol(this.#next, '!');
  }

  #take(): Token {
    const token = this.#next;
    this.#position += 1;
    return token;
  }

  #requirement(): LabelRequirement {
    const isNegated = isSymbol(this.#next, '!');
    if (isNegated) this.#take();
    const { type, text: key } = this.#take();
    if (type !== 'word') throw unexpected(key, ', expected: identifier');
    const whys = whyNoLabelKey(key);
    if (whys.length > 0) throw unparsable([invalid('<nil>', key, whys.join('; '))]);
    if (isNegated) return { key, operator: '!', values: [] };
    if (this.#next.type === 'end' || isSymbol(this.#next, ','))
      return { key, operator: 'exists', values: [] };
    const operator = this.#operator();
    const values = operator === 'in' || operator === 'notin' ? this.#list() : [this.#value()];
    return checked({ key, operator, values: [...new Set(values)].sort() });
  }

  #operator(): Operator {
    const { type, text } = this.#take();
    switch (text) {
      case 'in':
      case 'notin':
        return text;
      case '=':
      case '==':
      case '!=':
      case '>':
      case '<':
        if (type === 'symbol') return text;
    }
    throw unexpected(text, `, expected: ${BINARY_OPERATORS.join(', ')}`);
  }

  /** Nothing is the empty value. */
  #value(): string {
    if (this.#next.type === 'end' || isSymbol(this.#next, ',')) return '';
    const { type, text } = this.#take();
    if (type !== 'word') throw unexpected(text, ', expected: identifier');
    return text;
  }

  /** `(a,b)`; what is between two commas may be empty. */
  #list(): readonly string[] {
    const open = this.#take();
    if (!isSymbol(open, '(')) throw unexpected(open.text, " expected: '('");
    if (!isSymbol(this.#next, ')', ',') && this.#next.type !== 'word') {
      throw unexpected(this.#next.text, ", expected: ',', ')' or identifier");
    }
    const values: string[] = [];
    for (;;) {
      values.push(isSymbol(this.#next, ',', ')') ? '' : this.#listItem());
      if (isSymbol(this.#take(), ')')) return values;
    }
  }

  #listItem(): string {
    const { type, text } = this.#take();
    if (type !== 'word') throw unexpected(text, ", expected: ',', or identifier");
    if (!isSymbol(this.#next, ',', ')')) throw unexpected(this.#next.text, ", expected: ',' or ')'");
    return text;
  }
}

function checked(requirement: LabelRequirement): LabelRequirement {
  const { key, operator, values } = requirement;
  const errors: FieldError[] = [];
  if ((operator === '>' || operator === '<') && !INTEGER.test(values[0] ?? '')) {
    errors.push(invalid('values[0]', values[0], "for 'Gt', 'Lt' operators, the value must be an integer"));
  }
  values.forEach((value, i) => {
    const whys = whyNoLabelValue(value);
    if (whys.length > 0) errors.push(invalid(`values[${i}][${key}]`, value, whys.join('; ')));
  });
  if (errors.length > 0) throw unparsable(errors);
  return requirement;
}

const END: Token = { type: 'end', text: '' };
const SYMBOLS: readonly string[] = [')', ',', '!', '==', '=', '>', '<', '!=', '('];

function isSymbol({ type, text }: Token, ...texts: readonly string[]): boolean {
  return type === 'symbol' && texts.includes(text);
}

function tokenize(text: string): readonly Token[] {
  const tokens: Token[] = [];
  // A zero byte ends the text, as it does in the reference.
  const [visible = ''] = text.split('\0');
  for (const [part] of visible.matchAll(/[=!(),><]+|[^=!(),><\s]+/g)) {
    if (/^[=!(),><]/.test(part)) tokens.push(...symbolsOf(part));
    else tokens.push({ type: 'word', text: part });
  }
  return tokens;
}

/** The longest symbol each time: `==`, then `=`. */
function symbolsOf(run: string): readonly Token[] {
  const tokens: Token[] = [];
  for (let at = 0; at < run.length; ) {
    const pair = run.slice(at, at + 2);
    const text = SYMBOLS.includes(pair) ? pair : run.charAt(at);
    tokens.push({ type: 'symbol', text });
    at += text.length;
  }
  return tokens;
}

function unexpected(text: string, expected: string): StatusError {
  return badRequest(`unable to parse requirement: found '${text}'${expected}`);
}

function unparsable(errors: readonly FieldError[]): StatusError {
  const texts = errors.map((error) => `${error.field}: ${formatErrorBody(error)}`);
  return badRequest(
    `unable to parse requirement: ${texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`}`,
  );
}
