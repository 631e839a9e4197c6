import { generateKeyPairSync } from 'node:crypto';
import { Socket } from 'node:net';
import { beforeEach, describe, expect, it } from 'vitest';
import { resourceOf } from '../kinds/resources.ts';
import type { ApiObject } from '../schema/object.ts';
import { StatusError } from '../schema/status-error.ts';
import type { StoredObject } from '../store/store.ts';
import type { Asking, Attributes, User } from './access.ts';
import { ClusterAccess } from './cluster-access.ts';
import { parseRoles } from './roles-file.ts';
import { parseTokens } from './static-tokens.ts';
import { TokenKey } from './web-token.ts';

const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const TOKENS =
  'admin-token,admin,1,system:masters\nreader-token,reader,,\nnode-token,system:node:n1,,system:nodes\n';
const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5);

let nowMs = START_MS;
let objects: Map<string, StoredObject>;
let access: ClusterAccess;

function store(resource: string, namespace: string, name: string, uid: string, more: object = {}): void {
  const bytes = Buffer.from(JSON.stringify({ metadata: { name, namespace, uid }, ...more }));
  const none = { labels: {}, fields: {}, ownerUids: [], isBeingDeleted: false };
  objects.set(`${resource}/${namespace}/${name}`, {
    resource,
    namespace,
    name,
    uid,
    revision: 1,
    bytes,
    ...none,
  });
}

beforeEach(() => {
  nowMs = START_MS;
  objects = new Map();
  const parsed = parseTokens(TOKENS);
  if ('errors' in parsed) throw new Error(parsed.errors.join());
  access = new ClusterAccess({
    tokenKey: new TokenKey(privateKey),
    objects: { get: (resource, namespace, name) => objects.get(`${resource}/${namespace}/${name}`) },
    nowMs: () => nowMs,
    staticTokens: parsed.tokens,
  });
});

function asking(headers: Asking['headersDistinct'] = {}): Asking {
  return { headersDistinct: headers, socket: new Socket() };
}

function withToken(token: string, headers: Asking['headersDistinct'] = {}): User {
  const request = asking({ authorization: [`Bearer ${token}`], ...headers });
  return access.actFor(access.authenticate(request), request);
}

function refusal(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    if (error instanceof StatusError) return error.status;
    throw error;
  }
  return undefined;
}

const attributes = (verb: string, resource: string, more: Partial<Attributes> = {}): Attributes => ({
  ...{ verb, group: '', resource, subresource: '', namespace: '', name: '' },
  ...more,
});
const may = (user: User, asked: Attributes): boolean =>
  refusal(() => access.authorize(user, asked)) === undefined;

