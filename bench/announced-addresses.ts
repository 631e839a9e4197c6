/** So many addresses of 10.0.0.0/8. */
export function announcedAddresses(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `10.0.${(index >> 8) & 0xff}.${index & 0xff}`);
}
