import { describe, expect, it } from 'vitest';
import { proxyFromEnvironment } from './proxy-environment.ts';

const PROXY = 'http://proxy.test:3128';

describe('proxyFromEnvironment', () => {
  it.each([
    ['https', 'https://api.test', { HTTPS_PROXY: PROXY }, PROXY],
    ['http', 'http://api.test', { HTTP_PROXY: PROXY }, PROXY],
    ['lower case', 'https://api.test', { https_proxy: PROXY }, PROXY],
    ['no scheme', 'https://api.test', { HTTPS_PROXY: 'proxy.test:3128' }, PROXY],
    ['the other scheme', 'https://api.test', { HTTP_PROXY: PROXY }, undefined],
    ['nothing set', 'https://api.test', {}, undefined],
    ['localhost is never proxied', 'https://localhost:6443', { HTTPS_PROXY: PROXY }, undefined],
    ['loopback is never proxied', 'https://127.0.0.1:6443', { HTTPS_PROXY: PROXY }, undefined],
    ['loopback of IPv6 neither', 'https://[::1]:6443', { HTTPS_PROXY: PROXY }, undefined],
  ])('%s', (_, server, environment, expected) => {
    expect(proxyFromEnvironment(server, environment)?.url).toBe(expected);
  });

  it.each([
    ['*', 'https://api.test', false],
    ['api.test', 'https://api.test', false],
    ['test', 'https://api.test', false],
    ['.test', 'https://api.test', false],
    ['*.test', 'https://api.test', false],
    ['API.Test', 'https://api.test', false],
    ['.api.test', 'https://api.test', true],
    ['pi.test', 'https://api.test', true],
    ['api.test:443', 'https://api.test', false],
    ['api.test:6443', 'https://api.test', true],
    ['x, 10.0.0.0/8', 'https://10.0.0.1:6443', false],
    ['10.0.0.1', 'https://10.0.0.1:6443', false],
    ['10.0.0.2,', 'https://10.0.0.1:6443', true],
    ['172.16.0.0/12', 'https://10.0.0.1:6443', true],
    ['fd00::/8', 'https://[fd00::1]:6443', false],
    ['fd00::1', 'https://[fd00:0::1]:6443', false],
    ['[fd00::1]:6443', 'https://[fd00::1]:6443', false],
    ['[fd00::1]:443', 'https://[fd00::1]:6443', true],
  ])('NO_PROXY=%s for %s: proxied is %s', (exceptions, server, proxied) => {
    const environment = { HTTPS_PROXY: PROXY, NO_PROXY: exceptions };
    expect(proxyFromEnvironment(server, environment)?.url).toBe(proxied ? PROXY : undefined);
  });

  it.each([
    [{ HTTPS_PROXY: PROXY, https_proxy: 'http://other.test' }, 'HTTPS_PROXY'],
    [{ HTTPS_PROXY: '', https_proxy: PROXY }, 'https_proxy'],
  ])('says which variable counts: %j', (environment, variable) => {
    expect(proxyFromEnvironment('https://api.test', environment)).toMatchObject({ url: PROXY, variable });
  });

  it('says what in NO_PROXY can match nothing', () => {
    const useful = [
      '',
      '*.svc',
      '.cluster.local',
      'a.test:443',
      '10.0.0.1',
      '10.0.0.1:80',
      'fd00::1',
      '[fd00::1]:1',
    ];
    const useless = [
      '10.0.0.0/33',
      '10.0.0.0/8 172.16.0.0/12',
      'http://a.test',
      'a.test:https',
      'a*b',
      '10.0.0.1:x',
    ];
    const environment = { HTTPS_PROXY: PROXY, NO_PROXY: [...useful, ...useless, '192.0.2.0/24'].join(', ') };
    expect(proxyFromEnvironment('https://api.test', environment)?.uselessExceptions).toEqual(useless);
  });
});