describe('who a request is from', () => {
  it('is nobody without credentials, who may see health and version alone', () => {
    const user = access.authenticate(asking());
    expect(user).toMatchObject({ name: 'system:anonymous', groups: ['system:unauthenticated'] });
    expect(may(user, { verb: 'get', path: '/version' })).toBe(true);
    expect(may(user, { verb: 'get', path: '/metrics' })).toBe(false);
    expect(may(user, { verb: 'get', path: '/api' })).toBe(false);
    expect(refusal(() => access.authorize(user, attributes('list', 'services')))).toEqual({
      kind: 'Status',
      apiVersion: 'v1',
      metadata: {},
      status: 'Failure',
      message:
        'services is forbidden: User "system:anonymous" cannot list resource "services" in API group "" at the cluster scope',
      reason: 'Forbidden',
      details: { kind: 'services' },
      code: 403,
    });
  });

  it('is told by a token, of which a wrong one is worse than none', () => {
    expect(withToken('admin-token')).toEqual({
      name: 'admin',
      uid: '1',
      groups: ['system:masters', 'system:authenticated'],
      extra: {},
    });
    for (const wrong of ['wrong', '', 'a.b.c', 'admin-token2']) {
      expect(refusal(() => withToken(wrong))).toMatchObject({ code: 401, message: 'Unauthorized' });
    }
  });

  it('is an admin where nobody is asked, unless it is a page in a browser', () => {
    const unsecured = new ClusterAccess({
      tokenKey: new TokenKey(privateKey),
      objects: { get: () => undefined },
      nowMs: () => nowMs,
      isUnsecured: true,
    });
    const nameOf = (headers: Asking['headersDistinct']) => unsecured.authenticate(asking(headers)).name;
    expect(nameOf({ host: ['127.0.0.1:6443'] })).toBe('system:unsecured');
    expect(nameOf({ host: ['[::1]:6443'] })).toBe('system:unsecured');
    expect(nameOf({ host: ['evil.example:6443'] })).toBe('system:anonymous');
    expect(nameOf({ host: ['localhost:6443'], origin: ['http://evil.example'] })).toBe('system:anonymous');
    expect(refusal(() => nameOf({ host: ['localhost'], authorization: ['Bearer x'] }))).toMatchObject({
      code: 401,
    });
  });

  it('is whom an admin acts for, and nobody else acts for others', () => {
    const jane = withToken('admin-token', { 'impersonate-user': ['jane'], 'impersonate-group': ['a', 'b'] });
    expect(jane).toMatchObject({ name: 'jane', groups: ['a', 'b', 'system:authenticated'] });
    expect(may(jane, attributes('list', 'services'))).toBe(false);
    const account = withToken('admin-token', { 'impersonate-user': ['system:serviceaccount:a:b'] });
    expect(account.groups).toEqual([
      'system:serviceaccounts',
      'system:serviceaccounts:a',
      'system:authenticated',
    ]);
    const message =
      'users "jane" is forbidden: User "reader" cannot impersonate resource "users" in API group "" at the cluster scope';
    const asJane = { 'impersonate-user': ['jane'] };
    expect(refusal(() => withToken('reader-token', asJane))).toMatchObject({ code: 403, message });
    const groupAlone = { 'impersonate-group': ['system:masters'] };
    expect(refusal(() => withToken('reader-token', groupAlone))).toMatchObject({ code: 400 });
  });
});

