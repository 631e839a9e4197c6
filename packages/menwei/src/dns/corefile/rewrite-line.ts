/** `rewrite [stop] name [exact] FROM TO`, on one line or as lines of a body that has one. */
import type { Directive } from './block.ts';
import type { Findings } from './findings.ts';

/** From and to; undefined: it is not supported, which was said. */
export function readRewrite(
  found: Findings,
  directive: Directive,
): readonly [from: string, to: string] | undefined {
  const words = directive.args[0] === 'stop' ? directive.args.slice(1) : directive.args;
  const rule = directive.body.length === 0 ? words : [];
  const names = rule[1] === 'exact' ? rule.slice(2) : rule.slice(1);
  const answer = names.slice(2).join(' ');
  const isSupported =
    rule[0] === 'name' &&
    names.length >= 2 &&
    (answer === '' || answer === 'answer auto') &&
    !KINDS.includes(names[0] ?? '');
  if (!isSupported) {
    found.complain(directive, 'only "rewrite name exact FROM TO" is supported');
    return undefined;
  }
  const [from = '', to = ''] = found.domains(directive, names.slice(0, 2));
  return [from, to];
}

/** Of other rules about names. */
const KINDS = ['prefix', 'suffix', 'substring', 'regex'];
