/** Puts one variant of the iptables tools in front of the PATH of this process and its children. */
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BINARIES = {
  legacy: '/usr/sbin/xtables-legacy-multi',
  nf_tables: '/usr/sbin/xtables-nft-multi',
} as const;

interface ChosenVariant extends Disposable {
  readonly name: string;
}

/** `default`, or a variant that is not installed, means whatever the PATH has. Disposing takes it back. */
export function chooseVariant(variant: keyof typeof BINARIES | 'default'): ChosenVariant {
  if (variant === 'default' || !existsSync(BINARIES[variant])) {
    return { name: 'default', [Symbol.dispose]: () => undefined };
  }
  const folder = mkdtempSync(join(tmpdir(), 'menwei-bench-'));
  for (const name of ['iptables', 'ip6tables']) {
    for (const suffix of ['', '-save', '-restore'])
      symlinkSync(BINARIES[variant], join(folder, name + suffix));
  }
  process.env.PATH = `${folder}:${process.env.PATH}`;
  return { name: variant, [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }) };
}
