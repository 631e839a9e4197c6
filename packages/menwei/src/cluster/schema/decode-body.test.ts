import { describe, expect, it } from 'vitest';
import { canonicalForm } from './canonical-form.ts';
import { type BodyFormat, decodeBody, decodeDeleteOptions, type ExpectedKind } from './decode-body.ts';
import { enforceFieldValidation } from './field-validation.ts';
import { StatusError } from './status-error.ts';

const SERVICE = { group: '', version: 'v1', kind: 'Service', message: 'core.v1.Service' } as const;
const SLICE = {
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  message: 'discovery.v1.EndpointSlice',
} as const;
const INGRESS = {
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  message: 'networking.v1.Ingress',
} as const;
const POD = { group: '', version: 'v1', kind: 'Pod', message: 'core.v1.Pod' } as const;

const decode = (text: string, format: BodyFormat = 'json', kind: ExpectedKind = SERVICE) =>
  decodeBody(kind, Buffer.from(text), format);
const service = (spec: unknown, metadata: object = { name: 'x' }) =>
  JSON.stringify({ kind: 'Service', apiVersion: 'v1', metadata, spec });

function refusal(work: () => unknown): { readonly code: number; readonly message: string } {
  try {
    work();
  } catch (error) {
    if (error instanceof StatusError) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error('it was taken');
}

describe('a body that is no object of the kind', () => {
  it.each([
    ['', "couldn't get version/kind; json parse error: unexpected end of JSON input (<empty>)"],
    ['{', "couldn't get version/kind; json parse error: unexpected end of JSON input ({)"],
    [
      'x',
      "couldn't get version/kind; json parse error: invalid character 'x' looking for beginning of value (78)",
    ],
    [
      '{"a" 1, "b": "a long text"}{{{{',
      `couldn't get version/kind; json parse error: invalid character '1' after object key ({"a" 1, "b": "a long text"}{{{ ...)`,
    ],
    ['{"apiVersion":"a/b/c"}', 'unexpected GroupVersion string: a/b/c ({"apiVersion":"a/b/c"})'],
    [
      '{"kind":1}',
      `couldn't get version/kind; json parse error: json: cannot unmarshal number into Go struct field .kind of type string ({"kind":1})`,
    ],
  ])('%j is refused', (text, why) => {
    const message = `the object provided is unrecognized (must be of type Service): ${why}`;
    expect(refusal(() => decode(text))).toEqual({ code: 400, message });
  });

  it.each([
    [
      { kind: 'Pod', apiVersion: 'v1' },
      'Pod in version "v1" cannot be handled as a Service: converting (v1.Pod) to (core.Service): unknown conversion',
    ],
    [
      { kind: 'Service', apiVersion: 'v2' },
      'Service in version "v2" cannot be handled as a Service: no kind "Service" is registered for version "v2" in scheme "pkg/api/legacyscheme/scheme.go:30"',
    ],
    [
      { kind: 'EndpointSlice', apiVersion: 'discovery.k8s.io/v1' },
      'EndpointSlice in version "v1" cannot be handled as a Service: converting (v1.EndpointSlice) to (core.Service): unknown conversion',
    ],
  ])('%j is refused', (header, message) => {
    expect(refusal(() => decode(JSON.stringify(header)))).toEqual({ code: 400, message });
  });

  it('is refused when it is nested too deeply, or holds too many values', () => {
    const deep = `{"spec":${'['.repeat(1_000_000)}`;
    expect(refusal(() => decode(deep)).message).toContain('exceeded max depth');
    const wide = `{"spec":[${'{},'.repeat(900_000)}{}]}`;
    expect(refusal(() => decode(wide)).message).toContain('exceeded max number of values');
  });

  it.each(['- a\n', '- ', '? ', '"', "'' ", '!a ', '[', ']', '}', '\r', '|', '%\r', '*a ', '>\n'])(
    'is refused before it is read as YAML when it is long and made of %j',
    (text) => {
      const message = refusal(() => decode(text.repeat(3_000_000 / text.length), 'yaml')).message;
      expect(message).toContain('send it as JSON');
    },
  );

  it('is refused when aliases make more of a text than a body can hold', () => {
    const args = Array.from({ length: 1000 }, () => '*a').join(',');
    const bomb = `metadata: {annotations: {a: &a "${'x'.repeat(1_000_000)}"}}\nspec: {externalIPs: [${args}]}`;
    expect(refusal(() => decode(bomb, 'yaml')).message).toContain('document contains excessive aliasing');
  });
});

describe('a field of the wrong type', () => {
  it.each([
    [
      { ports: [{ port: 'eighty' }] },
      'string into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      { ports: [{ port: 80.5 }] },
      'number 80.5 into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      { ports: [{ port: 2 ** 31 }] },
      'number 2147483648 into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      { ports: [{ protocol: 1 }] },
      'number into Go struct field ServicePort.spec.ports.protocol of type v1.Protocol',
    ],
    [{ ports: {} }, 'object into Go struct field ServiceSpec.spec.ports of type []v1.ServicePort'],
    [{ ports: ['x'] }, 'string into Go struct field ServiceSpec.spec.ports of type v1.ServicePort'],
    [{ selector: { a: true } }, 'bool into Go struct field ServiceSpec.spec.selector of type string'],
    [{ selector: [] }, 'array into Go struct field ServiceSpec.spec.selector of type map[string]string'],
    [{ externalIPs: [[]] }, 'array into Go struct field ServiceSpec.spec.externalIPs of type string'],
    [{ ports: [{ port: 1, targetPort: true }] }, 'bool into Go value of type int32'],
    [5, 'number into Go struct field Service.spec of type v1.ServiceSpec'],
  ])('%j is told in the words of Go', (spec, what) => {
    const message = `Service in version "v1" cannot be handled as a Service: json: cannot unmarshal ${what}`;
    expect(refusal(() => decode(service(spec)))).toEqual({ code: 400, message });
  });

  it.each([
    ['x', 'parsing time "x" as "2006-01-02T15:04:05Z07:00": cannot parse "x" as "2006"'],
    ['2026-13-01T00:00:00Z', 'parsing time "2026-13-01T00:00:00Z": month out of range'],
    ['2026-02-29T00:00:00Z', 'parsing time "2026-02-29T00:00:00Z": day out of range'],
    ['2026-02-28T00:00:00Zulu', 'parsing time "2026-02-28T00:00:00Zulu": extra text: "ulu"'],
  ])('the time %j', (creationTimestamp, why) => {
    const body = service({}, { creationTimestamp });
    expect(refusal(() => decode(body)).message).toBe(
      `Service in version "v1" cannot be handled as a Service: ${why}`,
    );
  });

  it('in YAML is what YAML 1.1 makes of it', () => {
    const text = 'kind: Service\napiVersion: v1\nmetadata: {name: y}\nspec: {ports: [{port: 80, prot: 1}]}\n';
    expect(refusal(() => decode(text, 'yaml')).message).toBe(
      'Service in version "v1" cannot be handled as a Service: json: cannot unmarshal bool into Go struct field ObjectMeta.metadata.name of type string',
    );
  });
});

describe('unknown and duplicate fields', () => {
  const told = (text: string, format: BodyFormat = 'json') => decode(text, format).faults;

  it('are told with their paths, in the order of the text', () => {
    expect(told(service({ ports: [{ port: 80, prot: 1 }], nope: true }))).toEqual([
      'unknown field "spec.ports[0].prot"',
      'unknown field "spec.nope"',
    ]);
    expect(
      told(
        '{"spec":{"ports":[{"port":80,"port":81}],"selector":{"a":"b","a":"c"}},"kind":"Service","kind":"Service"}',
      ),
    ).toEqual([
      'duplicate field "spec.ports[0].port"',
      'duplicate field "spec.selector.a"',
      'duplicate field "kind"',
    ]);
    expect(told(service({ Ports: [] }))).toEqual(['unknown field "spec.Ports"']);
    expect(told('spec:\n  type: A\n  type: B\n', 'yaml')).toEqual(['line 3: key "type" already set in map']);
  });

  it('are left out of the object, and of duplicates the last one counts', () => {
    const { object } = decodeBody(SERVICE, Buffer.from('{"spec":{"nope":1,"type":"A","type":"B"}}'), 'json');
    expect(object).toEqual({ kind: 'Service', apiVersion: 'v1', metadata: {}, spec: { type: 'B' } });
  });

  it('refuse the object if the client wants that', () => {
    const faults = ['unknown field "spec.a"', 'duplicate field "spec.b"'];
    expect(refusal(() => enforceFieldValidation(SLICE, faults, 'Strict'))).toEqual({
      code: 400,
      message:
        'EndpointSlice in version "v1" cannot be handled as a EndpointSlice: strict decoding error: unknown field "spec.a", duplicate field "spec.b"',
    });
    expect(enforceFieldValidation(SLICE, [], 'Strict')).toEqual([]);
    expect(enforceFieldValidation(SLICE, faults, 'Warn')).toEqual(faults);
    expect(enforceFieldValidation(SLICE, faults, 'Ignore')).toEqual([]);
  });
});

describe('what is taken', () => {
  it('leaves out what means nothing, and keeps zeros that mean something', () => {
    const spec = {
      clusterIP: '',
      selector: {},
      externalIPs: [],
      ports: [{ port: 80, nodePort: 0, name: '', appProtocol: '' }],
      allocateLoadBalancerNodePorts: false,
      publishNotReadyAddresses: false,
      sessionAffinityConfig: { clientIP: null },
      externalName: null,
    };
    const status = { loadBalancer: { ingress: [] } };
    const { object } = decode(
      JSON.stringify({ metadata: { creationTimestamp: null, labels: { a: null } }, spec, status }),
    );
    expect(object).toEqual({
      kind: 'Service',
      apiVersion: 'v1',
      metadata: { labels: { a: '' } },
      spec: {
        ports: [{ port: 80, appProtocol: '' }],
        allocateLoadBalancerNodePorts: false,
        sessionAffinityConfig: {},
      },
    });
  });

  it('has in the place of a pointer that must be written null, and zero where zero was given', () => {
    const backend = { resource: { kind: 'Bucket', name: 'b' } };
    const paths = [
      { path: '/', backend },
      { path: '/a', pathType: '', backend },
    ];
    const ingress = { spec: { rules: [{ http: { paths } }] } };
    const { object } = decode(JSON.stringify(ingress), 'json', INGRESS);
    expect(
      JSON.parse(JSON.stringify(canonicalForm(INGRESS.message, object))).spec.rules[0].http.paths,
    ).toEqual([
      { path: '/', pathType: null, backend: { resource: { apiGroup: null, kind: 'Bucket', name: 'b' } } },
      { path: '/a', pathType: '', backend: { resource: { apiGroup: null, kind: 'Bucket', name: 'b' } } },
    ]);
  });

  it('has times, quantities and bytes in their one form', () => {
    const pod = {
      metadata: {
        creationTimestamp: '2026-11-30T07:00:00.25+02:00',
        deletionTimestamp: '0001-01-01T00:00:00Z',
      },
      spec: {
        containers: [
          {
            name: 'a',
            resources: { limits: { cpu: '1000m', memory: '2048Ki', a: 0.5, b: '1e3', c: '0.5Gi' } },
          },
        ],
      },
    };
    expect(decode(JSON.stringify(pod), 'json', POD).object).toMatchObject({
      metadata: { creationTimestamp: '2026-11-30T05:00:00Z' },
      spec: {
        containers: [{ resources: { limits: { cpu: '1', memory: '2Mi', a: '500m', b: '1e3', c: '512Mi' } } }],
      },
    });
  });

  it('may have any key in a map', () => {
    const { object } = decode(
      '{"metadata":{"labels":{"__proto__":"a","constructor":"b","hasOwnProperty":"c"}}}',
    );
    expect(Object.entries(Object(object.metadata?.labels))).toEqual([
      ['__proto__', 'a'],
      ['constructor', 'b'],
      ['hasOwnProperty', 'c'],
    ]);
    expect(Object.getPrototypeOf(object.metadata?.labels)).toBeNull();
  });

  it('is in protobuf what the clients of Kubernetes make of it', () => {
    const text = (...parts: readonly string[]) => Buffer.from(parts.join(''), 'latin1');
    // kind DeleteOptions of v1: gracePeriodSeconds 1, preconditions { uid "u" }
    const options = text(
      'k8s\0',
      '\x0a\x13\x0a\x02v1\x12\x0dDeleteOptions',
      '\x12\x07\x08\x01\x12\x03\x0a\x01u',
    );
    expect(decodeDeleteOptions(options, 'protobuf')).toEqual({
      gracePeriodSeconds: 1,
      preconditions: { uid: 'u' },
    });
    const wrong = (body: Buffer) => refusal(() => decodeBody(SERVICE, body, 'protobuf')).message;
    expect(wrong(text('{}'))).toBe(
      'the object provided is unrecognized (must be of type Service): provided data does not appear to be a protobuf message, expected prefix [107 56 115 0] ({})',
    );
    expect(wrong(text('k8s\0\x12\x02\x0a\x05'))).toBe(
      'Service in version "v1" cannot be handled as a Service: unexpected EOF',
    );
    expect(wrong(text('k8s\0\x22\x04cbor'))).toContain('unknown content type "cbor"');
  });

  it('is a set of options, with or without a kind', () => {
    const options = (body: string) => decodeDeleteOptions(Buffer.from(body), 'json');
    expect(options('')).toEqual({});
    expect(options('{"propagationPolicy":"Background","nope":1}')).toEqual({
      propagationPolicy: 'Background',
    });
    expect(
      options('{"kind":"DeleteOptions","apiVersion":"discovery.k8s.io/v1","gracePeriodSeconds":0}'),
    ).toMatchObject({
      gracePeriodSeconds: 0,
    });
    expect(refusal(() => options('{"kind":"Service","apiVersion":"v1"}')).code).toBe(400);
  });
});
