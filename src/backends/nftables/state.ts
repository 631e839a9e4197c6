/** What the kernel holds, or must hold: the table, a part of it that is compared with the same part, or nothing. */
import type { Element, TableContent } from '../../kernel/netlink/nf-tables/model.ts';

export type NftablesState = TableContent | undefined;

/** Elements by set and key, for whoever gathers them. */
export class ElementTable {
  readonly bySet = new Map<string, Map<string, Element>>();

  add(set: string, element: Element): void {
    let elements = this.bySet.get(set);
    if (elements === undefined) {
      elements = new Map();
      this.bySet.set(set, elements);
    }
    elements.set(element.key, element);
  }
}
