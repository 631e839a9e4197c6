import { describe, expect, it } from 'vitest';
import { formatErrorBody } from '../schema/field-error.ts';
import type { Messages } from '../schema/messages.ts';
import { INGRESS_RULES } from './ingress.ts';
import { INGRESS_CLASS_RULES } from './ingress-class.ts';

type Ingress = Messages['networking.v1.Ingress'];
type Spec = Messages['networking.v1.IngressSpec'];

const BACKEND = { service: { name: 's', port: { number: 80 } } };

function ingress(spec: Spec, annotations?: Readonly<Record<string, string>>): Ingress {
  const metadata = { name: 'i', ...(annotations === undefined ? {} : { annotations }) };
  return { kind: 'Ingress', apiVersion: 'networking.k8s.io/v1', metadata, spec };
}

function texts(errors: ReturnType<typeof INGRESS_RULES.validate> | undefined): readonly string[] {
  return (errors ?? []).map((error) => `${error.field}: ${formatErrorBody(error)}`);
}

const withPath = (path: Messages['networking.v1.HTTPIngressPath']): Spec => ({
  rules: [{ http: { paths: [{ backend: BACKEND, ...path }] } }],
});

describe('an Ingress', () => {
  it.each<[Spec, readonly string[]]>([
    [{ defaultBackend: BACKEND, rules: [{ host: '*.a.b' }], tls: [{ hosts: ['a.b'] }] }, []],
    [withPath({ path: '/a', pathType: 'Exact' }), []],
    [withPath({ pathType: 'ImplementationSpecific' }), []],
    [
      withPath({ path: 'a', pathType: 'ImplementationSpecific' }),
      ['spec.rules[0].http.paths[0].path: Invalid value: "a": must be an absolute path'],
    ],
    [
      withPath({ path: '/a/../b/.', pathType: 'Prefix' }),
      [
        `spec.rules[0].http.paths[0].path: Invalid value: "/a/../b/.": must not contain '/../'`,
        `spec.rules[0].http.paths[0].path: Invalid value: "/a/../b/.": cannot end with '/.'`,
      ],
    ],
    [
      withPath({ path: '/', pathType: 'Nope' }),
      [
        'spec.rules[0].http.paths[0].pathType: Unsupported value: "Nope": supported values: "Exact", "ImplementationSpecific", "Prefix"',
      ],
    ],
    [{ rules: [{ http: { paths: [] } }] }, ['spec.rules[0].http.paths: Required value']],
    [
      { defaultBackend: {} },
      ['spec.defaultBackend: Invalid value: "": resource or service backend is required'],
    ],
    [
      { defaultBackend: { service: { name: 's' } } },
      ['spec.defaultBackend: Required value: port name or number is required'],
    ],
    [
      { defaultBackend: { ...BACKEND, resource: { kind: 'K', name: 'n' } } },
      ['spec.defaultBackend: Invalid value: "": cannot set both resource and service backends'],
    ],
    [
      { defaultBackend: { resource: { kind: 'a/b', name: '' } } },
      [
        `spec.defaultBackend.resource.kind: Invalid value: "a/b": may not contain '/'`,
        'spec.defaultBackend.resource.name: Required value',
      ],
    ],
  ])('%j', (spec, errors) => {
    expect(texts(INGRESS_RULES.validate(ingress(spec)))).toEqual(errors);
  });

  it('has one class, and is warned of the old way to say it', () => {
    const annotations = { 'kubernetes.io/ingress.class': 'a' };
    const two = ingress({ defaultBackend: BACKEND, ingressClassName: 'b' }, annotations);
    expect(texts(INGRESS_RULES.validate(two))).toEqual([
      'annotations.kubernetes.io/ingress.class: Invalid value: "a": must match `ingressClassName` when both are specified',
    ]);
    expect(texts(INGRESS_RULES.validate(two, two))).toEqual([]);
    expect(INGRESS_RULES.warnings?.(two)).toEqual([]);
    expect(INGRESS_RULES.warnings?.(ingress({}, annotations))).toEqual([
      `annotation "kubernetes.io/ingress.class" is deprecated, please use 'spec.ingressClassName' instead`,
    ]);
  });

  it('is reached at addresses or names', () => {
    const points = [{ ip: '192.0.2.1' }, { hostname: 'a.b' }, { hostname: '192.0.2.1' }];
    const given = { ...ingress({}), status: { loadBalancer: { ingress: points } } };
    expect(texts(INGRESS_RULES.validateStatusUpdate?.(given, given))).toEqual([
      'status.loadBalancer.ingress[2].hostname: Invalid value: "192.0.2.1": must be a DNS name, not an IP address',
    ]);
  });
});

describe('an IngressClass', () => {
  const withParameters = (parameters: Messages['networking.v1.IngressClassParametersReference']) =>
    INGRESS_CLASS_RULES.defaults({
      kind: 'IngressClass',
      apiVersion: 'networking.k8s.io/v1',
      metadata: { name: 'c' },
      spec: { controller: 'a.b/c', parameters: { kind: 'K', name: 'n', ...parameters } },
    });

  it.each<[object, readonly string[]]>([
    [{}, []],
    [{ scope: 'Namespace', namespace: 'a' }, []],
    [
      { scope: 'Namespace' },
      ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"],
    ],
    [{ namespace: 'a' }, ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"]],
    [
      { scope: 'Nope' },
      ['spec.parameters.scope: Unsupported value: "Nope": supported values: "Cluster", "Namespace"'],
    ],
  ])('with parameters %j', (parameters, errors) => {
    expect(texts(INGRESS_CLASS_RULES.validate(withParameters(parameters)))).toEqual(errors);
  });
});
