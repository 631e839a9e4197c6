/** When two values mean the same to the API, however they were decoded. */
import { canonicalPart } from '../schema/canonical-form.ts';
import type { MessageName } from '../schema/shape.ts';

/** Both of the same message; nothing is the same as an empty one. */
export function isSameMessage(message: MessageName, a: object | undefined, b: object | undefined): boolean {
  return meaningOf(message, a) === meaningOf(message, b);
}

/** The same of lists of that message. */
export function isSameMessages(
  message: MessageName,
  a: readonly object[] | null | undefined,
  b: readonly object[] | null | undefined,
): boolean {
  const [listA, listB] = [a ?? [], b ?? []];
  return listA.length === listB.length && listA.every((item, i) => isSameMessage(message, item, listB[i]));
}

/** One text for all values that mean the same. */
export function meaningOf(message: MessageName, value: object = {}): string {
  return JSON.stringify(canonicalPart(message, value));
}
