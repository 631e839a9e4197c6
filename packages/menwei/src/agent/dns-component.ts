/**
 * The node's own DNS server: a process of its own, since it reads what the proxy does not (headless Services, Namespaces), and a busy
 * one must not hold up a sync. It has the proxy's source of objects and its log, and ends with it, however that ends: by the channel between
 * them (`run-dns.ts`).
 */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { DnsSettings, Settings } from '../config/settings.ts';
import type { Component } from './component.ts';

type Source = Pick<Settings, 'manifests' | 'client'>;

/** It answers for 5 s more after it was told to end. */
const STOP_MS = 10_000;

export function dnsComponent(dns: DnsSettings, source: Source): Component {
  return {
    name: 'dns',
    onFailure: 'restart',
    stopMs: STOP_MS,
    run: async (signal, ready) => {
      const argv = [...process.execArgv, program(), 'dns', ...dnsFlags(dns, source)];
      const child = spawn(process.execPath, argv, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
      const stop = () => void child.kill('SIGTERM');
      signal.addEventListener('abort', stop, { once: true });
      const ended = new Promise<string>((resolve, reject) => {
        child.once('error', reject);
        child.once('exit', (code, by) => resolve(by ?? `exit status ${code}`));
      });
      child.once('spawn', ready);
      if (signal.aborted) stop();
      try {
        const how = await ended;
        if (!signal.aborted) throw new Error(`the DNS server has ended: ${how}`);
      } finally {
        signal.removeEventListener('abort', stop);
      }
    },
  };
}

export function dnsFlags(dns: DnsSettings, { manifests, client }: Source): readonly string[] {
  const { addresses, forward, zone, metricsBindAddress } = dns;
  const flags = [
    '--dns-bind',
    addresses.join(),
    '--dns-zone',
    zone,
    '--bind-address',
    metricsBindAddress === 'none' ? '' : metricsBindAddress,
  ];
  if (forward.length > 0) flags.push('--dns-forward', forward.join());
  if (manifests.length > 0) return [...flags, ...manifests.flatMap((path) => ['--manifests', path])];
  if (client.kubeconfig !== '') flags.push('--kubeconfig', client.kubeconfig);
  if (client.master !== '') flags.push('--master', client.master);
  return flags;
}

/** Beside the one that runs: that may be `kube-proxy`, which has no other commands. */
function program(): string {
  const [, own = ''] = process.argv;
  const others = ['main', 'menwei'].map((name) =>
    join(dirname(own), basename(own).replace('kube-proxy', name)),
  );
  return others.find((path) => existsSync(path)) ?? own;
}
