/** What a run tells of itself at `/configz`, `/flagz` and `/statusz`. */
import { formatFlagValues } from '../config/flag-values.ts';
import type { GivenFlags } from '../config/flags.ts';
import { documentOf } from '../config/format.ts';
import type { Settings } from '../config/settings.ts';
import type { Introspection } from '../metrics/zpages.ts';
import { BINARY_VERSION, KUBERNETES_VERSION } from '../setup/version.ts';

/** @param configuration the one in force */
export function introspect(
  { featureGates: { componentFlagz, componentStatusz } }: Settings,
  flags: GivenFlags,
  configuration: () => Parameters<typeof documentOf>[0],
): Introspection {
  return {
    configuration: () => documentOf(configuration()),
    flags: componentFlagz ? formatFlagValues(flags) : undefined,
    build: componentStatusz
      ? {
          startedAtMs: performance.timeOrigin,
          binaryVersion: BINARY_VERSION,
          emulationVersion: KUBERNETES_VERSION,
        }
      : undefined,
  };
}
