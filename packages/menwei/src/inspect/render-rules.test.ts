import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { MODE_NAMES } from '../config/settings.ts';
import { orFail } from '../setup/failure.ts';
import { type RenderOptions, render } from './render-rules.ts';

const folder = mkdtempSync(join(tmpdir(), 'menwei-render-'));
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => vi.restoreAllMocks());

interface Ended {
  readonly status: number;
  readonly stdout: string;
  readonly stderr: string;
}

const NODE = { node: 'node-1', nodeIp: '192.168.49.2' };

/** As the command ends. */
async function end(options: RenderOptions, node: Partial<RenderOptions> = NODE): Promise<Ended> {
  const written = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[stream], 'write').mockImplementation((text) => {
      written[stream] += String(text);
      return true;
    });
  }
  process.exitCode = 0;
  await orFail(() => render({ ...node, ...options }));
  const status = Number(process.exitCode);
  process.exitCode = 0;
  vi.restoreAllMocks();
  return { status, ...written };
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

function service(
  name: string,
  clusterIP: string,
  protocol = 'TCP',
  created = '2026-01-01T00:00:00Z',
): string {
  return `apiVersion: v1
kind: Service
metadata: {name: ${name}, creationTimestamp: "${created}"}
spec: {clusterIP: ${clusterIP}, ports: [{port: 80, protocol: ${protocol}}]}
`;
}

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: lone}\n';
const good = write('good.yaml', service('web', '172.30.0.1'));
const pod = write('pod.yaml', POD);
const empty = write('empty.yaml', '');
const emptyFolder = join(folder, 'empty');
mkdirSync(emptyFolder);
const noServices = write('list.yaml', 'apiVersion: v1\nkind: ServiceList\nitems: []\n');
const broken = write('broken.yaml', `${service('web', '172.30.0.1')}---\nkind: [\n`);
const spoiled = write('spoiled.yaml', `${service('web', '172.30.0.1')}---\n${service('b', '172.30.0.300')}`);
const contested = write(
  'contested.yaml',
  `${service('web', '172.30.0.1')}---\n${service('late', '172.30.0.1', 'TCP', '2026-02-02T00:00:00Z')}`,
);
const twice = write('twice.yaml', `${service('web', '172.30.0.1')}---\n${service('web', '172.30.0.2')}`);

describe.each(MODE_NAMES)('menwei render --mode %s', (mode) => {
  it('prints rules of objects that are all right, or of other kinds', async () => {
    const rendered = await end({ file: [good], mode });
    expect(rendered).toMatchObject({ status: 0, stderr: '' });
    expect(rendered.stdout).toContain('172.30.0.1');
    expect(await end({ file: [good, pod], mode })).toEqual(rendered);
  });

  it.each([
    ['a lone Pod', pod, /^menwei: \S+pod\.yaml: contains no Service \(of other kinds: v1 Pod\)\n$/],
    ['an empty file', empty, /^menwei: \S+empty\.yaml: contains no Service\n$/],
    ['an empty folder', emptyFolder, /^menwei: \S+empty: contains no Service\n$/],
    ['an empty list', noServices, /^menwei: \S+list\.yaml: contains no Service\n$/],
    ['a file with a broken document', broken, /^menwei: \S+broken\.yaml:\d: [^\n]+\n$/],
    ['an object with a mistake', spoiled, /^menwei: \S+:9: Service default\/b: spec\.clusterIP: [^\n]+\n$/],
    [
      'an object that is there twice',
      twice,
      /^menwei: \S+: Service default\/web: is in this file twice[^\n]+\n$/,
    ],
    ['a port whose address another has', contested, /^menwei: Service default\/late: [^\n]+\n$/],
  ])('prints nothing but why, of %s', async (_title, file, reason) => {
    const { status, stdout, stderr } = await end({ file: [file], mode });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(reason);
  });

  it.each([
    ['an object with a mistake', spoiled],
    ['a file with a broken document', broken],
    ['a port whose address another has', contested],
  ])('prints the rest of %s when told to keep going, and is not content', async (_title, file) => {
    const { stdout: wanted } = await end({ file: [good], mode });
    const { status, stdout, stderr } = await end({ file: [file], mode, keepGoing: true });
    expect({ status, stdout }).toEqual({ status: 1, stdout: wanted });
    expect(stderr).toMatch(/^menwei: [^\n]+\n$/);
  });
});

describe('menwei render --mode userspace', () => {
  it('takes --node-ip for what a Node object would say', async () => {
    const node = `apiVersion: v1
kind: Node
metadata: {name: node-1}
status: {addresses: [{type: InternalIP, address: 192.168.49.7}]}
`;
    const web = `${service('web', '172.30.0.1')}---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: web-1, labels: {kubernetes.io/service-name: web}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [10.0.0.1]}]
`;
    const mode = 'userspace';
    const bare = write('bare.yaml', web);
    const known = await end({ file: [write('known.yaml', `${node}---\n${web}`)], mode, nodeIp: undefined });
    expect(known).toMatchObject({ status: 0, stderr: '' });
    expect(known.stdout).toContain('--to-destination 192.168.49.7:');
    expect(known.stdout).toContain('-j REDIRECT');
    expect(await end({ file: [bare], mode, nodeIp: '192.168.49.7' })).toEqual(known);
    expect(await end({ file: [bare], mode, nodeIp: '192.168.49' })).toMatchObject({ status: 2, stdout: '' });
  });

  it('prints nothing where a port over SCTP would be left out, which it can’t forward', async () => {
    const file = [write('sctp.yaml', service('sctp', '172.30.0.9', 'SCTP'))];
    const { status, stdout, stderr } = await end({ file, mode: 'userspace' });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(/^menwei: Service default\/sctp: [^\n]*SCTP[^\n]*\n$/);
    expect(await end({ file, mode: 'iptables' })).toMatchObject({ status: 0, stderr: '' });
    const rest = await end({ file: [...file, good], mode: 'userspace', keepGoing: true });
    expect(rest).toMatchObject({
      status: 1,
      stdout: (await end({ file: [good], mode: 'userspace' })).stdout,
    });
  });
});

