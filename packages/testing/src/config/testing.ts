/** Settings from a command line and a file, as tests write them. */
import { Command } from 'commander';
import { addProxyFlags, givenFlags } from 'menwei/config/flags.ts';
import { resolveSettings } from 'menwei/config/resolve.ts';
import type { Settings } from 'menwei/config/settings.ts';

const HEADER = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';

export function resolve(args: readonly string[], yaml?: string, hostname = 'Node-1', flagsWin?: boolean) {
  const command = addProxyFlags(new Command())
    .exitOverride()
    .configureOutput({ writeErr: () => undefined });
  command.parse(args, { from: 'user' });
  const configFile = yaml === undefined ? {} : { configFile: { path: 'config.yaml', text: HEADER + yaml } };
  const win = flagsWin === undefined ? {} : { flagsWin };
  return resolveSettings({ flags: givenFlags(command), hostname, ...configFile, ...win });
}

export function settingsOf(args: readonly string[], yaml?: string): Settings {
  const resolved = resolve(args, yaml);
  if ('errors' in resolved) throw new Error(resolved.errors.join('\n'));
  return resolved.settings;
}

export function errorsOf(args: readonly string[], yaml?: string): readonly string[] {
  const resolved = resolve(args, yaml);
  return 'errors' in resolved ? resolved.errors : [];
}

export function warningsOf(args: readonly string[], yaml?: string): readonly string[] {
  const resolved = resolve(args, yaml);
  return 'errors' in resolved ? resolved.errors : resolved.warnings;
}
