/** Columns for people, in the manner of kubectl. */
import { escapeControls } from '../../log/escape-controls.ts';

/** @param rows as many cells as there are titles; an empty one is `<none>` */
export function formatTable(titles: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [
    titles,
    ...rows.map((row) => row.map((cell) => (cell === '' ? '<none>' : escapeControls(cell)))),
  ];
  const widths = titles.map((_, index) => Math.max(...lines.map((line) => line[index]?.length ?? 0)));
  return lines.map((line) => `${pad(line, widths)}\n`).join('');
}

function pad(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, index) => cell.padEnd(widths[index] ?? 0))
    .join('   ')
    .trimEnd();
}
