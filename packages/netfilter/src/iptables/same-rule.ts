/** When two rules are the same to the kernel. */
import { type HeldRule, isForeign, type Rule, withoutHostPrefix } from './rule.ts';

export function isSameRule(a: HeldRule, b: HeldRule): boolean {
  if (a === b) return true;
  // Most rules differ in their targets, and then nothing else is looked at.
  if (a.target !== b.target) return false;
  if (isForeign(a) || isForeign(b)) return isForeign(a) && isForeign(b) && a.foreign === b.foreign;
  return a.comment === b.comment && isSameButForComment(a, b);
}

/**
 * Whether a deletion of the one may hit the other: ip6tables of the nf_tables variant (1.8.9) finds the rule to delete by
 * addresses without the lengths of their prefixes.
 */
export function isAlike(a: HeldRule, b: HeldRule): boolean {
  if (a === b) return true;
  if (isForeign(a) || isForeign(b))
    return isForeign(a) && isForeign(b) && alikeText(a.foreign) === alikeText(b.foreign);
  if (a.target !== b.target || a.comment !== b.comment) return false;
  return isSameButForComment(withoutPrefixLengths(a), withoutPrefixLengths(b));
}

/** The same text for rules that are alike. */
export function alikeText(text: string): string {
  return text.replaceAll(/((?:^| )-[sd] [0-9a-f:.]*:[0-9a-f:.]*)\/\d+/g, '$1');
}

function withoutPrefixLengths(rule: Rule): Rule {
  const { source, destination } = rule;
  if (!isIPv6Range(source) && !isIPv6Range(destination)) return rule;
  return { ...rule, source: withoutPrefixLength(source), destination: withoutPrefixLength(destination) };
}

function withoutPrefixLength(range: string | undefined): string | undefined {
  return isIPv6Range(range) ? range?.replace(/\/\d+$/, '') : range;
}

function isIPv6Range(range: string | undefined): boolean {
  return range?.includes(':') === true;
}

/**
 * The rules of two chains are the same even if only one side has the comments that large clusters go without
 * (spec § 4.9): rewriting them all would change no packet's way.
 */
export function areSameRules(a: readonly HeldRule[], b: readonly HeldRule[]): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let index = 0; index < a.length; index++) {
    const [one, other] = [a[index], b[index]];
    if (one === undefined || other === undefined || !isSameButForOptionalComment(one, other)) return false;
  }
  return true;
}

function isSameButForOptionalComment(a: HeldRule, b: HeldRule): boolean {
  if (a === b) return true;
  if (isForeign(a) || isForeign(b)) return isForeign(a) && isForeign(b) && a.foreign === b.foreign;
  const isSameComment = a.comment === b.comment || (isOptional(a.comment) && isOptional(b.comment));
  return isSameComment && isSameButForComment(a, b);
}

/** Names of service ports, `default/web:http -> 10.0.0.1:80`, or nothing; all others are whole sentences. */
function isOptional(comment: string | undefined): boolean {
  return comment === undefined || comment.includes(' -> ') || !/[ ']/.test(comment);
}

/** Looks at what the rules have alone: most have three of twenty fields. */
function isSameButForComment<Some extends Rule>(a: Some, b: Some): boolean {
  for (const field in a) {
    if (a[field] !== b[field] && field !== 'comment' && !isSameField(field, a, b)) return false;
  }
  for (const field in b) {
    if (a[field] === undefined && b[field] !== undefined && field !== 'comment') return false;
  }
  return true;
}

function isSameField(field: string, a: Rule, b: Rule): boolean {
  switch (field) {
    case 'source':
      return isSameAddress(a.source, b.source);
    case 'destination':
      return isSameAddress(a.destination, b.destination);
    case 'recent':
      return a.recent?.name === b.recent?.name && a.recent?.seconds === b.recent?.seconds;
    case 'set':
      return a.set?.name === b.set?.name && a.set?.directions === b.set?.directions;
    case 'virtual':
      return (
        a.virtual?.ip === b.virtual?.ip &&
        a.virtual?.protocol === b.virtual?.protocol &&
        a.virtual?.port === b.virtual?.port
      );
    default:
      return false;
  }
}

function isSameAddress(a: string | undefined, b: string | undefined): boolean {
  if (a === b) return true;
  return a !== undefined && b !== undefined && withoutHostPrefix(a) === withoutHostPrefix(b);
}
