/** A run with the rights that deploy/ grants, in any mode: the Service answers. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { ProxyMode } from 'menwei/config/settings.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { asContainer, onlyCapabilities, proxyContainer, unitCapabilities } from './container.ts';
import { testFolder } from './run-cluster.ts';
import { observeStatus, RunProcess } from './run-process.ts';

const POD = '10.244.0.5';
const CLUSTER_IP = '172.30.0.10';
const SERVICE = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: default}
spec: {clusterIP: ${CLUSTER_IP}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, namespace: default, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [${POD}]}]
`;

/** Makes the suite; in the namespace of the test file there is a pod of the machine itself. */
export function describeGrantedCapabilities(modes: readonly ProxyMode[]): void {
  const folder = testFolder();
  const manifest = folder.write('web.yaml', SERVICE);
  const pod = createServer((_request, response) => response.end('web'));

  beforeAll(async () => {
    execFileSync('ip', ['link', 'set', 'lo', 'up']);
    execFileSync('ip', ['address', 'add', `${POD}/32`, 'dev', 'lo']);
    execFileSync('ip', ['route', 'add', '172.30.0.0/16', 'dev', 'lo']);
    pod.listen(8080, POD);
    await once(pod, 'listening');
  });
  afterAll(() => pod.close());

  describe.each(modes)('%s mode', (mode) => {
    const flags = ['--manifests', manifest, '--hostname-override', 'node-a', '--proxy-mode', mode];

    async function expectToWork(through: readonly string[]) {
      await using run = RunProcess.start(flags, { through });
      await expect
        .poll(() => observeStatus().catch(() => run.log()), { timeout: 30_000 })
        .toEqual(['default/web/TCP IPv4 programmed']);
      expect(await (await fetch(`http://${CLUSTER_IP}`)).text()).toBe('web');
      return { warnings: run.log('W'), ended: await run.end('SIGTERM') };
    }

    it('works with the capabilities of the DaemonSet', async () => {
      // The privileged init container.
      const setup = await RunProcess.toItsEnd([...flags, '--init-only']);
      expect(setup.status).toBe(0);
      const { capabilities, ...rest } = proxyContainer().securityContext;
      expect(capabilities.drop).toEqual(['ALL']);
      expect(rest).toMatchObject({ allowPrivilegeEscalation: false, readOnlyRootFilesystem: true });
      const { warnings, ended } = await expectToWork(asContainer(capabilities.add));
      expect({ warnings, status: ended.status }).toEqual({ warnings: [], status: 0 });
    });

    it('works with the capabilities of the systemd unit', async () => {
      const { warnings, ended } = await expectToWork(['capsh', ...onlyCapabilities(unitCapabilities())]);
      expect({ warnings, status: ended.status }).toEqual({ warnings: [], status: 0 });
    });
  });

  it('are what a process has then', () => {
    const { add } = proxyContainer().securityContext.capabilities;
    const [program = '', ...args] = [
      ...asContainer(add),
      'grep',
      '-E',
      'CapEff|NoNewPrivs',
      '/proc/self/status',
    ];
    // CAP_NET_ADMIN is bit 12, CAP_NET_RAW bit 13.
    expect(execFileSync(program, args, { encoding: 'utf8' })).toMatch(
      /CapEff:\s0000000000003000\nNoNewPrivs:\s1/,
    );
    expect(readFileSync('/proc/self/status', 'utf8')).not.toContain('CapEff:\t0000000000003000');
  });
}
