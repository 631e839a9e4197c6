/** Requests and answers captured from kube-apiserver 1.36.2, sent again and compared (cluster § 17.1). */
import { readFileSync } from 'node:fs';
import { expect } from 'vitest';
import { ADMIN_TOKEN, type GoldenServer } from './golden-server.ts';

interface GoldenRequest {
  readonly method: string;
  readonly path: string;
  readonly contentType?: string | null;
  readonly accept?: string;
  /** Text as it is, or what is sent as JSON. */
  readonly body?: unknown;
  /** Absent: the administrator's; null: none. */
  readonly token?: string | null;
}

export interface GoldenRow {
  readonly title: string;
  readonly request: GoldenRequest;
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
}

/** What we answer in another way, and why. */
export interface Difference {
  readonly why: string;
  readonly change: (row: GoldenRow) => Partial<GoldenRow>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

export function readGolden<Row>(name: string): readonly Row[] {
  const file = new URL(`../data/cluster-golden/${name}.jsonl`, import.meta.url);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line): Row => JSON.parse(line));
}

export async function send(server: GoldenServer, request: GoldenRequest): Promise<Answer> {
  const { method, path, contentType, accept, token = ADMIN_TOKEN } = request;
  const body = bodyOf(request.body);
  const response = await fetch(`${server.url}${path}`, {
    method,
    headers: {
      ...(typeof contentType === 'string' ? { 'Content-Type': contentType } : {}),
      ...(accept === undefined ? {} : { Accept: accept }),
      ...(token === null ? {} : { Authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body }),
  });
  return { status: response.status, headers: response.headers, text: await response.text() };
}

/** A body of the rows that stands for a long one: a slice with so many endpoints. */
const LONG = /^\((\d+) times (.*)\)$/;

function bodyOf(body: unknown): string | undefined {
  if (typeof body !== 'string') return body === undefined || body === null ? undefined : JSON.stringify(body);
  const [, count, text = ''] = LONG.exec(body) ?? [];
  if (count === undefined) return body;
  const endpoints = Array.from({ length: Number(count) }, (): unknown => JSON.parse(text));
  return JSON.stringify({
    kind: 'EndpointSlice',
    apiVersion: 'discovery.k8s.io/v1',
    metadata: { name: 'v' },
    addressType: 'IPv4',
    endpoints,
  });
}

/** Sends a row, and compares status, headers and body, and the order of its fields. */
export async function replay(server: GoldenServer, row: GoldenRow, difference?: Difference): Promise<void> {
  const { request, status, headers = {}, body } = { ...row, ...difference?.change(row) };
  const answer = await send(server, request);
  const known = `${request.path} ${JSON.stringify(request.body)}`;
  const expected = typeof body === 'string' ? body : masked(body, known);
  const given = typeof body === 'string' ? answer.text : masked(parse(answer.text), known);
  expect({ status: answer.status, body: given }).toEqual({ status, body: expected });
  expect(JSON.stringify(given)).toBe(JSON.stringify(expected));
  for (const [name, value] of Object.entries(headers)) expect(answer.headers.get(name)).toContain(value);
}

export function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

const MASKED: Readonly<Record<string, string>> = {
  uid: '<uid>',
  resourceVersion: '<rv>',
  creationTimestamp: '<time>',
  deletionTimestamp: '<time>',
  lastTransitionTime: '<time>',
};

/** Without what differs from one cluster to the next. @param known the request: what it says is no chance */
export function masked(value: unknown, known: string): unknown {
  if (Array.isArray(value)) return value.map((each) => masked(each, known));
  if (typeof value === 'object' && value !== null) {
    const fields = Object.entries(value).flatMap(([key, each]): [string, unknown][] => {
      if (key === 'managedFields') return [];
      const mask = typeof each === 'string' ? MASKED[key] : undefined;
      return [[key, mask ?? maskedField(key, each, known)]];
    });
    return Object.fromEntries(fields);
  }
  return typeof value === 'string' ? maskedText(value, known) : value;
}

function maskedField(key: string, value: unknown, known: string): unknown {
  const isPort = key === 'nodePort' || key === 'healthCheckNodePort';
  if (isPort && typeof value === 'number') return known.includes(String(value)) ? value : '<port>';
  return masked(value, known);
}

function maskedText(text: string, known: string): string {
  return text
    .replace(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, (uid) => (known.includes(uid) ? uid : '<uid>'))
    .replace(/10\.96\.\d+\.\d+/g, (ip) => (known.includes(ip) ? ip : '<IPv4>'))
    .replace(/fd00:96::[0-9a-f]+/g, (ip) => (known.includes(ip) ? ip : '<IPv6>'))
    .replace(/^gen-[a-z0-9]{5}$/, 'gen-<name>')
    .replace(/current: \d+/, 'current: <rv>')
    .replace(/in record \(\d+\)/, 'in record (<rv>)');
}
