/** The proxy of one family, of any mode, as the sync loop sees it. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import type { Refusal, TrafficOfPorts } from '../backends/backend.ts';
import type { PendingChanges } from '../services/service-tracker.ts';

/** What a sync did, for metrics and the log. */
export interface SyncResult {
  readonly ok: boolean;
  readonly error?: unknown;
  /** Everything was compared with the kernel, not just what changed. */
  readonly complete: boolean;
  readonly changedServicePorts: number;
  /** What the kernel did not take, while all the rest succeeded. */
  readonly refused: readonly Refusal[];
  /** When a sync is due that tries again what was refused; undefined: nothing is. */
  readonly retryInMs: number | undefined;
}

/** A FamilyProxy of any mode, as the sync loop sees it. */
export interface Syncable {
  readonly family: IpFamily;
  /** Whom to tell when the objects have changed in a way that may concern this family. */
  onTouched(listener: () => void): void;
  /** What has changed and no sync has taken up yet. */
  readonly pendingChanges: PendingChanges;
  /** What went through its service ports; undefined in a mode that can't tell. Throws KernelError. */
  observeTraffic(signal: AbortSignal): Promise<TrafficOfPorts | undefined>;
  sync(signal: AbortSignal): Promise<SyncResult>;
  /** What the kernel holds is not what we left: the next sync looks at all of it. */
  forgetKernel(): void;
  watch(drifted: (what?: string) => void, signal: AbortSignal): Promise<void>;
}
