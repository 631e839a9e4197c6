/** What is first of much that there is to say, and how much more there is. */

/** So many lines of one kind are worth reading at a time. */
export const MOST_LINES = 50;

/** The first lines of many, and how many more there are. */
export function firstLines(lines: readonly string[], most = MOST_LINES): readonly string[] {
  // One more line is no longer than the line that says so.
  return lines.length <= most + 1
    ? lines
    : [...lines.slice(0, most), `and ${lines.length - most} more messages`];
}

/** The same in one line: `KUBE-A, KUBE-B and 3 more chains`. */
export function firstOf(names: readonly string[], most: number, kind: string): string {
  const rest = names.length - most;
  return names.slice(0, most).join(', ') + (rest > 0 ? ` and ${rest} more ${kind}` : '');
}
