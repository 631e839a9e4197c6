/** What deploy/ gives, as kubectl and helm render it, and what kubectl says of it. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';
import type { Helm } from './helm.ts';
import { KubernetesApi } from './kubernetes-api.ts';

export const DEPLOY = join(import.meta.dirname, '../../deploy');
export const CHART = join(DEPLOY, 'helm/menwei');

// biome-ignore lint/suspicious/noExplicitAny: whatever is not there makes a test fail
export type Manifest = any;

export function parse(text: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS())
    .filter((object) => object !== null);
}

export function kustomize(path: string): string {
  return execFileSync('kubectl', ['kustomize', path], { encoding: 'utf8' });
}

/** The manifests of the proxy with a component of deploy/. @param folder where it may write */
export function kustomizeWith(folder: string, component: string): string {
  const place = join(folder, component);
  mkdirSync(place, { recursive: true });
  const base = relative(place, DEPLOY);
  const text = { resources: [`${base}/kubernetes`], components: [`${base}/${component}`] };
  writeFileSync(join(place, 'kustomization.yaml'), JSON.stringify(text));
  return kustomize(place);
}

/** @param settings as `--set` takes them */
export function renderChart(helm: Helm, settings: readonly string[]): string {
  const values = ['apiServer.host=api.example.com', ...settings].flatMap((setting) => ['--set', setting]);
  return helm.run('template', 'menwei', CHART, '-n', 'kube-system', '--kube-version', '1.36.2', ...values);
}

export function find(manifests: readonly Manifest[], kind: string, name?: string): Manifest {
  return manifests.find(
    (manifest) => manifest.kind === kind && (name === undefined || manifest.metadata.name === name),
  );
}

/** The lines that kubectl says, one an object. */
export async function applyDry(text: string, home: string): Promise<readonly string[]> {
  await using server = await KubernetesApi.start();
  const args = ['--server', server.url, 'apply', '--dry-run=client', '--validate=false', '-f', '-'];
  const apply = promisify(execFile)('kubectl', args, { env: { HOME: home, PATH: process.env.PATH } });
  apply.child.stdin?.end(text);
  return (await apply).stdout.trim().split('\n');
}
