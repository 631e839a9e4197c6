/** Creates and updates of Services as kube-apiserver answered them, over HTTP. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { recordOf } from './golden-differences.ts';
import { type Answer, masked, parse, readGolden, send } from './golden-rows.ts';
import { type GoldenServer, openGoldenServer } from './golden-server.ts';

interface Row {
  readonly title: string;
  readonly status: number;
  readonly message?: string;
  readonly causes?: readonly object[];
  readonly warning?: string;
}
interface CreateRow extends Row {
  readonly spec: object;
  readonly annotations?: object;
  readonly result?: object;
}
interface TransitionRow extends Row {
  readonly before: object;
  readonly put?: object;
  readonly patch?: object;
  readonly after?: object;
}

const PATH = '/api/v1/namespaces/svc/services';

/** By title, with the reason. */
const DIFFERENT: Readonly<Record<string, Partial<Row>>> = {
  // CQ-14: taken as the reference takes it, but with a warning, for DNS has no such name.
  'ExternalName that is an IP': {
    warning: `299 - ${JSON.stringify('spec.externalName: "10.0.0.1" is an IP address; DNS will serve it as a host name')}`,
  },
  // CQ-6: what the client did wrong is no error of the server.
  'hcNodePort taken': healthCheckRefusal('s82', 30_333, 'provided port is already allocated'),
  'hcNodePort out of range': healthCheckRefusal(
    's83',
    80,
    'provided port is not in the valid range. The range of valid ports is 30000-32767',
  ),
};

function healthCheckRefusal(name: string, port: number, why: string): Partial<Row> {
  const field = 'spec.healthCheckNodePort';
  const message = `Invalid value: ${port}: failed to allocate requested HealthCheck NodePort ${port}: ${why}`;
  return {
    status: 422,
    message: `Service "${name}" is invalid: ${field}: ${message}`,
    causes: [{ reason: 'FieldValueInvalid', message, field }],
  };
}

let server: GoldenServer;
beforeAll(async () => {
  server = await openGoldenServer();
  await write('POST', '/api/v1/namespaces', { metadata: { name: 'svc' } });
});
afterAll(() => server.close());

function write(method: string, path: string, body: object, contentType = 'application/json') {
  return send(server, { method, path, contentType, body });
}

function expectAnswer(answer: Answer, row: Row, spec: object | undefined, known: string): void {
  const body = recordOf(parse(answer.text));
  if (spec === undefined) {
    const { status, message, causes } = row;
    expect({ ...body, status: answer.status }).toMatchObject({ status, message, details: { causes } });
  } else {
    expect([answer.status, masked(body.spec, known)]).toEqual([row.status, masked(spec, known)]);
    expect(JSON.stringify(masked(body.spec, known))).toBe(JSON.stringify(masked(spec, known)));
  }
}

describe('services.jsonl', () => {
  const rows = readGolden<CreateRow>('services').map((row, i) => ({ ...row, name: `s${i + 1}` }));
  it.each(rows)('$name: $title', async ({ name, ...captured }) => {
    const row = { ...captured, ...DIFFERENT[captured.title] };
    const metadata = { name, ...(row.annotations === undefined ? {} : { annotations: row.annotations }) };
    const answer = await write('POST', PATH, { metadata, spec: row.spec });
    expectAnswer(answer, row, row.result, JSON.stringify(row.spec));
    expect(answer.headers.get('warning')).toBe(row.warning ?? null);
  });
});

describe('transitions.jsonl', () => {
  // What the rows that are refused for it would collide with.
  beforeAll(async () => {
    const spec = { type: 'NodePort', clusterIP: '10.96.0.99', ports: [{ port: 80, nodePort: 30_333 }] };
    await write('POST', PATH, { metadata: { name: 'holder' }, spec });
  });

  const rows = readGolden<TransitionRow>('transitions').map((row, i) => ({ ...row, name: `t${i + 100}` }));
  it.each(rows)('$name: $title', async ({ name, ...row }) => {
    const created = await write('POST', PATH, { metadata: { name }, spec: row.before });
    expect(recordOf(parse(created.text)).spec).toEqual(row.before);
    const path = `${PATH}/${name}`;
    const answer =
      row.put === undefined
        ? await write('PATCH', path, { spec: row.patch }, 'application/strategic-merge-patch+json')
        : await write('PUT', path, { metadata: { name }, spec: row.put });
    expectAnswer(answer, row, row.after, JSON.stringify([row.before, row.put, row.patch]));
  });
});
