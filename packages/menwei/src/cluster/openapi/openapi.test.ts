import { describe, expect, it } from 'vitest';
import { RESOURCES } from '../kinds/resources.ts';
import { SCHEMA } from '../schema/schema.ts';
import { shapeOf } from '../schema/shape.ts';
import descriptions from './descriptions.json' with { type: 'json' };
import { openApiV2, openApiV3Document, openApiV3Index } from './openapi.ts';

const parse = ({ bytes }: { readonly bytes: Buffer }) => JSON.parse(bytes.toString());
const core = () => parse(openApiV3Document('api/v1') ?? { bytes: Buffer.from('null') });
const SERVICE_SPEC = 'io.k8s.api.core.v1.ServiceSpec';

describe('version 3', () => {
  it('has a document for each group and version, at an address that changes with it', () => {
    const { paths } = parse(openApiV3Index());
    expect(Object.keys(paths)).toContain('apis/discovery.k8s.io/v1');
    for (const [path, { serverRelativeURL }] of Object.entries<{ serverRelativeURL: string }>(paths)) {
      expect(serverRelativeURL).toBe(`/openapi/v3/${path}?hash=${openApiV3Document(path)?.hash}`);
    }
    expect(openApiV3Document('apis/nope/v1')).toBeUndefined();
  });

  it('says how patches merge lists', () => {
    expect(core().components.schemas[SERVICE_SPEC].properties.ports).toEqual({
      description: 'The ports on which the Service listens. A headless Service needs none.',
      type: 'array',
      items: { allOf: [{ $ref: '#/components/schemas/io.k8s.api.core.v1.ServicePort' }] },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['port', 'protocol'],
      'x-kubernetes-patch-strategy': 'merge',
      'x-kubernetes-patch-merge-key': 'port',
    });
  });

  it('says what values a field may have', () => {
    const { type, ipFamilies } = core().components.schemas[SERVICE_SPEC].properties;
    expect(type.enum).toEqual(['ClusterIP', 'ExternalName', 'LoadBalancer', 'NodePort']);
    expect(ipFamilies.items.enum).toContain('IPv6');
  });

  it('shows by the parameters of a PATCH that the server validates fields', () => {
    const { patch } = core().paths['/api/v1/namespaces/{namespace}/services/{name}'];
    expect(patch['x-kubernetes-group-version-kind']).toEqual({ group: '', kind: 'Service', version: 'v1' });
    expect(patch.parameters.map(({ name }: { name: string }) => name)).toEqual([
      'dryRun',
      'fieldManager',
      'fieldValidation',
      'force',
    ]);
  });

  it('has every type that is named', () => {
    for (const path of Object.keys(parse(openApiV3Index()).paths)) {
      const text = openApiV3Document(path)?.bytes.toString() ?? '';
      const { schemas } = JSON.parse(text).components;
      const named = Array.from(text.matchAll(/#\/components\/schemas\/([^"]+)/g), ([, name = '']) => name);
      expect(named.filter((name) => schemas[name] === undefined)).toEqual([]);
    }
  });
});

describe('version 2', () => {
  it('has the kind of every resource', () => {
    const { definitions, swagger } = parse(openApiV2.json());
    expect(swagger).toBe('2.0');
    const kinds = Object.values<Record<string, unknown>>(definitions)
      .flatMap((definition) => definition['x-kubernetes-group-version-kind'] ?? [])
      .map((kind) => JSON.stringify(kind));
    for (const { group, kind, version } of RESOURCES) {
      expect(kinds).toContain(JSON.stringify({ group, kind, version }));
    }
    expect(definitions[SERVICE_SPEC].properties.selector).toMatchObject({
      type: 'object',
      additionalProperties: { type: 'string' },
    });
  });

  it('is the same in protobuf', () => {
    const { bytes } = openApiV2.protobuf();
    expect(bytes.subarray(0, 5)).toEqual(Buffer.from('\x0a\x032.0'));
    for (const name of Object.keys(parse(openApiV2.json()).definitions))
      expect(bytes.includes(name)).toBe(true);
  });
});

describe('descriptions', () => {
  it('are of messages and fields that there are', () => {
    const unknown = Object.entries<Readonly<Record<string, string>>>(descriptions).flatMap(
      ([message, fields]) => {
        if (SCHEMA[message] === undefined) return [message];
        const { byName } = shapeOf(message);
        return Object.keys(fields).filter((field) => field !== '' && !byName.has(field));
      },
    );
    expect(unknown).toEqual([]);
  });

  it('are there for every kind, and for all that a Service and its endpoints have', () => {
    const { definitions } = parse(openApiV2.json());
    const whole = [
      'Service',
      'Endpoint',
      'LoadBalancer',
      'ObjectMeta',
      'ClientIP',
      'SessionAffinity',
      'ServiceCIDR',
      'IPAddress',
    ];
    const silent = Object.entries<Record<string, Record<string, { description?: string }>>>(
      definitions,
    ).flatMap(([name, definition]) => {
      const isKind = definition['x-kubernetes-group-version-kind'] !== undefined;
      const own = isKind && definition.description === undefined ? [name] : [];
      const short = name.slice(name.lastIndexOf('.') + 1);
      if (!whole.some((start) => short.startsWith(start))) return own;
      const fields = Object.entries(definition.properties ?? {}).filter(
        ([, { description }]) => description === '',
      );
      return [...own, ...fields.map(([field]) => `${name}.${field}`)];
    });
    expect(silent).toEqual([]);
  });
});
