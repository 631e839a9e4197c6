/** A container as its runtime makes it of a securityContext: these capabilities, and sysctls that can't be written. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

const DEPLOY = join(import.meta.dirname, '../../deploy');

interface Container {
  readonly name: string;
  readonly securityContext: {
    readonly capabilities: { readonly add: readonly string[]; readonly drop: readonly string[] };
    readonly allowPrivilegeEscalation: boolean;
    readonly readOnlyRootFilesystem: boolean;
  };
}

/** The container of the DaemonSet that goes on running. */
export function proxyContainer(): Container {
  const file = join(DEPLOY, 'kubernetes/daemonset.yaml');
  const [container] = parse(readFileSync(file, 'utf8')).spec.template.spec.containers;
  return container;
}

/** `NET_ADMIN NET_RAW …` of the systemd unit. */
export function unitCapabilities(): readonly string[] {
  const unit = readFileSync(join(DEPLOY, 'systemd/menwei.service'), 'utf8');
  const [, line = ''] = /^CapabilityBoundingSet=(.*)$/m.exec(unit) ?? [];
  return line.split(' ').map((name) => name.replace(/^CAP_/, ''));
}

/** capsh's arguments that leave these capabilities alone, as far as this machine has them, up to the command that it is to start. */
export function onlyCapabilities(granted: readonly string[]): readonly string[] {
  const printed = execFileSync('capsh', ['--print'], { encoding: 'utf8' });
  const [, all = ''] = /^Bounding set =(.*)$/m.exec(printed) ?? [];
  const kept = granted.map((name) => `cap_${name.toLowerCase()}`);
  for (const name of kept) execFileSync('capsh', [`--supports=${name}`]);
  const dropped = all.split(',').filter((name) => !kept.includes(name));
  return [`--drop=${dropped.join(',')}`, '--no-new-privs', '--', '-c', 'exec "$0" "$@"'];
}

const READ_ONLY = 'mount --bind /proc/sys /proc/sys && mount -o remount,bind,ro /proc/sys && exec "$@"';
/** What starts a command that can't write sysctls. */
export const READ_ONLY_SYSCTLS: readonly string[] = [
  ...['unshare', '--mount', '--propagation', 'private'],
  ...['sh', '-c', READ_ONLY, 'sh'],
];

/** What starts a command as the container runtime would, but on the file system of the machine. */
export function asContainer(granted: readonly string[]): readonly string[] {
  return [...READ_ONLY_SYSCTLS, 'capsh', ...onlyCapabilities(granted)];
}
