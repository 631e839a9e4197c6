/** So many lines of one kind are worth reading at a time. */
export const MOST_LINES = 50;

/** The first lines of many, and how many more there are. */
export function firstLines(lines: readonly string[], most = MOST_LINES): readonly string[] {
  // One more line is no longer than the line that says so.
  return lines.length <= most + 1
    ? lines
    : [...lines.slice(0, most), `and ${lines.length - most} more messages`];
}
