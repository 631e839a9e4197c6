import { describe, expect, it } from 'vitest';
import { StatusError } from '../schema/status-error.ts';
import { parseRequest } from './request-info.ts';
import { findTarget } from './target.ts';

/** What is asked for, in one line; a path that is no object as it is. */
function told(method: string, url: string): string {
  const info = parseRequest(method, url);
  if (!('resource' in info)) return `${info.verb} ${info.path}`;
  const { verb, group, version, resource, namespace, name, subresource } = info;
  return [verb, `${group}/${version}`, resource, namespace, name, subresource].join(' ').trimEnd();
}

describe('a request is about', () => {
  it.each([
    ['GET', '/version', 'get /version'],
    ['GET', '/api', 'get /api'],
    ['GET', '/apis/discovery.k8s.io/v1', 'get /apis/discovery.k8s.io/v1'],
    ['GET', '/api/v1/services', 'list /v1 services'],
    ['GET', '/api/v1/services?watch=1', 'watch /v1 services'],
    ['GET', '/api/v1/services?watch', 'watch /v1 services'],
    ['GET', '/api/v1/services?watch=false', 'list /v1 services'],
    ['GET', '/api/v1/services?watch=0', 'list /v1 services'],
    ['GET', '/api/v1/namespaces/a/services', 'list /v1 services a'],
    ['GET', '/api/v1/namespaces/a/services/x?watch=1', 'get /v1 services a x'],
    ['GET', '/api/v1/namespaces/a/services/x/status', 'get /v1 services a x status'],
    ['GET', '/api/v1/namespaces', 'list /v1 namespaces'],
    ['GET', '/api/v1/namespaces/a', 'get /v1 namespaces a a'],
    ['PUT', '/api/v1/namespaces/a/finalize', 'update /v1 namespaces a a finalize'],
    ['GET', '/api/v1/watch/namespaces/a/pods', 'watch /v1 pods a'],
    ['GET', '/api/v1/watch/namespaces/a', 'watch /v1 namespaces a a'],
    [
      'DELETE',
      '/apis/networking.k8s.io/v1/ipaddresses/10.96.0.1',
      'delete networking.k8s.io/v1 ipaddresses  10.96.0.1',
    ],
    ['DELETE', '/api/v1/namespaces/a/pods', 'deletecollection /v1 pods a'],
    ['PATCH', '/api/v1/nodes/n', 'patch /v1 nodes  n'],
    ['GET', '/api/v1/namespaces/a%2Fb/services/x%20y', 'get /v1 services a/b x y'],
    ['GET', '/api/v1/namespaces/a/services/%zz', 'get /v1 services a %zz'],
    ['GET', 'http://127.0.0.1:6443/api/v1/nodes', 'list /v1 nodes'],
  ])('%s %s', (method, url, expected) => {
    expect(told(method, url)).toBe(expected);
  });

  it('all that follows the first question mark: one in a value ends nothing', () => {
    const { query } = parseRequest(
      'DELETE',
      '/api/v1/namespaces/a/pods?pretty=?&labelSelector=a%3Db&dryRun=All',
    );
    expect([...query]).toEqual([
      ['pretty', '?'],
      ['labelSelector', 'a=b'],
      ['dryRun', 'All'],
    ]);
  });
});

/** What there is at it, or why not. */
function target(method: string, url: string): string {
  const info = parseRequest(method, url);
  if (!('resource' in info)) return 'no object';
  try {
    const found = findTarget(info);
    return found === undefined ? 'nothing' : `${found.verb} ${found.resource.kind}`;
  } catch (error) {
    return error instanceof StatusError ? String(error.code) : 'failed';
  }
}

describe('there is', () => {
  it.each([
    ['GET', '/api/v1/namespaces/a/services/x', 'get Service'],
    ['GET', '/apis/events.k8s.io/v1/events', 'list Event'],
    ['POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', 'create SelfSubjectAccessReview'],
    ['GET', '/apis/nope.io/v1/things', 'nothing'],
    ['GET', '/api/v2/services', 'nothing'],
    ['GET', '/api/v1/nopes', '404'],
    ['GET', '/api/v1/services/x', '404'],
    ['GET', '/api/v1/namespaces/a/nodes', '404'],
    ['GET', '/api/v1/namespaces/a/services/x/scale', '404'],
    ['GET', '/api/v1/namespaces/a/services/x/status/more', '404'],
    ['GET', '/api/v1/namespaces/a/pods/__proto__/constructor', '404'],
    ['GET', '/api/v1/__proto__', '404'],
    ['POST', '/api/v1/services', '405'],
    ['POST', '/api/v1/namespaces/a/services/x', '405'],
    ['PUT', '/api/v1/namespaces/a/services', '405'],
    ['DELETE', '/api/v1/namespaces', '405'],
    ['GET', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', '405'],
    ['OPTIONS', '/api/v1/services', '405'],
    ['DELETE', '/api/v1/namespaces/a/pods/x/status', '405'],
  ])('%s %s → %s', (method, url, expected) => {
    expect(target(method, url)).toBe(expected);
  });
});