describe('what a user may do', () => {
  it('is said as kube-apiserver says it', () => {
    const reader = withToken('reader-token');
    const named = attributes('get', 'services', { namespace: 'default', name: 'kubernetes' });
    expect(refusal(() => access.authorize(reader, named))).toMatchObject({
      message:
        'services "kubernetes" is forbidden: User "reader" cannot get resource "services" in API group "" in the namespace "default"',
      details: { name: 'kubernetes', kind: 'services' },
    });
    expect(refusal(() => access.authorize(reader, { verb: 'get', path: '/metrics' }))).toMatchObject({
      message: 'forbidden: User "reader" cannot get path "/metrics"',
      details: {},
    });
    const status = attributes('patch', 'pods', { subresource: 'status', namespace: 'a', name: 'p' });
    expect(refusal(() => access.authorize(reader, status))).toMatchObject({
      message:
        'pods "p" is forbidden: User "reader" cannot patch resource "pods/status" in API group "" in the namespace "a"',
    });
  });

  it('is everything for an admin, and reading for a viewer', () => {
    const as = (group: string) =>
      withToken('admin-token', { 'impersonate-user': ['x'], 'impersonate-group': [group] });
    expect(may(as('system:masters'), attributes('delete', 'nodes', { name: 'n' }))).toBe(true);
    expect(may(as('system:masters'), { verb: 'get', path: '/metrics' })).toBe(true);
    const viewer = as('menwei:viewers');
    expect(may(viewer, attributes('watch', 'endpointslices', { group: 'discovery.k8s.io' }))).toBe(true);
    expect(may(viewer, attributes('get', 'pods', { subresource: 'log' }))).toBe(true);
    expect(may(viewer, attributes('get', 'pods', { subresource: 'exec' }))).toBe(false);
    expect(may(viewer, attributes('create', 'serviceaccounts', { subresource: 'token' }))).toBe(false);
    expect(may(viewer, attributes('create', 'services'))).toBe(false);
    expect(may(viewer, { verb: 'get', path: '/metrics' })).toBe(false);
    expect(may(as('menwei:loadbalancers'), attributes('patch', 'services', { subresource: 'status' }))).toBe(
      true,
    );
    expect(may(as('menwei:loadbalancers'), attributes('patch', 'services'))).toBe(false);
    const leases = attributes('update', 'leases', { group: 'coordination.k8s.io' });
    const pools = (verb: string) => attributes(verb, 'ipaddresspools', { group: 'menwei.dev' });
    for (const name of ['menwei:loadbalancers', 'menwei:announcers']) {
      expect(may(as(name), leases)).toBe(true);
      expect(may(as(name), pools('watch'))).toBe(true);
      expect(may(as(name), pools('patch'))).toBe(false);
    }
    expect(may(as('menwei:announcers'), attributes('patch', 'services', { subresource: 'status' }))).toBe(
      false,
    );
    expect(may(as('menwei:dns'), attributes('watch', 'pods'))).toBe(true);
    expect(may(as('menwei:dns'), attributes('watch', 'nodes'))).toBe(false);
  });

  it('is what kube-proxy needs for system:kube-proxy', () => {
    const proxy = withToken('admin-token', { 'impersonate-user': ['system:kube-proxy'] });
    expect(may(proxy, attributes('watch', 'servicecidrs', { group: 'networking.k8s.io' }))).toBe(true);
    expect(may(proxy, attributes('get', 'nodes', { name: 'n' }))).toBe(true);
    expect(may(proxy, attributes('create', 'events', { group: 'events.k8s.io', namespace: 'default' }))).toBe(
      true,
    );
    expect(may(proxy, attributes('get', 'services', { namespace: 'a', name: 's' }))).toBe(false);
    expect(may(proxy, attributes('list', 'pods'))).toBe(false);
  });

  it('is its own Node, Lease and pods for a node', () => {
    store('pods', 'a', 'here', 'u1', { spec: { nodeName: 'n1' } });
    store('pods', 'a', 'there', 'u2', { spec: { nodeName: 'n2' } });
    const node = withToken('node-token');
    const lease = { group: 'coordination.k8s.io', namespace: 'kube-node-lease' };
    const status = { subresource: 'status', namespace: 'a' };
    expect(may(node, attributes('patch', 'nodes', { name: 'n1', subresource: 'status' }))).toBe(true);
    expect(may(node, attributes('patch', 'nodes', { name: 'n2', subresource: 'status' }))).toBe(false);
    expect(may(node, attributes('delete', 'nodes', { name: 'n1' }))).toBe(false);
    expect(may(node, attributes('update', 'leases', { ...lease, name: 'n1' }))).toBe(true);
    expect(may(node, attributes('update', 'leases', { ...lease, name: 'n2' }))).toBe(false);
    expect(may(node, attributes('create', 'leases', lease))).toBe(false);
    expect(may(node, attributes('patch', 'pods', { ...status, name: 'here' }))).toBe(true);
    expect(may(node, attributes('patch', 'pods', { ...status, name: 'there' }))).toBe(false);
    expect(may(node, attributes('patch', 'pods', { ...status, name: 'gone' }))).toBe(false);
    expect(may(node, attributes('list', 'pods', { fieldSelector: 'spec.nodeName=n1' }))).toBe(true);
    expect(may(node, attributes('list', 'pods', { fieldSelector: 'spec.nodeName=n2' }))).toBe(false);
    expect(may(node, attributes('list', 'pods'))).toBe(false);
  });

  it('is what roles.yaml adds', () => {
    const text = `
- role: deployer
  subjects: [{kind: User, name: reader}, {kind: ServiceAccount, namespace: ci, name: bot}]
  rules:
  - {apiGroups: [""], resources: [services, "*/status"], verbs: [update], resourceNames: [web]}
  - {nonResourceURLs: [/metrics], verbs: [get]}`;
    const parsed = parseRoles(text);
    if ('errors' in parsed) throw new Error(parsed.errors.join());
    access.setOwnRoles(parsed.roles);
    const reader = withToken('reader-token');
    expect(may(reader, attributes('update', 'services', { name: 'web' }))).toBe(true);
    expect(may(reader, attributes('update', 'services', { name: 'db' }))).toBe(false);
    expect(may(reader, attributes('update', 'services'))).toBe(false);
    expect(may(reader, attributes('update', 'pods', { subresource: 'status', name: 'web' }))).toBe(true);
    expect(may(reader, { verb: 'get', path: '/metrics' })).toBe(true);
    const bot = withToken('admin-token', { 'impersonate-user': ['system:serviceaccount:ci:bot'] });
    expect(may(bot, attributes('update', 'services', { name: 'web' }))).toBe(true);
  });
});

