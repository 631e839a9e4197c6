import { chmodSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PATH, testText, useClientFixture } from '@menwei/testing/kubernetes/client-fixture.ts';
import { sendStatus } from '@menwei/testing/kubernetes/fake-api-server.ts';
import { describe, expect, it } from 'vitest';
import type { Connection, ExecPlugin } from './connection.ts';

const fixture = useClientFixture();

describe('exec plugins', () => {
  /** A plugin that counts its runs and runs `script`, a shell script; `$n` is the number of the run. */
  function plugin(script: string, change: Partial<ExecPlugin> = {}): Partial<Connection> {
    const command = fixture.write(
      'plugin',
      `#!/bin/sh\necho run >> "${fixture.folder}/runs"\nn=$(wc -l < "${fixture.folder}/runs")\n${script}\n`,
    );
    chmodSync(command, 0o755);
    const plain = {
      apiVersion: V1 as ExecPlugin['apiVersion'],
      command,
      args: [],
      env: {},
      installHint: '',
      provideClusterInfo: false,
    };
    return { login: { kind: 'exec', plugin: { ...plain, clusterConfig: undefined, ...change } } };
  }

  const V1 = 'client.authentication.k8s.io/v1';
  const answer = (status: object, apiVersion = V1): string =>
    `cat <<END\n${JSON.stringify({ kind: 'ExecCredential', apiVersion, status })}\nEND`;
  const runs = (): number => readFileSync(join(fixture.folder, 'runs'), 'utf8').split('\n').length - 1;
  const tokens = (): (string | undefined)[] =>
    fixture.server.requests.map(({ headers }) => headers.authorization);

  it('are run once for many requests', async () => {
    const client = fixture.clientOf(plugin(answer({ token: 'token-$n' })));
    await Promise.all([fixture.read(client), fixture.read(client)]);
    await fixture.read(client);
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-1', 'Bearer token-1']);
    expect(runs()).toBe(1);
  });

  it('are run again when the credential has expired', async () => {
    const client = fixture.clientOf(
      plugin(answer({ token: 'token-$n', expirationTimestamp: '2020-01-01T00:00:00Z' })),
    );
    await fixture.read(client);
    await fixture.read(client);
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('are not run again before it expires', async () => {
    const client = fixture.clientOf(
      plugin(answer({ token: 'token-$n', expirationTimestamp: '2099-01-01T00:00:00Z' })),
    );
    await fixture.read(client);
    await fixture.read(client);
    expect(runs()).toBe(1);
  });

  it('are run again when the server refuses the credential', async () => {
    using _ = fixture.server.intercept(({ headers }, response) => {
      if (headers.authorization === 'Bearer token-2') return false;
      sendStatus(response, 401, 'Unauthorized');
      return true;
    });
    await fixture.read(fixture.clientOf(plugin(answer({ token: 'token-$n' }))));
    expect(tokens()).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('are asked once more only', async () => {
    using _ = fixture.server.intercept((_request, response) => {
      sendStatus(response, 401, 'Unauthorized');
      return true;
    });
    expect(await fixture.failure(plugin(answer({ token: 'x' })))).toEqual([
      'unauthorized',
      `${fixture.server.url}${PATH}: the credentials are not accepted (401: Unauthorized)`,
    ]);
    expect(runs()).toBe(2);
  });

  it('can give a client certificate', async () => {
    const status = { clientCertificateData: testText('client.crt'), clientKeyData: testText('client.key') };
    fixture.write('answer', JSON.stringify({ kind: 'ExecCredential', apiVersion: V1, status }));
    expect((await fixture.seen(plugin(`cat "${fixture.folder}/answer"`))).clientName).toBe('first-client');
  });

  it('get arguments, environment and the cluster they log in to', async () => {
    const script = `printf '%s' "$KUBERNETES_EXEC_INFO" > "${fixture.folder}/info"; ${answer({ token: '$1-$MINE' })}`;
    const change = {
      args: ['one; two'],
      env: { MINE: 'three' },
      provideClusterInfo: true,
      clusterConfig: { a: 1 },
    };
    const connection = { ...plugin(script, change), tlsServerName: 'api.cluster.test' };
    expect(await fixture.failure(connection)).toEqual([
      'credentials',
      expect.stringContaining('blanks or control characters'),
    ]);
    expect(JSON.parse(readFileSync(join(fixture.folder, 'info'), 'utf8'))).toEqual({
      apiVersion: V1,
      kind: 'ExecCredential',
      spec: {
        interactive: false,
        cluster: {
          server: fixture.server.url,
          'tls-server-name': 'api.cluster.test',
          'certificate-authority-data': Buffer.from(testText('ca.crt')).toString('base64'),
          config: { a: 1 },
        },
      },
    });
    await fixture.read(fixture.clientOf(plugin(script, { args: ['one'], env: { MINE: 'three' } })));
    expect(tokens()).toEqual(['Bearer one-three']);
  });

  it('may speak v1beta1', async () => {
    const apiVersion = 'client.authentication.k8s.io/v1beta1';
    expect(
      (await fixture.seen(plugin(answer({ token: 'x' }, apiVersion), { apiVersion }))).headers.authorization,
    ).toBe('Bearer x');
  });

  it.each([
    [
      'exits with an error',
      'echo first >&2; echo "please log in" >&2; exit 3',
      'failed (exit status 3): please log in',
    ],
    ['prints no JSON', 'echo secret', 'did not print an ExecCredential'],
    ['gives nothing', answer({}), 'gave neither a token nor a certificate'],
    [
      'gives half a certificate',
      answer({ clientKeyData: 'x' }),
      'must give clientCertificateData and clientKeyData together',
    ],
    [
      'gives a bad time',
      answer({ token: 'x', expirationTimestamp: 'soon' }),
      'did not print an ExecCredential (look at status.expirationTimestamp)',
    ],
    ['speaks another version', answer({ token: 'x' }, 'v0'), `answered in v0 but ${V1} is configured`],
  ])('fail clearly: one that %s', async (_, script, message) => {
    expect(await fixture.failure(plugin(script))).toEqual([
      'credentials',
      `exec plugin ${join(fixture.folder, 'plugin')}: ${message}`,
    ]);
  });

  it('do not hold up the end of the program', async () => {
    const reason = new Error('shutting down');
    const stop = new AbortController();
    const reading = fixture.read(fixture.clientOf(plugin('exec sleep 2')), { signal: stop.signal });
    setTimeout(() => stop.abort(reason), 20);
    const beganAtMs = performance.now();
    await expect(reading).rejects.toBe(reason);
    expect(performance.now() - beganAtMs).toBeLessThan(1000);
  });

  it('fail with their hint when they are not there', async () => {
    const change = { command: 'no-such-login', installHint: 'install it\nfrom there' };
    expect(await fixture.failure(plugin('', change))).toEqual([
      'credentials',
      'exec plugin no-such-login: not found; install it from there',
    ]);
  });
});
