/** What fits into an answer, and what clients ask that is out of the ordinary, by dig (dns §§ 3, 5). */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TestFolder } from './run-cluster.ts';
import { RunProcess } from './run-process.ts';

const run = promisify(execFile);
const NAME = 'many.shop.svc.cluster.local';
const ENDPOINTS = 1000;

const OBJECTS = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
  {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'many', namespace: 'shop' },
    spec: { clusterIP: 'None', ports: [{ name: 'http', port: 80 }] },
  },
  ...Array.from({ length: ENDPOINTS / 100 }, (_, slice) => ({
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { name: `many-${slice}`, namespace: 'shop', labels: { 'kubernetes.io/service-name': 'many' } },
    addressType: 'IPv4',
    ports: [{ name: 'http', port: 80, protocol: 'TCP' }],
    endpoints: Array.from({ length: 100 }, (_, index) => ({
      addresses: [`10.244.${slice}.${index}`],
      conditions: { ready: true },
    })),
  })),
];

const folder = new TestFolder();
let server: RunProcess;

beforeAll(async () => {
  folder.write('objects.json', JSON.stringify({ apiVersion: 'v1', kind: 'List', items: OBJECTS }));
  const places = ['--dns-bind', '127.0.0.1:53', '--dns-bind', '[::1]:53'];
  server = RunProcess.start(['--manifests', folder.path, ...places, '--dns-forward', 'none'], {
    command: 'dns',
  });
  await vi.waitFor(async () =>
    expect(await dig('+short', 'dns-version.cluster.local', 'TXT')).toContain('1.1.0'),
  );
});
afterAll(() => folder[Symbol.dispose]());

async function dig(...args: readonly string[]): Promise<string> {
  const { stdout } = await run('dig', ['@127.0.0.1', '+time=2', '+tries=1', ...args]).catch((error) => error);
  return String(stdout);
}

interface Said {
  readonly addresses: ReadonlySet<string>;
  readonly first: string | undefined;
  readonly isCut: boolean;
  readonly bytes: number;
}

async function ask(...args: readonly string[]): Promise<Said> {
  const said = await dig(...args, NAME, 'A');
  const addresses = Array.from(said.matchAll(/\sA\s+([\d.]+)$/gm), ([, address = '']) => address);
  return {
    addresses: new Set(addresses),
    first: addresses[0],
    isCut: /flags:[^;]* tc/.test(said),
    bytes: Number(/MSG SIZE\s+rcvd: (\d+)/.exec(said)?.[1]),
  };
}

describe('an answer of 1,000 addresses', () => {
  // Before the records: 12 bytes of header, the question, and 11 of OPT.
  it.each([
    { how: ['+noedns'], limit: 512, opt: 0 },
    { how: ['+bufsize=512'], limit: 512, opt: 11 },
    { how: ['+bufsize=1232'], limit: 1232, opt: 11 },
    { how: ['+bufsize=4096'], limit: 1232, opt: 11 },
  ])('has at most $limit bytes by UDP with $how', async ({ how, limit, opt }) => {
    const { addresses, isCut, bytes } = await ask('+ignore', '+nocookie', ...how);

    expect(isCut).toBe(true);
    expect(bytes).toBeLessThanOrEqual(limit);
    expect(addresses.size).toBe(Math.floor((limit - 12 - NAME.length - 6 - opt) / 16));
  });

  it.each([[['+tcp']], [['+notcp']], [['+tcp', '@::1']], [['+notcp', '@::1']]])(
    'is whole by TCP: %j',
    async (how) => {
      const { addresses, isCut, bytes } = await ask('+nocookie', ...how);

      expect(isCut).toBe(false);
      expect(addresses.size).toBe(ENDPOINTS);
      expect(bytes).toBe(12 + NAME.length + 6 + 11 + 16 * ENDPOINTS);
    },
  );

  it('begins with another one each time', async () => {
    const firsts = new Set<string | undefined>();
    for (let count = 0; count < 6; count += 1) firsts.add((await ask('+ignore')).first);

    expect(firsts.size).toBeGreaterThan(1);
  });
});

it.each([
  ['another version of EDNS', ['+edns=1', '+noednsneg', 'A'], 'BADVERS'],
  ['an update', ['+opcode=update', 'A'], 'NOTIMP'],
  ['another class', ['-c', 'CH', 'TXT'], 'REFUSED'],
  ['everything', ['ANY', '+notcp'], 'NOERROR'],
  [
    'options that nobody knows',
    ['+ednsopt=65001:abcd', '+nsid', '+subnet=10.0.0.0/8', '+cookie', 'A'],
    'NOERROR',
  ],
  ['signatures', ['+dnssec', 'AAAA'], 'NOERROR'],
])('who asks for %s is answered', async (_, args, status) => {
  expect(await dig('+ignore', ...args, NAME)).toContain(`status: ${status}`);
});

it('nobody gets the whole zone', async () => {
  expect(await dig('AXFR', 'cluster.local')).toContain('Transfer failed');
});

it('repeats the spelling of a question', async () => {
  expect(await dig('+ignore', 'mAnY.sHoP.svc.CLUSTER.local', 'A')).toContain(
    '\nmAnY.sHoP.svc.CLUSTER.local. ',
  );
});

it('has nothing to complain of, and ends', async () => {
  expect(server.log('W')).toEqual([]);
  expect(server.log('E')).toEqual([]);
  await server.end('SIGKILL');
});
