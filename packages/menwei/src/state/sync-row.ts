/** What the last sync of a family did. Every sync makes a new row. */

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
}