describe.each(MODE_NAMES)('menwei render --mode %s --health', (mode) => {
  const pods = (name: string) => `---
apiVersion: discovery.k8s.io/v1
kind: EndpointSlice
metadata: {name: ${name}-1, labels: {kubernetes.io/service-name: ${name}}}
addressType: IPv4
ports: [{port: 8080}]
endpoints: [{addresses: [10.0.0.1]}, {addresses: [10.0.0.2]}]
`;
  const checked = (text: string) =>
    text.replace('metadata: {', 'metadata: {annotations: {menwei.dev/health-check: tcp}, ');
  const web = write('checked.yaml', `${checked(service('web', '172.30.0.1'))}${pods('web')}`);
  const plain = write('unchecked.yaml', `${service('web', '172.30.0.1')}${pods('web')}`);
  const health = (text: string) => write(`health-${mode}.yaml`, text);

  it('leaves out endpoints that are down, and changes nothing else', async () => {
    const all = await end({ file: [web], mode });
    expect(all.stdout).toBe((await end({ file: [plain], mode })).stdout);
    const one = { mode, file: [web], health: health('- {service: default/web, endpoint: "10.0.0.2:8080"}') };
    const { status, stdout, stderr } = await end(one);
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect([stdout.includes('10.0.0.1'), stdout.includes('10.0.0.2')]).toEqual([true, false]);
    const both = health(
      '[{service: default/web, endpoint: "10.0.0.1:8080"}, {service: default/web, endpoint: "10.0.0.2:8080"}]',
    );
    expect(await end({ file: [web], mode, health: both })).toEqual(all);
  });

  it.each([
    ['nothing', undefined, /^menwei: --health: \/nowhere: there is no such file\n$/],
    ['a mistake', '- down', /^menwei: \S+:1: \[0\]: is no endpoint [^\n]+\n$/],
    [
      'a Service that is not there',
      '- {service: default/db, endpoint: "10.0.0.2:8080"}',
      /^menwei: \S+: \[0\]: the objects have no service port default\/db\/TCP over IPv4\n$/,
    ],
    [
      'an endpoint that is not there',
      '- {service: default/web, endpoint: "10.0.0.9:8080"}',
      /^menwei: \S+: \[0\]: default\/web has no endpoint 10\.0\.0\.9:8080\n$/,
    ],
  ])('prints nothing but why, of %s', async (_title, text, reason) => {
    const { status, stdout, stderr } = await end({
      file: [web],
      mode,
      health: text === undefined ? '/nowhere' : health(text),
    });
    expect({ status, stdout }).toEqual({ status: 1, stdout: '' });
    expect(stderr).toMatch(reason);
  });

  it('says that the endpoints are not checked', async () => {
    const given = health('- {service: default/web, endpoint: "10.0.0.2:8080"}');
    expect(await end({ file: [plain], mode, health: given })).toMatchObject({
      status: 1,
      stderr: expect.stringContaining('the endpoints of default/web are not checked: no annotation'),
    });
  });
});

describe('the node of menwei render', () => {
  const nodeObject = (name: string) => `---\napiVersion: v1\nkind: Node\nmetadata: {name: ${name}}\n`;
  const web = service('web', '172.30.0.1');
  const one = write('one-node.yaml', web + nodeObject('a'));
  const two = write('two-nodes.yaml', web + nodeObject('a') + nodeObject('b'));

  it('is the only one in the files, or has to be chosen', async () => {
    expect(await end({ file: [one] }, {})).toMatchObject({ status: 0, stderr: '' });
    expect(await end({ file: [two], node: 'b' })).toMatchObject({ status: 0, stderr: '' });
    expect(await end({ file: [two] }, {})).toEqual({
      status: 2,
      stdout: '',
      stderr: expect.stringMatching(
        /^menwei: node \S+ is not in the files \(a, b\); choose one with --node\n$/,
      ),
    });
  });

  it('may be none of those in the files, which is said', async () => {
    expect(await end({ file: [two], node: 'c' })).toMatchObject({
      status: 0,
      stderr: 'menwei: node c is not in the files (a, b); choose one with --node\n',
    });
  });
});

describe('bin/menwei render', () => {
  const LAUNCHER = fileURLToPath(new URL('../../../../bin/menwei', import.meta.url));
  const run = (...args: readonly string[]) => {
    const { status, stdout, stderr } = spawnSync(LAUNCHER, ['render', ...args], { encoding: 'utf8' });
    return { status, stdout, stderr };
  };

  it('ends as it should', () => {
    expect(run('-f', empty)).toEqual({
      status: 1,
      stdout: '',
      stderr: `menwei: ${empty}: contains no Service\n`,
    });
    expect(run('-f', spoiled, '--keep-going', '--mode', 'nftables')).toMatchObject({
      status: 1,
      stdout: expect.stringContaining('172.30.0.1'),
    });
    expect(run('-f', '/nowhere')).toMatchObject({ status: 1, stdout: '' });
    expect(run('-f', good, '--mode', 'ebpf')).toMatchObject({ status: 2, stdout: '' });
  });
});
