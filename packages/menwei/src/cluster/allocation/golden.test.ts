/** What the reference answers to creates and updates of Services, with the words of its refusals, row by row. */
import { readFileSync } from 'node:fs';
import { Services } from '@menwei/testing/cluster/services.ts';
import { describe, expect, it } from 'vitest';
import type { ServiceSpec } from '../kinds/service/fields.ts';

interface Row {
  readonly title: string;
  readonly status: number;
  readonly message?: string;
  readonly causes?: readonly object[];
  readonly warning?: string;
}
interface CreateRow extends Row {
  readonly spec: ServiceSpec;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly result?: ServiceSpec;
}
interface TransitionRow extends Row {
  readonly before: ServiceSpec;
  readonly put?: ServiceSpec;
  readonly patch?: ServiceSpec;
  readonly after?: ServiceSpec;
}

/** Where we answer something else, by the row's title. */
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
  const text = `failed to allocate requested HealthCheck NodePort ${port}: ${why}`;
  const message = `Invalid value: ${port}: ${text}`;
  return {
    status: 422,
    message: `Service "${name}" is invalid: ${field}: ${message}`,
    causes: [{ reason: 'FieldValueInvalid', message, field }],
  };
}

function rowsOf<Kind extends Row>(name: string): readonly Kind[] {
  const file = new URL(`../../../../../test/data/cluster-golden/${name}.jsonl`, import.meta.url);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line): Kind => JSON.parse(line)).map((row) => ({ ...row, ...DIFFERENT[row.title] }));
}

/** What was allocated is random: only of what kind it is counts. @param known the text of what was given */
function masked(spec: ServiceSpec | undefined, known: string): ServiceSpec {
  return JSON.parse(JSON.stringify(spec), (key, value) => {
    if (key === 'nodePort' || key === 'healthCheckNodePort')
      return known.includes(`:${value}`) ? value : 'a port';
    if (typeof value !== 'string' || known.includes(`"${value}"`)) return value;
    if (/^10\.96\.\d+\.\d+$/.test(value)) return 'an IPv4 address';
    return /^fd00:96::[0-9a-f]+$/.test(value) ? 'an IPv6 address' : value;
  });
}

function expectRefusal(
  { refusal, service }: Awaited<ReturnType<Services['put']>>,
  { status, message, causes }: Row,
): void {
  expect(refusal ?? service).toMatchObject({ code: status, message, details: { causes } });
}

/** With a Service whose address and port others may want. */
async function openWithHolder(title: string): Promise<Services> {
  const services = await Services.open();
  const holder = { type: 'NodePort', clusterIP: '10.96.0.99', ports: [{ port: 80, nodePort: 30_333 }] };
  if (title !== 'holder') await services.put('holder', holder);
  return services;
}

describe('creating a Service', () => {
  rowsOf<CreateRow>('services').forEach((row, index) => {
    it(`${index + 1}: ${row.title}`, async () => {
      const services = await openWithHolder(row.title);
      const answer = await services.put(`s${index + 1}`, row.spec, row);
      if (row.result === undefined) return expectRefusal(answer, row);
      const known = JSON.stringify(row.spec);
      expect(answer.refusal).toBeUndefined();
      expect(masked(answer.service?.spec, known)).toEqual(masked(row.result, known));
      const warnings = answer.warnings.map((text) => `299 - ${JSON.stringify(text)}`);
      expect(warnings).toEqual(row.warning === undefined ? [] : [row.warning]);
    });
  });
});

/** As a strategic merge patch does it: ports by their number. */
function patched(spec: ServiceSpec, patch: ServiceSpec): ServiceSpec {
  const ports = new Map((spec.ports ?? []).map((port) => [port.port, port]));
  for (const port of patch.ports ?? []) ports.set(port.port, { ...ports.get(port.port), ...port });
  return { ...spec, ...patch, ...(ports.size === 0 ? {} : { ports: [...ports.values()] }) };
}

describe('changing a Service', () => {
  rowsOf<TransitionRow>('transitions').forEach((row, index) => {
    it(`${index + 100}: ${row.title}`, async () => {
      const services = await openWithHolder(row.title);
      const name = `t${index + 100}`;
      const created = await services.put(name, row.before);
      expect(created.service?.spec).toEqual(row.before);
      const sent = row.put ?? patched(row.before, row.patch ?? {});
      const answer = await services.put(name, sent);
      if (row.after === undefined) return expectRefusal(answer, row);
      const known = JSON.stringify([row.before, row.put, row.patch]);
      expect(answer.refusal).toBeUndefined();
      expect(masked(answer.service?.spec, known)).toEqual(masked(row.after, known));
    });
  });
});
