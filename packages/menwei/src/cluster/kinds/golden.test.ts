/** What the reference answers to creates of the kinds of this folder, with the words of its refusals and all defaults. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { canonicalForm } from '../schema/canonical-form.ts';
import { decodeBody } from '../schema/decode-body.ts';
import type { ApiObject } from '../schema/object.ts';
import { objectInvalid } from '../schema/status-error.ts';
import { validateMetadata } from './metadata.ts';
import type { Resource } from './resource.ts';
import { findResource } from './resources.ts';
import { rulesOf } from './rules.ts';

interface Row {
  readonly title: string;
  readonly request?: {
    readonly method: string;
    readonly path: string;
    readonly body?: unknown;
  };
  readonly status: number;
  readonly body: { readonly message?: string; readonly details?: object; readonly spec?: object };
}

/** A value of the table that stands for a long one. */
const LONG = /^\((\d+) times (.*)\)$/;

const rows = readRows().filter(({ title }) =>
  /^(EndpointSlice|Endpoints|ServiceCIDR|IPAddress|Node|Pod|Ingress):/.test(title),
);

function readRows(): readonly Row[] {
  const file = new URL('../../../../../test/data/cluster-golden/errors.jsonl', import.meta.url);
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
  return lines.map((line): Row => JSON.parse(line));
}

describe('a create is answered as by the reference', () => {
  it.each(rows.filter(({ request }) => request?.method === 'POST'))('$title', ({ request, status, body }) => {
    const resource = resourceAt(request?.path ?? '');
    const object = decode(resource, request?.body);
    const rules = rulesOf(resource);
    const given = rules.defaults(object);
    const prepared = rules.prepareForCreate?.(given, 0) ?? given;
    const errors = [
      ...validateMetadata(prepared.metadata, {
        isNamespaced: resource.isNamespaced,
        validateName: rules.validateName,
      }),
      ...rules.validate(prepared),
    ];
    if (status === 422) {
      expect(objectInvalid(resource, object.metadata.name ?? '', errors).status).toEqual(body);
    } else {
      expect(errors).toEqual([]);
      const { metadata: _made, ...made } = canonicalForm(resource.message, prepared);
      const { metadata: _told, ...told } = body as ApiObject;
      expect(JSON.stringify(made)).toBe(JSON.stringify(told));
    }
  });
});

it('the type of the addresses of a slice is for ever', () => {
  const slices = resourceAt('/apis/discovery.k8s.io/v1/namespaces/default/endpointslices');
  const { body } = rows.find(({ title }) => title === 'EndpointSlice: addressType is immutable') ?? {};
  const old = decode(slices, { metadata: { name: 'kubernetes' }, addressType: 'IPv4' });
  const next = decode(slices, { metadata: { name: 'kubernetes' }, addressType: 'IPv6' });
  const errors = rulesOf(slices).validateUpdate?.(next, old) ?? [];
  expect(objectInvalid(slices, 'kubernetes', errors).status).toEqual(body);
});

it('a ConfigMap has a limit', () => {
  const configMaps = resourceAt('/api/v1/namespaces/default/configmaps');
  const { body } = readRows().find(({ title }) => title === 'ConfigMap over 1 MiB') ?? {};
  const big = decode(configMaps, { metadata: { name: 'big' }, data: { a: 'x'.repeat(1024 * 1024 + 1) } });
  expect(objectInvalid(configMaps, 'big', rulesOf(configMaps).validate(big)).status).toEqual(body);
  const whole = decode(configMaps, { metadata: { name: 'big' }, data: { a: 'x'.repeat(1024 * 1024) } });
  expect(rulesOf(configMaps).validate(whole)).toEqual([]);
});

function resourceAt(path: string): Resource {
  const [, group = '', rest = ''] = /^\/(?:api|apis\/([^/]+))\/v1\/(.*)$/.exec(path) ?? [];
  const plural = rest.replace(/^namespaces\/[^/]+\//, '').replace(/[/?].*$/, '');
  const resource = findResource(group, plural);
  if (resource === undefined) throw new Error(`no resource at ${path}`);
  return resource;
}

function decode(resource: Resource, given: unknown): ApiObject {
  const { group, version, kind, message } = resource;
  const header = { kind, apiVersion: group === '' ? version : `${group}/${version}` };
  const body = { ...header, ...expand(given) };
  const { object } = decodeBody({ group, version, kind, message }, Buffer.from(JSON.stringify(body)), 'json');
  const decoded = object as unknown as ApiObject;
  const namespace = resource.isNamespaced ? { namespace: 'default' } : {};
  return { ...decoded, metadata: { ...decoded.metadata, ...namespace } };
}

function expand(given: unknown): object {
  if (typeof given !== 'string') return Object(given);
  const [, count, text = ''] = LONG.exec(given) ?? [];
  const endpoints = Array.from({ length: Number(count) }, (): unknown => JSON.parse(text));
  return { metadata: { name: 'v' }, addressType: 'IPv4', endpoints };
}
