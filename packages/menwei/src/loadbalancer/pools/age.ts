/** Of two that want the same, the older one has it. */

interface Aged {
  readonly createdAtMs: number;
}

/** Of two Services; never 0 for two different ones. */
export function compareAge(
  a: Aged & { readonly service: string },
  b: Aged & { readonly service: string },
): number {
  return a.createdAtMs - b.createdAtMs || compareText(a.service, b.service);
}

/** By code units: the same everywhere. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
