/** The wait for the first complete set of objects. */
import { pause } from '../../scheduling/pause.ts';
import type { ObjectTables } from '../../state/object-tables.ts';

/** Whether everything was read within the time; false also when the signal has fired before. */
export async function untilSynced(
  { syncedSources }: Pick<ObjectTables, 'syncedSources'>,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<boolean> {
  const isSynced = () => syncedSources.rows.size > 0;
  let wake: () => void = () => undefined;
  const reader = syncedSources.reader(() => wake());
  try {
    reader.take();
    if (isSynced()) return true;
    await pause(timeoutMs, signal, (end) => {
      wake = end;
    });
    return isSynced();
  } finally {
    reader.close();
  }
}
