/** What `menwei render --mode userspace` prints is input for iptables-restore, and gives the rules that it says. */
import { execFileSync, spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeEach, expect, it } from 'vitest';
import { describeVariants } from './iptables-variants.ts';
import { LAUNCHER } from './run-process.ts';

function render(name: string, ...more: readonly string[]): string {
  const objects = fileURLToPath(new URL(`../data/${name}/objects.yaml`, import.meta.url));
  const args = ['render', '-f', objects, '--mode', 'userspace', ...more];
  const { stdout, stderr } = spawnSync(LAUNCHER, args, { encoding: 'utf8' });
  // SCTP is none of this mode's.
  expect(stderr.split('\n').filter((line) => line !== '' && !line.includes('SCTP'))).toEqual([]);
  return stdout;
}

const CASES = [
  ['the reference case', render('reference-case', '--node', 'minikube', '--cluster-cidr', '10.244.0.0/16')],
  ['every way in', render('ipvs-features', '--node', 'node-a', '--family', 'IPv4', '--keep-going')],
] as const;

describeVariants((_variant, openKernel) => {
  beforeEach(async () => {
    await openKernel('IPv4');
  });

  const load = (input: string, ...flags: readonly string[]) =>
    execFileSync('iptables-restore', ['-w', '5', '--noflush', ...flags], { input, encoding: 'utf8' });
  const save = () =>
    ['filter', 'nat']
      .map((table) => execFileSync('iptables-save', ['-t', table], { encoding: 'utf8' }))
      .join('');
  /** Both tools put the arguments in orders of their own. */
  const rulesIn = (text: string) =>
    text
      .split('\n')
      .filter((line) => /^-A KUBE-/.test(line))
      .map((line) =>
        line
          .split(' ')
          .slice(1, 2)
          .concat(line.match(/(?<=--to-(ports|destination) )\S+/) ?? []),
      );

  it.each(CASES)('%s passes the parser', (_name, script) => {
    expect(load(script, '--test')).not.toMatch(/error|warning/i);
    expect(save()).not.toContain('KUBE-');
  });

  it.each(CASES)('%s is in the kernel once it is loaded', (_name, script) => {
    load(script);
    expect(rulesIn(save()).sort()).toEqual(rulesIn(script).sort());
    expect(script).toMatch(/^# listen TCP 0\.0\.0\.0:\d+ for \S+ → /m);
  });
});
