/** What `menwei run` says in its log, and what it never says. */
import { FakeApiServer, testdata } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { describe, expect, it } from 'vitest';
import { NODE, putEndpoints, putNode, putService, SERVICE_CIDRS, testFolder, WEB } from './run-cluster.ts';
import { RunProcess } from './run-process.ts';

const folder = testFolder();
const manifest = folder.write('web.yaml', WEB);
const SECRET = 'not-for-the-log';

describe('the log', () => {
  it('begins with what is in force, and with -v tells of changes, but not of secrets', async () => {
    await using server = await FakeApiServer.start();
    putNode(server);
    server.put(SERVICE_CIDRS, { metadata: { name: 'kubernetes' }, spec: { cidrs: ['172.30.0.0/16'] } });
    putService(server, 'web', 1);
    putEndpoints(server, 'web', ['10.0.0.1']);
    const flags = [
      '--kubeconfig',
      folder.kubeconfig(server, testdata('ca.crt'), { token: SECRET }),
      '--hostname-override',
      NODE,
      '--cluster-cidr=10.0.0.0/8',
    ];
    await using run = RunProcess.start([...flags, '--proxy-mode=nftables', '-v=9', '--profiling']);
    await run.synced();
    const said = (start: RegExp) => run.log().filter((line) => start.test(line.replace(/^\S+ /, '')));
    for (const line of [
      /^I starting menwei version=\d\S+ nodejs=v\d\S+ node=node-a$/,
      /^W these settings have no effect: --profiling$/,
      /^I proxy mode is nftables reason="set by --proxy-mode"$/,
      /^I objects are read from the API server server=https:\S+ login=token$/,
      /^I settings in force families="IPv4, IPv6" detectLocalMode=ClusterCIDR clusterCIDR=10\.0\.0\.0\/8 nodePortAddresses=primary /,
      /^I node addresses node=node-a /,
      /^I service CIDRs serviceCIDRs=172\.30\.0\.0\/16$/,
    ]) {
      expect(said(line), String(line)).toHaveLength(1);
    }
    putEndpoints(server, 'web', ['10.0.0.1', '10.0.0.2']);
    await expect.poll(() => said(/^I partial sync complete /).length).toBeGreaterThan(0);
    expect(
      said(/^I endpoints changed family=IPv4 servicePort=default\/web\/TCP added=10\.0\.0\.2:8080$/),
    ).toHaveLength(1);
    expect(
      said(/^I change: add element ip menwei endpoints\/\d+ .*10\.0\.0\.2 \. 8080 /).length,
    ).toBeGreaterThan(0);
    const { stdout, stderr } = await run.end('SIGTERM');
    expect(stdout + stderr.join('\n')).not.toContain(SECRET);
  });

  it('says in each line that it is a dry run', async () => {
    await using run = RunProcess.start(['--manifests', manifest, '--dry-run', '-v=4']);
    await expect
      .poll(() => run.log('I'))
      .toContainEqual(expect.stringMatching(/^dry run: full sync complete /));
    const { stderr } = await run.end('SIGTERM');
    expect(stderr.filter((line) => !/^\S+Z [IWE] dry run: /.test(line))).toEqual([]);
  });

  it('is JSON to the last line where it is to be, also when the process fails', async () => {
    const { status, stderr } = await RunProcess.toItsEnd(['--manifests', '/nowhere', '--log-format', 'json']);
    expect(status).toBe(1);
    const lines = stderr.map((line) => JSON.parse(line));
    expect(lines.at(0)).toMatchObject({ level: 'info', msg: 'starting menwei' });
    expect(lines.at(-1)).toMatchObject({
      level: 'error',
      msg: 'menwei ends',
      err: expect.stringContaining('/nowhere'),
    });
  });
});
