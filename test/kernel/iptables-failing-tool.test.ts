/** iptables-restore refuses for a while, or hangs: that is told, tried again, and nothing gets lost. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServicePortStatus } from 'menwei/state/service-port-status.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { describeVariants } from './iptables-variants.ts';
import { TestFolder } from './run-cluster.ts';
import { observeStatus, RunProcess, rulesOf, savedRules } from './run-process.ts';

const FLAGS = [
  ...['--hostname-override', 'node-a'],
  ...['--cluster-cidr', '10.0.0.0/8'],
  ...['--iptables-min-sync-period', '0s'],
  // The longest wait before another try.
  ...['--iptables-sync-period', '1s'],
];

function service(name: string, host: number, pods: readonly string[]): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, namespace: default}
spec: {clusterIP: 172.30.0.${host}, ports: [{port: 80}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, namespace: default, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{name: "", port: 8080, protocol: TCP}]
endpoints: [${pods.map((ip) => `{addresses: [${ip}]}`).join(', ')}]
`;
}

async function errors(): Promise<readonly (string | undefined)[]> {
  const response = await fetch('http://127.0.0.1:10249/status');
  const statuses: readonly ServicePortStatus[] = JSON.parse(await response.text());
  return statuses.map(({ error }) => error);
}

/** Of IPv4. */
async function metric(name: string, label = ''): Promise<number> {
  const text = await (await fetch('http://127.0.0.1:10249/metrics')).text();
  const pattern = new RegExp(
    `^kubeproxy_sync_proxy_rules_${name}\\{${label}ip_family="IPv4"\\} (\\d+)$`,
    'm',
  );
  return Number(pattern.exec(text)?.[1]);
}

const patience = { timeout: 20_000, interval: 20 };

describeVariants((variant, openKernel) => {
  let folder: TestFolder;
  let failures: string;
  let path: string;

  /** The next so many calls get their first rule of ClusterIPs spoilt, so that the tool itself complains. */
  const failNext = (count: number) => writeFileSync(failures, `${count}`);
  const failuresLeft = () => Number(readFileSync(failures, 'utf8'));

  beforeEach(async () => {
    await openKernel('IPv4');
    await openKernel('IPv6');
    folder = new TestFolder();
    failures = join(folder.path, 'failures');
    const real = `/usr/sbin/iptables-${variant === 'legacy' ? 'legacy' : 'nft'}-restore`;
    const wrapper = `#!/bin/sh
left=$(cat '${failures}')
[ "$left" -gt 0 ] || exec ${real} "$@"
echo $((left - 1)) > '${failures}'
sed 's/ cluster IP" /&--bogus /' | ${real} "$@"
`;
    chmodSync(folder.write('iptables-restore', wrapper), 0o755);
    path = `${folder.path}:${process.env.PATH}`;
  });

  afterEach(() => folder[Symbol.dispose]());

  const start = (): RunProcess => RunProcess.start(['--manifests', folder.path, ...FLAGS], { path });

  describe('while iptables-restore refuses', () => {
    it('the error is the tool’s own with the line it is about, and the rules stay as they were', async () => {
      failNext(0);
      folder.write('one.yaml', service('one', 1, ['10.0.0.1']));
      await using run = start();
      await expect
        .poll(() => observeStatus().catch(() => []), patience)
        .toEqual(['default/one/TCP IPv4 programmed']);
      const before = await savedRules();

      failNext(1_000_000);
      folder.write('two.yaml', service('two', 2, ['10.0.0.2', '10.0.0.3']));
      await expect
        .poll(errors, patience)
        .toEqual([
          undefined,
          expect.stringMatching(/iptables restore.*default\/two cluster IP.*unknown option "--bogus"/),
        ]);
      expect(await observeStatus()).toEqual([
        'default/one/TCP IPv4 programmed',
        'default/two/TCP IPv4 error',
      ]);
      expect(await savedRules()).toEqual(before);
      // It is tried again and again, and what changes meanwhile waits with the rest.
      const triesBefore = failuresLeft();
      folder.write('one.yaml', service('one', 1, ['10.0.0.4']));
      await expect.poll(failuresLeft, patience).toBeLessThan(triesBefore - 1);
      expect(await savedRules()).toEqual(before);
      expect(run.log('E').join('\n')).toMatch(/unknown option \\"--bogus/);
      // The last try that was begun may still be on.
      await expect.poll(() => metric('iptables_restore_failures_total'), patience).toBeGreaterThan(2);
      // The first one was partial; then nobody knew what the kernel held.
      expect(await metric('iptables_partial_restore_failures_total')).toBe(1);

      failNext(0);
      await expect
        .poll(() => observeStatus(), patience)
        .toEqual(['default/one/TCP IPv4 programmed', 'default/two/TCP IPv4 programmed']);
      expect(destinations(await savedRules())).toEqual(['10.0.0.2:8080', '10.0.0.3:8080', '10.0.0.4:8080']);
      expect(await rulesOf('default/one')).toContainEqual(expect.stringContaining('172.30.0.1/32'));
      for (const table of ['nat', 'filter'] as const) {
        const own = (await savedRules(table)).filter((rule) => rule.startsWith('-A KUBE-'));
        expect(await metric('iptables_total', `table="${table}",`)).toBe(own.length);
      }
    });

    it('the first sync is tried again like any other, and ends in what an undisturbed one does', async () => {
      folder.write('one.yaml', service('one', 1, ['10.0.0.1', '10.0.0.2']));
      failNext(2);
      const rules: (readonly string[])[] = [];
      for (const round of ['disturbed', 'undisturbed']) {
        await openKernel('IPv4');
        await using run = start();
        await expect
          .poll(() => observeStatus().catch(() => []), patience)
          .toEqual(['default/one/TCP IPv4 programmed']);
        expect({ round, errors: run.log('E').length }).toEqual({
          round,
          errors: round === 'disturbed' ? 2 : 0,
        });
        expect(failuresLeft()).toBe(0);
        rules.push([...(await savedRules('nat')), ...(await savedRules('filter'))]);
        await run.end('SIGTERM');
      }
      expect(rules[0]).toEqual(rules[1]);
    });
  });

  it('while one IP family’s tool hangs, the other one goes on, and the end leaves nothing behind', async () => {
    failNext(0);
    const hung = join(folder.path, 'hung');
    chmodSync(folder.write('ip6tables-restore', `#!/bin/sh\necho $$ >> '${hung}'\nsleep 60\n`), 0o755);
    folder.write('one.yaml', service('one', 1, ['10.0.0.1']));
    await using run = start();
    await expect.poll(() => existsSync(hung), patience).toBe(true);
    for (const pod of ['10.0.0.2', '10.0.0.3']) {
      folder.write('one.yaml', service('one', 1, [pod]));
      await expect.poll(async () => destinations(await savedRules()), patience).toEqual([`${pod}:8080`]);
    }
    const tools = readFileSync(hung, 'utf8').trim().split('\n');
    expect(tools.length).toBe(1);
    await run.end('SIGTERM');
    await expect.poll(() => tools.filter((pid) => existsSync(`/proc/${pid}`)), patience).toEqual([]);
  });
});

function destinations(rules: readonly string[]): readonly string[] {
  return rules.flatMap((rule) => / --to-destination (\S+)/.exec(rule)?.[1] ?? []).sort();
}
