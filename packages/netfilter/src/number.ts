/** A whole number in decimal digits, not above a bound; undefined for any other text. */
export function parseNumber(text: string, most: number): number | undefined {
  const value = /^\d{1,10}$/.test(text) ? Number(text) : undefined;
  return value === undefined || value > most ? undefined : value;
}
