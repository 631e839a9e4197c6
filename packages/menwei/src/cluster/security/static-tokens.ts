/** Tokens of a file: `token,user,uid,"group1,group2"`, one a line, as kube-apiserver's `--token-auth-file` has them. */
import { createHmac, randomBytes } from 'node:crypto';
import type { User } from './access.ts';
import { authenticated } from './users.ts';

/** Each error names the line, and nothing that stands in it. */
type ParsedTokens = { readonly tokens: StaticTokens } | { readonly errors: readonly string[] };

export class StaticTokens {
  /** A key that nobody knows: how long it takes to find a token tells nothing about those that there are. */
  readonly #key = randomBytes(32);
  readonly #users: ReadonlyMap<string, User>;

  constructor(users: Iterable<readonly [token: string, user: User]> = []) {
    this.#users = new Map(Array.from(users, ([token, user]) => [this.#digest(token), user]));
  }

  find(token: string): User | undefined {
    return this.#users.get(this.#digest(token));
  }

  #digest(token: string): string {
    return createHmac('sha256', this.#key).update(token).digest('base64');
  }
}

/** All tokens, or what is wrong. */
export function parseTokens(text: string): ParsedTokens {
  const errors: string[] = [];
  const users = new Map<string, User>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const fields = splitFields(line);
    const [token = '', name = '', uid = '', groups = ''] = fields ?? [];
    const isComplete = fields !== undefined && fields.length >= 3 && token !== '' && name !== '';
    if (!isComplete) errors.push(`line ${index + 1} is not token,user,uid,"group1,group2"`);
    else if (users.has(token)) errors.push(`line ${index + 1} has the token of an earlier line`);
    else users.set(token, authenticated(name, splitGroups(groups), { uid }));
  }
  return errors.length > 0 ? { errors } : { tokens: new StaticTokens(users) };
}

function splitGroups(text: string): readonly string[] {
  return text.split(',').flatMap((group) => group.trim() || []);
}

/** Comma-separated values, quoted or not; undefined if a quote is not closed, or something stands behind it. */
function splitFields(line: string): readonly string[] | undefined {
  const fields: string[] = [];
  let rest = line;
  for (;;) {
    const match = /^\s*(?:"((?:[^"]|"")*)"\s*|([^",]*))(,|$)/.exec(rest);
    if (match === null) return undefined;
    const [all, quoted, plain = '', end] = match;
    fields.push(quoted === undefined ? plain.trim() : quoted.replaceAll('""', '"'));
    if (end === '') return fields;
    rest = rest.slice(all.length);
  }
}
