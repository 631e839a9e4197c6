import { rmSync } from 'node:fs';
import { testText, useClientFixture } from '@menwei/testing/kubernetes/client-fixture.ts';
import { testdata } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { describe, expect, it } from 'vitest';
import type { Connection } from './connection.ts';
import { inClusterConnection } from './in-cluster.ts';

const fixture = useClientFixture();

describe('credentials', () => {
  it('sends nothing when there are none', async () => {
    const { headers, clientName } = await fixture.seen({});
    expect(headers).toMatchObject({ 'user-agent': 'menwei/test', accept: 'application/json' });
    expect(headers.authorization).toBeUndefined();
    expect(clientName).toBe('');
  });

  it('sends a token, a password, an impersonated user', async () => {
    const token = await fixture.seen({ login: { kind: 'token', token: { text: 'abc' } } });
    expect(token.headers.authorization).toBe('Bearer abc');
    const basic = await fixture.seen({ login: { kind: 'basic', username: 'me', password: 'wörd' } });
    expect(basic.headers.authorization).toBe(`Basic ${Buffer.from('me:wörd').toString('base64')}`);
    const other = await fixture.seen({
      impersonation: { 'impersonate-user': 'jane', 'impersonate-group': ['a', 'b'] },
    });
    expect(other.headers).toMatchObject({ 'impersonate-user': 'jane', 'impersonate-group': 'a, b' });
  });

  it('follows a token file, also through a moment without one', async () => {
    const file = fixture.write('token', 'first\n');
    const client = fixture.clientOf({ login: { kind: 'token', token: { file } } });
    const tokens: (string | undefined)[] = [];
    const request = async () => {
      await fixture.read(client);
      tokens.push(fixture.server.requests.at(-1)?.headers.authorization);
    };
    await request();
    fixture.write('token', 'second\n');
    await request();
    rmSync(file);
    await request();
    fixture.write('token', '');
    await request();
    expect(tokens).toEqual(['Bearer first', 'Bearer second', 'Bearer second', 'Bearer second']);
  });

  it('follows a client certificate on disk', async () => {
    const certificate = { file: fixture.write('tls.crt', testText('client.crt')) };
    const key = { file: fixture.write('tls.key', testText('client.key')) };
    const client = fixture.clientOf({ clientCertificate: { certificate, key } });
    await fixture.read(client);
    fixture.write('tls.crt', testText('client2.crt'));
    fixture.write('tls.key', testText('client2.key'));
    await fixture.read(client);
    expect(fixture.server.requests.map(({ clientName }) => clientName)).toEqual([
      'first-client',
      'second-client',
    ]);
  });

  it('uses the service account of a pod', async () => {
    fixture.write('token', 'account');
    fixture.write('ca.crt', testText('ca.crt'));
    const environment = {
      KUBERNETES_SERVICE_HOST: '127.0.0.1',
      KUBERNETES_SERVICE_PORT: String(fixture.server.port),
    };
    const { headers } = await fixture.seen(await inClusterConnection(environment, fixture.folder));
    expect(headers.authorization).toBe('Bearer account');
  });

  it.each<[string, Partial<Connection>, string]>([
    [
      'a missing token file',
      { login: { kind: 'token', token: { file: '/no/token' } } },
      "/no/token: can't be read (ENOENT)",
    ],
    [
      'a token that is none',
      { login: { kind: 'token', token: { text: 'a secret\nthing' } } },
      'kubeconfig: the token contains blanks or control characters',
    ],
    [
      'an authority that is none',
      { certificateAuthority: { file: testdata('server.key') } },
      `${testdata('server.key')}: is not a certificate`,
    ],
    [
      "another key's certificate",
      {
        clientCertificate: {
          certificate: { file: testdata('client.crt') },
          key: { file: testdata('client2.key') },
        },
      },
      `${testdata('client.crt')}, ${testdata('client2.key')}: can't be used: `,
    ],
  ])('says what is wrong with %s', async (_, change, message) => {
    expect(await fixture.failure(change)).toEqual(['credentials', expect.stringContaining(message)]);
  });
});
