/**
 * The nodes of a graph that reach themselves, in groups that all reach each other (Tarjan's strongly connected
 * components of more than one node).
 */
export function circles(graph: ReadonlyMap<string, ReadonlySet<string>>): readonly (readonly string[])[] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const earliest = new Map<string, number>();
  const path: string[] = [];

  const visit = (node: string): number => {
    const number = order.size;
    order.set(node, number);
    let low = number;
    path.push(node);
    for (const next of graph.get(node) ?? []) {
      if (!order.has(next)) low = Math.min(low, visit(next));
      else if (path.includes(next)) low = Math.min(low, earliest.get(next) ?? order.get(next) ?? low);
    }
    earliest.set(node, low);
    if (low !== number) return low;
    const group = path.splice(path.indexOf(node));
    if (group.length > 1) found.push(group.sort());
    return low;
  };

  for (const node of graph.keys()) if (!order.has(node)) visit(node);
  return found;
}
