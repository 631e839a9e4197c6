/** What a mode can't do costs the service port that asks for it, and is told once, without a word of mistakes. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { NODE, testFolder } from './run-cluster.ts';
import { observeStatus, RunProcess } from './run-process.ts';

const folder = testFolder();
afterEach(async () => {
  expect((await RunProcess.toItsEnd(['--cleanup'])).status).toBe(0);
});

function slice(service: string, family: 'IPv4' | 'IPv6', ip: string): string {
  return `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${service}-${family.toLowerCase()}, namespace: default, labels: {kubernetes.io/service-name: ${service}}}
addressType: ${family}
ports: [{name: over-sctp, port: 8080, protocol: SCTP}, {name: over-tcp, port: 8080, protocol: TCP}]
endpoints: [{addresses: ["${ip}"]}]
`;
}

const MIXED = `apiVersion: v1
kind: Service
metadata: {name: mixed, namespace: default}
spec:
  clusterIP: 172.30.0.1
  clusterIPs: [172.30.0.1, "fd00:172:30::1"]
  ipFamilies: [IPv4, IPv6]
  ports: [{name: over-sctp, port: 80, protocol: SCTP}, {name: over-tcp, port: 80, protocol: TCP}]
${slice('mixed', 'IPv4', '10.0.0.1')}${slice('mixed', 'IPv6', 'fd00:10::1')}`;

it('a port over SCTP in userspace mode', async () => {
  const manifest = folder.write('mixed.yaml', MIXED);
  const flags = ['--proxy-mode=userspace', '--manifests', manifest, '--hostname-override', NODE];
  await using run = RunProcess.start([
    ...flags,
    '--iptables-min-sync-period=0s',
    '--iptables-sync-period=1s',
  ]);
  const expected = (['IPv4', 'IPv6'] as const).flatMap((family) => [
    `default/mixed:over-sctp/SCTP ${family} error`,
    `default/mixed:over-tcp/TCP ${family} programmed`,
  ]);
  const statuses = () => observeStatus().catch(() => []);
  await expect.poll(statuses, { timeout: 20_000 }).toEqual(expected.sort());
  for (const number of [2, 3, 4]) {
    appendFileSync(manifest, slice('mixed', 'IPv4', `10.0.0.${number}`).replace('-ipv4', `-${number}`));
    await sleep(700);
  }
  await expect.poll(statuses, { timeout: 20_000 }).toEqual(expected.sort());
  const about = run.log().filter((line) => line.includes('SCTP'));
  const line = 'W Service default/mixed: port 80/SCTP: SCTP is not supported in userspace mode';
  expect(about).toEqual([expect.stringContaining(line), expect.stringContaining(line)]);
  expect(run.log('E')).toEqual([]);
  const response = await fetch('http://127.0.0.1:10249/status');
  expect(await response.json()).toContainEqual(
    expect.objectContaining({
      state: 'error',
      error: expect.stringMatching(/^port 80\/SCTP: SCTP is not supported/),
    }),
  );
});
