/** By code units, as `sort` does without being told; 0 for equal ones. */
export function compareText(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}
