/** Reading what `nft list table` prints. */

/** Maps that rules fill, with how long each element still lives. */
const RUNTIME_MAP = /^\tmap (nodeport-)?affinity \{\n[^}]*(\telements = \{[^}]*\}\n)\t\}/gm;

/** The dump with one element a line, without what the traffic of the moment leaves there. */
export function withElementLines(dump: string): string {
  return dump
    .replace(RUNTIME_MAP, (map, _, elements: string) => map.replace(elements, ''))
    .replace(/^\t\telements = \{ ([^}]*) \}$/gm, (_, elements: string) =>
      elements
        .split(/,\s+/)
        .map((element) => `\t\telement ${element}`)
        .join('\n'),
    );
}

/** Every object of the dump by its first line, rules in their order and elements sorted. */
export function readObjects(dump: string): Readonly<Record<string, readonly string[]>> {
  const objects: Record<string, readonly string[]> = {};
  for (const table of dump.split(/^(?=table )/m)) {
    const [name = ''] = table.split('\n', 1);
    for (const object of table.split(/^\t(?=\w.*\{$)/m).slice(1)) {
      const [title = '', ...lines] = object.split('\n');
      const elements = lines.filter((line) => line.startsWith('\t\telement ')).sort();
      objects[`${name} ${title}`] = [
        ...lines.filter((line) => !line.startsWith('\t\telement ')),
        ...elements,
      ];
    }
  }
  return objects;
}
