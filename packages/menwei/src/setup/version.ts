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

/** As Kubernetes' components report theirs: `v1.36.2+menwei.0.1.0`. */
const REPORTED_VERSION = `v${BINARY_VERSION}`;

/** What `--version` prints; `raw` is written as a Go program prints it, and what a build does not know is empty. */
export function formatVersion(form: 'true' | 'raw'): string {
  if (form === 'true') return `Kubernetes ${REPORTED_VERSION}\n`;
  const fields = {
    Major: KUBERNETES.major,
    Minor: KUBERNETES.minor,
    GitVersion: REPORTED_VERSION,
    GitCommit: '',
    GitTreeState: '',
    BuildDate: '',
    GoVersion: '',
    Compiler: '',
    Platform: `${process.platform}/${process.arch === 'x64' ? 'amd64' : process.arch}`,
  };
  const text = Object.entries(fields).map(([name, value]) => `${name}:${JSON.stringify(value)}`);
  return `version.Info{${text.join(', ')}}\n`;
}
