/** The legacy tools share a lock; whoever holds it while a proxy starts must not cost that a family for good. */
import { spawn } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { describeVariants } from './iptables-variants.ts';
import { TestFolder } from './run-cluster.ts';
import { observeStatus, RunProcess } from './run-process.ts';

const MANIFEST = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec:
  clusterIP: 172.30.0.1
  clusterIPs: [172.30.0.1, "fd00:172:30::1"]
  ipFamilies: [IPv4, IPv6]
  ipFamilyPolicy: RequireDualStack
  ports: [{port: 80}]
`;
const patience = { timeout: 30_000, interval: 50 };

/** The tools with a lock of their own: the usual one is that of the machine. */
function writeTools(folder: TestFolder, lock: string): void {
  for (const tool of ['iptables', 'ip6tables'].flatMap((name) => [name, `${name}-save`, `${name}-restore`])) {
    const [name = '', suffix] = tool.split('-');
    const real = `/usr/sbin/${name}-legacy${suffix === undefined ? '' : `-${suffix}`}`;
    const script = `#!/bin/sh\nexport XTABLES_LOCKFILE='${lock}'\nexec ${real} "$@"\n`;
    chmodSync(folder.write(tool, script), 0o755);
  }
}

describeVariants((_variant, openKernel) => {
  beforeEach(async () => {
    await openKernel('IPv4');
    await openKernel('IPv6');
  });

  it('is waited for, however long it is held', async () => {
    using folder = new TestFolder();
    const lock = join(folder.path, 'lock');
    writeTools(folder, lock);
    const holder = spawn('flock', ['--no-fork', lock, 'sh', '-c', `touch '${lock}.held'; exec sleep 60`], {
      stdio: 'ignore',
    });
    try {
      await expect.poll(() => existsSync(`${lock}.held`), patience).toBe(true);
      await using run = RunProcess.start(
        ['--manifests', folder.write('web.yaml', MANIFEST), '--hostname-override', 'node-a'],
        { path: `${folder.path}:${process.env.PATH}` },
      );
      // By then the tools have given up on the lock.
      await expect.poll(() => run.log('I').join('\n'), patience).toMatch(/starting menwei/);
      holder.kill();
      await expect
        .poll(() => observeStatus().catch(() => []), patience)
        .toEqual(['default/web/TCP IPv4 programmed', 'default/web/TCP IPv6 programmed']);
    } finally {
      holder.kill();
    }
  });
}, 'legacy');
