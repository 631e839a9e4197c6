import { readFileSync } from 'node:fs';
import { testdata } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { plainConnection } from './connection.ts';
import { chooseConnection } from './connection-choice.ts';
import { inClusterConnection } from './in-cluster.ts';
import { parseKubeconfig } from './kubeconfig.ts';

const FILE = '/etc/kubernetes/proxy.conf';
const SERVER = 'https://10.0.0.1:6443';

const base64 = (name: string): string => readFileSync(testdata(name)).toString('base64');
const text = (name: string): string => readFileSync(testdata(name), 'utf8');

function config(cluster: object, user: object): string {
  const whole = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [
      { name: 'there', context: { cluster: 'far', user: 'far' } },
      { name: 'here', context: { cluster: 'near', user: 'proxy', namespace: 'default' } },
    ],
    clusters: [
      { name: 'far', cluster: { server: 'https://far.test' } },
      { name: 'near', cluster: { server: SERVER, ...cluster } },
    ],
    users: [
      { name: 'far', user: {} },
      { name: 'proxy', user },
    ],
    preferences: {},
  };
  // Quotes what means something else to Go.
  return stringify(whole, { version: '1.1' });
}

const read = (cluster: object, user: object, server?: string) =>
  parseKubeconfig(config(cluster, user), FILE, server);
const plain = plainConnection(SERVER);
const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: 'login', env: null, args: null };

