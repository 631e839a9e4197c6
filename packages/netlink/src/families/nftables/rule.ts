/** Rules in netlink attributes. */
import { type Attributes, decodeAttributes } from '../../attribute.ts';
import { forEachAttribute } from '../../attribute-reader.ts';
import type { MessageWriter } from '../../message-writer.ts';
import { text } from './attribute-value.ts';
import { NFTA_RULE } from './constants.ts';
import { decodeExpression, encodeExpression } from './expression.ts';
import type { Expression, Rule, TableFamily, TableName } from './model.ts';
import { decodeComment, encodeComment } from './userdata.ts';

/** Of all rules of a chain, to take them away. */
export function encodeRuleChain(writer: MessageWriter, table: string, chain: string): void {
  writer.text(NFTA_RULE.TABLE, table);
  writer.text(NFTA_RULE.CHAIN, chain);
}

export function encodeRule(
  writer: MessageWriter,
  { family, name }: TableName,
  chain: string,
  { expressions, comment }: Rule,
): void {
  encodeRuleChain(writer, name, chain);
  const list = writer.beginNested(NFTA_RULE.EXPRESSIONS);
  for (const expression of expressions) encodeExpression(writer, expression, family);
  writer.endNested(list);
  encodeComment(writer, NFTA_RULE.USERDATA, comment);
}

export function decodeRuleChain(attributes: Attributes): string {
  return text(attributes, NFTA_RULE.CHAIN);
}

/** Throws KernelError. */
export function decodeRule(attributes: Attributes, family: TableFamily): Rule {
  const expressions: Expression[] = [];
  const list = attributes.get(NFTA_RULE.EXPRESSIONS) ?? new Uint8Array();
  forEachAttribute(list, 0, list.length, (_, from, to) => {
    const expression = decodeExpression(decodeAttributes(list.subarray(from, to)), family);
    if (expression !== undefined) expressions.push(expression);
  });
  return { expressions, comment: decodeComment(attributes.get(NFTA_RULE.USERDATA)) };
}
