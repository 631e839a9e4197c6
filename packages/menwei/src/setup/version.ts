import { readFileSync } from 'node:fs';

const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));

/** The release of Kubernetes whose kube-proxy this stands in for. */
const KUBERNETES = { major: '1', minor: '36', patch: '2' };

/** Of the package, as `0.1.0`. */
export const VERSION: string =
  typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '';

/** Of Kubernetes, as `1.36`. */
export const KUBERNETES_VERSION = `${KUBERNETES.major}.${KUBERNETES.minor}`;

/** Without what Kubernetes' components put before theirs: `1.36.2+menwei.0.1.0`. */
export const BINARY_VERSION = `${KUBERNETES_VERSION}.${KUBERNETES.patch}+menwei.${VERSION}`;

/** Of this machine, in the words of Kubernetes: `amd64`. */
export const ARCHITECTURE: string = process.arch === 'x64' ? 'amd64' : process.arch;

/** What a Kubernetes component tells of its build. */
export const BUILD = {
  major: KUBERNETES.major,
  minor: KUBERNETES.minor,
  /** `v1.36.2+menwei.0.1.0` */
  version: `v${BINARY_VERSION}`,
  /** `linux/amd64` */
  platform: `${process.platform}/${ARCHITECTURE}`,
} as const;

/** What `--version` prints; `raw` is written as a Go program prints it, and what a build does not know is empty. */
export function formatVersion(form: 'true' | 'raw'): string {
  if (form === 'true') return `Kubernetes ${BUILD.version}\n`;
  const fields = {
    Major: BUILD.major,
    Minor: BUILD.minor,
    GitVersion: BUILD.version,
    GitCommit: '',
    GitTreeState: '',
    BuildDate: '',
    GoVersion: '',
    Compiler: '',
    Platform: BUILD.platform,
  };
  const text = Object.entries(fields).map(([name, value]) => `${name}:${JSON.stringify(value)}`);
  return `version.Info{${text.join(', ')}}\n`;
}
