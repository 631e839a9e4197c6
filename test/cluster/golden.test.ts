/** Every captured row, sent over HTTP to a cluster in this process, or to the one that MENWEI_GOLDEN_URL names. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DIFFERENCES, recordOf } from './golden-differences.ts';
import { type GoldenRow, parse, readGolden, replay, send } from './golden-rows.ts';
import { type GoldenServer, openGoldenServer } from './golden-server.ts';

const SERVICES = '/api/v1/namespaces/default/services';

function post(path: string, body: object) {
  return { method: 'POST', path, contentType: 'application/json', body };
}

describe('errors.jsonl', () => {
  let server: GoldenServer;
  beforeAll(async () => {
    server = await openGoldenServer();
    const lease = { metadata: { name: 'lx' } };
    await send(server, post('/apis/coordination.k8s.io/v1/namespaces/default/leases', lease));
    const cidr = { metadata: { name: 'extra' }, spec: { cidrs: ['10.200.0.0/24'] } };
    await send(server, post('/apis/networking.k8s.io/v1/servicecidrs', cidr));
  });
  afterAll(() => server.close());

  const special = ['root', 'anonymous may read version', 'readyz verbose'];
  const rows = readGolden<GoldenRow>('errors').filter(
    ({ request, title }) => request !== undefined && !special.includes(title),
  );
  it.each(rows)('$title', async (row) => {
    // What the rows from here on are about was there.
    if (row.title === 'patch merge') {
      await send(server, post(SERVICES, { metadata: { name: 'p' }, spec: { ports: [{ port: 80 }] } }));
    }
    await replay(server, row, DIFFERENCES[row.title]);
  });

  it('body over 3 MiB', async () => {
    const { body } = rowOf('body over 3 MiB');
    const long = { metadata: { name: 'big' }, data: { a: 'x'.repeat(3 * 1024 * 1024) } };
    const answer = await send(server, post('/api/v1/namespaces/default/configmaps', long));
    expect([answer.status, parse(answer.text)]).toEqual([413, body]);
  });

  it('ConfigMap over 1 MiB', async () => {
    const { body } = rowOf('ConfigMap over 1 MiB');
    const long = { metadata: { name: 'big' }, data: { a: 'x'.repeat(1024 * 1024 + 1) } };
    const answer = await send(server, post('/api/v1/namespaces/default/configmaps', long));
    expect([answer.status, parse(answer.text)]).toEqual([422, body]);
  });

  it('root: names what is there', async () => {
    const { text } = await send(server, { method: 'GET', path: '/' });
    expect(recordOf(parse(text)).paths).toEqual(
      expect.arrayContaining(['/api', '/api/v1', '/apis', '/version', '/openapi/v3']),
    );
  });

  it('anonymous may read version: the fields of the reference, with our own build', async () => {
    const { request, body } = rowOf('anonymous may read version');
    const { status, text } = await send(server, request);
    const told = recordOf(parse(text));
    expect(status).toBe(200);
    expect(Object.keys(told)).toEqual(Object.keys(recordOf(body)));
    expect(told).toMatchObject({ major: '1', minor: '36', minCompatibilityMinor: '35' });
    expect(told.gitVersion).toMatch(/^v1\.36\.2/);
  });

  it('readyz verbose: a line a check', async () => {
    const { text } = await send(server, rowOf('readyz verbose').request);
    expect(text).toMatch(/^\[\+\]ping ok\n(\[\+\].* ok\n)*readyz check passed\n$/);
  });

  function rowOf(title: string): GoldenRow {
    return readGolden<GoldenRow>('errors').find((row) => row.title === title) ?? expect.fail(title);
  }
});

describe.each(['auth', 'defaults'])('%s.jsonl', (name) => {
  let server: GoldenServer;
  beforeAll(async () => {
    server = await openGoldenServer();
  });
  afterAll(() => server.close());

  // What the repair loop of the reference said about its own races (CQ-11).
  const rows = readGolden<GoldenRow>(name).filter(({ title }) => title !== 'kube-system events');
  it.each(rows)('$title', (row) => replay(server, row, DIFFERENCES[row.title]));
});

describe('apply.jsonl', () => {
  let server: GoldenServer;
  beforeAll(async () => {
    server = await openGoldenServer();
  });
  afterAll(() => server.close());

  const isApply = ({ request }: GoldenRow) => request?.contentType === 'application/apply-patch+yaml';
  it.each(readGolden<GoldenRow>('apply').filter(isApply))(
    '$title: without managed fields it is refused, not half done',
    async ({ request }) => {
      const { status, text } = await send(server, request);
      expect([status, parse(text)]).toMatchObject([415, { reason: 'UnsupportedMediaType' }]);
    },
  );

  // What is left is a patch by another manager, whose answer is about managed fields.
  const refused = readGolden<GoldenRow>('apply').filter((row) => !isApply(row) && row.status === 422);
  it.each(refused)('$title', async (row) => {
    const spec = { ports: [{ port: 80 }] };
    await send(server, post(SERVICES, { metadata: { name: 'ssa3' }, spec }));
    await replay(server, row);
  });
});