describe('tokens of ServiceAccounts', () => {
  const request = (spec: object): ApiObject => ({
    kind: 'TokenRequest',
    apiVersion: 'authentication.k8s.io/v1',
    metadata: {},
    ...{ spec },
  });
  const issue = (spec: object = {}): string => {
    const answer: unknown = access.issueToken('a', 'bot', request(spec));
    return (answer as { status: { token: string } }).status.token;
  };

  beforeEach(() => store('serviceaccounts', 'a', 'bot', 'u1'));

  it('are good for an hour, as long as the account is there', () => {
    const token = issue();
    expect(withToken(token)).toMatchObject({
      name: 'system:serviceaccount:a:bot',
      uid: 'u1',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:a', 'system:authenticated'],
    });
    nowMs += 3_599_000;
    expect(withToken(token).uid).toBe('u1');
    nowMs += 1_000;
    expect(refusal(() => withToken(token))).toMatchObject({ code: 401 });
    const next = issue();
    store('serviceaccounts', 'a', 'bot', 'another');
    expect(refusal(() => withToken(next))).toMatchObject({ code: 401 });
  });

  it('are good for those they name, and nobody else', () => {
    const token = issue({ audiences: ['vault'] });
    expect(refusal(() => withToken(token))).toMatchObject({ code: 401 });
    const review = (audiences?: readonly string[]) =>
      access.review(
        resourceOf('authentication.k8s.io', 'tokenreviews'),
        '',
        { kind: 'TokenReview', apiVersion: 'v1', metadata: {}, ...{ spec: { token, audiences } } },
        withToken('admin-token'),
      );
    expect(review(['vault', 'x'])).toMatchObject({
      status: {
        authenticated: true,
        audiences: ['vault'],
        user: { username: 'system:serviceaccount:a:bot' },
      },
    });
    expect(review()).toMatchObject({ status: { authenticated: false } });
  });

  it('are bound to a pod while it is there', () => {
    store('pods', 'a', 'p', 'pod-1');
    const token = issue({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p', uid: 'pod-1' } });
    expect(withToken(token).extra).toMatchObject({ 'authentication.kubernetes.io/pod-name': ['p'] });
    objects.delete('pods/a/p');
    expect(refusal(() => withToken(token))).toMatchObject({ code: 401 });
    expect(
      refusal(() => issue({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' } })),
    ).toMatchObject({
      code: 404,
    });
  });

  it('are refused for too short a time, and to an account that is not there', () => {
    expect(refusal(() => issue({ expirationSeconds: 60 }))).toMatchObject({
      code: 422,
      message:
        'TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
    });
    expect(refusal(() => access.issueToken('a', 'nobody', request({})))).toMatchObject({
      message: 'serviceaccounts "nobody" not found',
    });
  });

  it('of another key, or changed on the way, are wrong', () => {
    const [head = '', payload = '', signature = ''] = issue().split('.');
    const claims: object = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const other = new TokenKey(generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey).sign(claims);
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload}.`;
    const forged = `${head}.${Buffer.from(JSON.stringify({ ...claims, exp: 9e9 })).toString('base64url')}.${signature}`;
    for (const token of [other, none, forged, `${head}.${payload}.`]) {
      expect(refusal(() => withToken(token))).toMatchObject({ code: 401 });
    }
  });
});

describe('reviews', () => {
  const canI = (spec: object, token: string) =>
    access.review(
      resourceOf('authorization.k8s.io', 'selfsubjectaccessreviews'),
      '',
      { kind: 'SelfSubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', metadata: {}, ...{ spec } },
      withToken(token),
    );

  it('say whether one may', () => {
    const spec = { resourceAttributes: { namespace: 'default', verb: 'create', resource: 'services' } };
    expect(canI(spec, 'admin-token')).toMatchObject({ spec, status: { allowed: true } });
    expect(canI(spec, 'reader-token')).toMatchObject({ status: { allowed: false } });
    const path = { nonResourceAttributes: { path: '/version', verb: 'get' } };
    expect(canI(path, 'reader-token')).toMatchObject({ status: { allowed: true } });
    expect(refusal(() => canI({}, 'reader-token'))).toMatchObject({
      code: 422,
      details: { causes: [{ field: 'spec.resourceAttributes' }] },
    });
  });

  it('say whether another may', () => {
    const review = (name: string, namespace: string, spec: object) =>
      access.review(
        resourceOf('authorization.k8s.io', name),
        namespace,
        { kind: 'SubjectAccessReview', apiVersion: 'authorization.k8s.io/v1', metadata: {}, ...{ spec } },
        withToken('admin-token'),
      );
    const asked = { resourceAttributes: { verb: 'list', resource: 'pods', namespace: 'a' } };
    const viewer = { user: 'x', groups: ['menwei:viewers'], ...asked };
    expect(review('subjectaccessreviews', '', viewer)).toMatchObject({
      status: { allowed: true, reason: 'allowed by the role viewer' },
    });
    expect(refusal(() => review('subjectaccessreviews', '', asked))).toMatchObject({ code: 422 });
    expect(review('localsubjectaccessreviews', 'a', viewer)).toMatchObject({ status: { allowed: true } });
    expect(refusal(() => review('localsubjectaccessreviews', 'b', viewer))).toMatchObject({ code: 400 });
  });

  it('list the rules of whoever asks', () => {
    const resource = resourceOf('authorization.k8s.io', 'selfsubjectrulesreviews');
    const review = { kind: 'SelfSubjectRulesReview', apiVersion: 'authorization.k8s.io/v1', metadata: {} };
    const answer = access.review(
      resource,
      '',
      { ...review, ...{ spec: { namespace: 'default' } } },
      withToken('reader-token'),
    );
    expect(answer).toEqual({
      ...review,
      spec: {},
      status: {
        resourceRules: [
          {
            verbs: ['create'],
            apiGroups: ['authorization.k8s.io'],
            resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
          },
          { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
        ],
        nonResourceRules: [
          { verbs: ['get'], nonResourceURLs: ['/healthz', '/livez', '/readyz', '/version', '/version/'] },
          { verbs: ['get'], nonResourceURLs: ['/.well-known', '/.well-known/*'] },
          {
            verbs: ['get'],
            nonResourceURLs: [
              ...['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi'],
              ...['/openapi/*', '/readyz', '/version', '/version/'],
            ],
          },
        ],
        incomplete: false,
      },
    });
    expect(refusal(() => access.review(resource, '', review, withToken('reader-token')))).toMatchObject({
      code: 400,
    });
  });

  it('say who one is', () => {
    const answer = access.review(
      resourceOf('authentication.k8s.io', 'selfsubjectreviews'),
      '',
      { kind: 'SelfSubjectReview', apiVersion: 'authentication.k8s.io/v1', metadata: {} },
      withToken('admin-token'),
    );
    expect(answer).toEqual({
      kind: 'SelfSubjectReview',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { creationTimestamp: '2026-01-02T03:04:05Z' },
      status: {
        userInfo: { username: 'admin', uid: '1', groups: ['system:masters', 'system:authenticated'] },
      },
    });
  });
});
