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

/** The version of kube-proxy whose behaviour this is: what dashboards and alerts compare between components. */
const KUBERNETES = { major: '1', minor: '36', patch: '2' };

/** @param version of Menwei */
export function registerBuildMetrics(
  registry: Registry,
  version: string,
  gates: () => readonly ObservedGate[],
): void {
  const { major, minor, patch } = KUBERNETES;
  const labels = {
    major,
    minor,
    git_version: `v${major}.${minor}.${patch}+menwei.${version}`,
    git_commit: '',
    git_tree_state: '',
    build_date: '',
    go_version: `node${process.version}`,
    compiler: 'v8',
    platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
  registry.collected(BUILD_INFO, () => [{ labels, value: 1 }]);
  registry.collected(FEATURE_ENABLED, () =>
    gates().map(({ name, enabled, stage }) => ({ labels: { name, stage }, value: enabled ? 1 : 0 })),
  );
}
