/** What the last sync of a family did. Every sync makes a new row. */

interface RuleCounts {
  /** Rules that the kernel holds of ours. */
  readonly held: Readonly<Record<string, number>>;
  /** Rules that were written. */
  readonly written: Readonly<Record<string, number>>;
}

export interface SyncRow {
  readonly ok: boolean;
  readonly seconds: number;
  /** Milliseconds since the epoch. */
  readonly endedAtMs: number;
  /**
   * How many of those that succeeded so far did not know before what the kernel holds: its connections may have met other
   * rules than ours, or none.
   */
  readonly fullCount: number;
  /** The addresses at which NodePorts are reached since the last one that succeeded. */
  readonly nodePortAddresses: 'all' | readonly string[];
  /**
   * When the changes to endpoints that it programmed were set off (annotation
   * `endpoints.kubernetes.io/last-change-trigger-time`), in milliseconds since the epoch.
   */
  readonly triggerTimesMs: readonly number[];
  /** Everything was compared with the kernel, not just what changed. */
  readonly complete: boolean;
  /** How many changes the kernel refused while all the rest succeeded. */
  readonly refusedCount: number;
  /** What failed, if it was a refusal of the kernel or of a tool: `iptables restore`, `nat`. */
  readonly failure: { readonly operation: string; readonly object: string } | undefined;
  /** When the first of the changes came that it programmed; milliseconds since the epoch. */
  readonly firstChangeMs: number | undefined;
  /** In a mode that writes iptables rules, by table. */
  readonly rules: RuleCounts | undefined;
}
