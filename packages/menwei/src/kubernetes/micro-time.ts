/** A meta/v1 MicroTime, as Leases and Events have them: RFC 3339 with microseconds. */
export function formatMicroTime(timeMs: number): string {
  return new Date(timeMs).toISOString().replace('Z', '000Z');
}
