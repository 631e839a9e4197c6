import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { FLAG_GROUPS } from '../config/field.ts';
import { FLAGS } from '../config/flag-table.ts';
import { registerDiffCommand } from './diff.ts';
import { createProgram } from './program.ts';
import { registerRunCommand } from './run.ts';

const program = createProgram('menwei', '');
registerRunCommand(program);
registerDiffCommand(program);
const helpOf = (name: string) => find(name).createHelp().formatHelp(find(name), find(name).createHelp());

function find(name: string): Command {
  const command = program.commands.find((candidate) => candidate.name() === name);
  if (command === undefined) throw new Error(`no command ${name}`);
  return command;
}

const help = { run: helpOf('run'), diff: helpOf('diff') };
const listed = (text: string) => Array.from(text.matchAll(/^ {2}(?:-\w, )?--([\w-]+)/gm), ([, name]) => name);

describe('--help', () => {
  it('of run has all flags, by group', () => {
    expect(listed(help.run).filter((name) => name !== 'help')).toEqual(FLAGS.map(({ name }) => name));
    const headings = Array.from(help.run.matchAll(/^(\S.*):$/gm), ([, heading]) => heading);
    expect(headings).toEqual([...FLAG_GROUPS, 'Options']);
  });

  it('of diff has the flags that it uses', () => {
    expect(listed(help.diff)).toEqual(expect.arrayContaining(['proxy-mode', 'manifests', 'kubeconfig']));
    for (const name of ['cleanup', 'metrics-bind-address', 'write-config-to', 'conntrack-min', 'dry-run']) {
      expect(listed(help.diff)).not.toContain(name);
    }
    expect(listed(help.diff)).toEqual(listed(help.run).filter((name) => listed(help.diff).includes(name)));
  });

  it('of diff is silent of the others, which it takes too', () => {
    expect(find('diff').options.map(({ long }) => long)).toEqual(find('run').options.map(({ long }) => long));
  });

  it.each(['run', 'diff'] as const)('of %s is readable on 80 columns', (name) => {
    expect(help[name].split('\n').filter((line) => line.length > 80)).toEqual([]);
  });
});

const BIN = fileURLToPath(new URL('../../../../bin/', import.meta.url));
const run = (line: string) => {
  const [file = '', ...args] = line.split(' ');
  const { status, stdout, stderr } = spawnSync(`${BIN}${file}`, args, { encoding: 'utf8', timeout: 20_000 });
  return { status, stdout, stderr };
};

describe('exit status', () => {
  it.each([
    ['menwei run extra', 2, /^menwei: too many arguments for 'run'/],
    ['kube-proxy extra', 2, /^menwei: too many arguments/],
    ['kube-proxy --no-such-flag', 2, /^menwei: unknown option '--no-such-flag'\n$/],
    ['kube-proxy --proxy-mode=kernelspace', 2, /^menwei: --proxy-mode: "kernelspace": must be one of /],
    ['kube-proxy --version=v1.35.0', 2, /must be a version v1\.36\.2/],
    [
      'kube-proxy --config=/nowhere/at-all',
      1,
      /^menwei: \/nowhere\/at-all: the configuration file can't be read/,
    ],
    ['menwei diff --cleanup', 2, /^menwei: --cleanup: contradicts diff/],
    ['menwei cleanup --dry-run', 2, /^menwei: unknown option '--dry-run'\n$/],
    ['menwei status --config=/nowhere/at-all', 1, /^menwei: \/nowhere\/at-all: /],
    ['menwei lab status --name=Bad', 2, /^menwei: --name Bad: /],
    ['menwei lb explain web', 2, /^menwei: web is not a Service such as default\/web\n$/],
    ['menwei lb pools --address=nowhere', 2, /^menwei: --address: nowhere is not an address and port/],
    ['menwei lb pools --manifests=/nowhere', 2, /^menwei: --manifests: needs --status-file/],
    [
      'menwei lb explain --address=127.0.0.1:1',
      1,
      /^menwei: can't ask http:\/\/127\.0\.0\.1:1: .*does menwei lb run here/,
    ],
    ['menwei nonsense', 2, /^menwei: unknown command 'nonsense'/],
  ])('of %s is %d', (line, status, stderr) => {
    expect(run(line)).toEqual({ status, stdout: '', stderr: expect.stringMatching(stderr) });
  });

  it.each([
    ['kube-proxy --version', /^Kubernetes v1\.36\.2\+menwei\.\d+\.\d+\.\d+\n$/],
    ['menwei run --version=true', /^Kubernetes v1\.36\.2\+menwei\./],
    [
      'kube-proxy --version=raw',
      /^version\.Info\{Major:"1", Minor:"36", GitVersion:"v1\.36\.2\+menwei\.[^}]*\}\n$/,
    ],
  ])('of %s is 0', (line, stdout) => {
    expect(run(line)).toEqual({ status: 0, stdout: expect.stringMatching(stdout), stderr: '' });
  });
});
