/** Which version runs, and which features are on. */
import { BUILD_INFO, FEATURE_ENABLED } from './catalogue/libraries.ts';
import type { Registry } from './registry.ts';

/** A feature gate as Kubernetes has it. */
export interface ObservedGate {
  readonly name: string;
  readonly enabled: boolean;
  /** `ALPHA`, `BETA`, `DEPRECATED`; empty: generally available. */
  readonly stage: string;
}

/** What is known of the build. */
export interface Build {
  readonly major: string;
  readonly minor: string;
  /** `v1.36.2+menwei.0.1.0` */
  readonly version: string;
  /** `linux/amd64` */
  readonly platform: string;
}

export function registerBuildMetrics(
  registry: Registry,
  { major, minor, version, platform }: Build,
  gates: readonly ObservedGate[],
): void {
  const labels = {
    ...{ major, minor, git_version: version, platform },
    ...{ git_commit: '', git_tree_state: '', build_date: '' },
    ...{ go_version: `node${process.version}`, compiler: 'v8' },
  };
  registry.collected(BUILD_INFO, () => [{ labels, value: 1 }]);
  registry.collected(FEATURE_ENABLED, () =>
    gates.map(({ name, enabled, stage }) => ({ labels: { name, stage }, value: enabled ? 1 : 0 })),
  );
}