describe('parseKubeconfig', () => {
  it.each<[string, object, object, object]>([
    ['nothing but a server', {}, {}, {}],
    [
      'a path in the URL',
      { server: 'https://rancher.test/k8s/clusters/c-1/' },
      {},
      { server: 'https://rancher.test/k8s/clusters/c-1' },
    ],
    [
      'an authority in the file',
      { 'certificate-authority-data': base64('ca.crt') },
      {},
      { certificateAuthority: { text: text('ca.crt') } },
    ],
    [
      'an authority beside the file',
      { 'certificate-authority': 'pki/ca.crt' },
      {},
      { certificateAuthority: { file: '/etc/kubernetes/pki/ca.crt' } },
    ],
    [
      'an authority elsewhere',
      { 'certificate-authority': '/pki/ca.crt' },
      {},
      { certificateAuthority: { file: '/pki/ca.crt' } },
    ],
    ['no verification', { 'insecure-skip-tls-verify': true }, {}, { skipTlsVerify: true }],
    ['a server name', { 'tls-server-name': 'api.cluster.test' }, {}, { tlsServerName: 'api.cluster.test' }],
    [
      'a proxy',
      { 'proxy-url': 'http://user:word@proxy.test:3128' },
      {},
      { proxyUrl: 'http://user:word@proxy.test:3128' },
    ],
    ['no compression', { 'disable-compression': true }, {}, { disableCompression: true }],
    ['a token', {}, { token: 'secret' }, { login: { kind: 'token', token: { text: 'secret' } } }],
    [
      'a token file, before a token',
      {},
      { token: 'old', tokenFile: 'token' },
      { login: { kind: 'token', token: { file: '/etc/kubernetes/token' } } },
    ],
    [
      'a password',
      {},
      { username: 'me', password: 'word' },
      { login: { kind: 'basic', username: 'me', password: 'word' } },
    ],
    [
      'a client certificate in the file',
      {},
      { 'client-certificate-data': base64('client.crt'), 'client-key-data': base64('client.key') },
      { clientCertificate: { certificate: { text: text('client.crt') }, key: { text: text('client.key') } } },
    ],
    [
      'a client certificate beside the file',
      {},
      { 'client-certificate': 'client.crt', 'client-key': '../client.key' },
      {
        clientCertificate: {
          certificate: { file: '/etc/kubernetes/client.crt' },
          key: { file: '/etc/client.key' },
        },
      },
    ],
    [
      'impersonation',
      {},
      { as: 'jane', 'as-uid': '7', 'as-groups': ['a', 'b'], 'as-user-extra': { 'acme.com/Team': ['x'] } },
      {
        impersonation: {
          'impersonate-user': 'jane',
          'impersonate-uid': '7',
          'impersonate-group': ['a', 'b'],
          'impersonate-extra-acme.com%2Fteam': ['x'],
        },
      },
    ],
    [
      'an exec plugin',
      { extensions: [{ name: 'client.authentication.k8s.io/exec', extension: { audience: 'x' } }] },
      {
        exec: {
          ...exec,
          args: ['--now'],
          env: [{ name: 'A', value: 'b' }],
          provideClusterInfo: true,
          installHint: 'get it',
        },
      },
      {
        login: {
          kind: 'exec',
          plugin: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: 'login',
            args: ['--now'],
            env: { A: 'b' },
            installHint: 'get it',
            provideClusterInfo: true,
            clusterConfig: { audience: 'x' },
          },
        },
      },
    ],
  ])('reads %s', (_, cluster, user, expected) => {
    expect(read(cluster, user)).toEqual({ ...plain, ...expected });
  });

  it('finds a plugin with a path beside the file', () => {
    expect(read({}, { exec: { ...exec, command: './bin/login' } }).login).toMatchObject({
      plugin: { command: '/etc/kubernetes/bin/login', args: [], env: {} },
    });
  });

  it('reads JSON', () => {
    const json = JSON.stringify({
      'current-context': 'a',
      contexts: [{ name: 'a', context: { cluster: 'b' } }],
      clusters: [{ name: 'b', cluster: { server: SERVER } }],
    });
    expect(parseKubeconfig(json, FILE)).toEqual(plain);
  });

  it('lets --master take the place of the server', () => {
    const user = { token: 'secret' };
    expect(read({ 'tls-server-name': 'x' }, user, 'http://127.0.0.1:8080')).toEqual({
      ...read({ 'tls-server-name': 'x' }, user),
      server: 'http://127.0.0.1:8080',
    });
  });

  it.each<[string, object, object]>([
    ['clusters[1].cluster.server: is not set', { server: '' }, {}],
    [
      'clusters[1].cluster.server: "ftp://x" is not an http or https URL of an API server',
      { server: 'ftp://x' },
      {},
    ],
    ['clusters[1].cluster.server: must be text', { server: 7 }, {}],
    [
      'clusters[1].cluster.insecure-skip-tls-verify: must be true or false',
      { 'insecure-skip-tls-verify': 'yes' },
      {},
    ],
    [
      'clusters[1].cluster.insecure-skip-tls-verify: contradicts the certificate-authority given',
      { 'insecure-skip-tls-verify': true, 'certificate-authority': 'x' },
      {},
    ],
    [
      'clusters[1].cluster.proxy-url: "***@:1" is not an http, https or socks5 URL of a proxy',
      { 'proxy-url': 'p:w@:1' },
      {},
    ],
    [
      'clusters[1].cluster.certificate-authority-data: is not base64',
      { 'certificate-authority-data': '%' },
      {},
    ],
    [
      'clusters[1].cluster.certificate-authority-data: is not a PEM file in base64',
      { 'certificate-authority-data': 'aGVsbG8=' },
      {},
    ],
    [
      'users[1].user.client-certificate-data: is not a certificate',
      {},
      { 'client-certificate-data': base64('client.key'), 'client-key-data': base64('client.key') },
    ],
    ['users[1].user.client-key: is missing beside client-certificate', {}, { 'client-certificate': 'x' }],
    ['users[1].user.client-certificate: is missing beside client-key', {}, { 'client-key': 'x' }],
    ['users[1].user: token and exec are given, only one can be used', {}, { token: 'x', exec }],
    [
      'users[1].user.auth-provider: was removed from Kubernetes clients in 1.26; use exec',
      {},
      { 'auth-provider': {} },
    ],
    ['users[1].user.as: is missing beside as-uid, as-groups or as-user-extra', {}, { 'as-groups': ['x'] }],
    ['users[1].user.token: must be text', {}, { token: { secret: 'x' } }],
    ['users[1].user.exec.command: is not set', {}, { exec: { ...exec, command: '' } }],
    [
      'users[1].user.exec.apiVersion: must be client.authentication.k8s.io/v1 or client.authentication.k8s.io/v1beta1',
      {},
      { exec: { ...exec, apiVersion: 'client.authentication.k8s.io/v1alpha1' } },
    ],
    [
      'users[1].user.exec.interactiveMode: is Always, but a daemon has nobody to ask',
      {},
      { exec: { ...exec, interactiveMode: 'Always' } },
    ],
  ])('refuses with "%s"', (message, cluster, user) => {
    expect(() => read(cluster, user)).toThrow(`${FILE}: ${message}`);
  });

  it.each([
    ['current-context: is not set', ''],
    ['current-context: there is no context named "x"', 'current-context: x'],
    [
      'clusters[]: there is no cluster named "c"',
      'current-context: x\ncontexts: [{name: x, context: {cluster: c}}]',
    ],
    [
      'users[]: there is no user named "z"',
      'current-context: x\ncontexts: [{name: x, context: {cluster: c, user: z}}]\nclusters: [{name: c, cluster: {server: h}}]',
    ],
    ['clusters: must be a list', 'clusters: 7'],
    ['must be a map', '7'],
  ])('refuses with "%s" from the whole file', (message, whole) => {
    expect(() => parseKubeconfig(whole, FILE)).toThrow(`${FILE}: ${message}`);
  });

  it('names the line of an alias that means nothing', () => {
    expect(() => parseKubeconfig('users: *none', FILE)).toThrow(
      `${FILE}:1: not readable as YAML (alias without an anchor before it)`,
    );
  });

  it('names the line of a YAML mistake without repeating it', () => {
    expect(() => parseKubeconfig('users:\n- token: "secret\n', FILE)).toThrow(
      /^\/etc\/kubernetes\/proxy\.conf:\d: not readable as YAML \([A-Z_]+\)$/,
    );
  });

  it.each([
    { token: ['secret'] },
    { password: { a: 'secret' } },
    { 'client-key-data': 'secret!', 'client-certificate': 'x' },
    { username: 'x', password: 'secret', token: 'secret' },
  ])('never repeats a secret: %j', (user) => {
    expect(() => read({}, user)).toThrow(/^((?!secret).)*$/s);
  });
});

describe('chooseConnection', () => {
  it.each(['http://127.0.0.1:8080/', '127.0.0.1:8080'])('takes --master %s alone', async (master) => {
    expect(await chooseConnection({ master })).toEqual(plainConnection('http://127.0.0.1:8080'));
  });

  it.each([
    [{ kubeconfig: '/does/not/exist' }, "/does/not/exist: can't be read (ENOENT)"],
    [{ master: 'http://' }, '--master: "http://" is not an http or https URL of an API server'],
    [
      { master: 'https://me:secret@host' },
      '--master: credentials in a URL are not used; put them under users[]',
    ],
  ])('refuses %j', async (choice, message) => {
    await expect(chooseConnection(choice)).rejects.toThrow(message);
  });
});

describe('inClusterConnection', () => {
  const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' };

  it('says what a pod without a service account lacks', async () => {
    await expect(inClusterConnection(environment, '/does/not/exist')).rejects.toThrow(
      '/does/not/exist/token: not readable; the pod needs a mounted service account',
    );
  });

  it('says that there is no cluster', async () => {
    await expect(inClusterConnection({}, '/')).rejects.toThrow('no --kubeconfig and no --master given');
  });
});
