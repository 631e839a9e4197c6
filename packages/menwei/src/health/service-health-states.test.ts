/** What the servers of healthCheckNodePorts say in every state (spec § 9.2), asked over HTTP. */
import { freePort } from '@menwei/testing/relay/free-ports.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { ServiceHealthServers } from './service-health-servers.ts';

interface Case {
  readonly name: string;
  readonly localEndpoints: number;
  readonly isProxyHealthy: boolean;
  readonly request?: readonly [method: string, path: string];
  readonly status: 200 | 503;
}

// biome-ignore format: one case a line
const CASES: readonly Case[] = [
  { name: 'endpoints, healthy', localEndpoints: 2, isProxyHealthy: true, status: 200 },
  { name: 'one endpoint, healthy', localEndpoints: 1, isProxyHealthy: true, status: 200 },
  { name: 'many endpoints, healthy', localEndpoints: 1000, isProxyHealthy: true, status: 200 },
  { name: 'no endpoints, healthy', localEndpoints: 0, isProxyHealthy: true, status: 503 },
  { name: 'endpoints, lagging', localEndpoints: 2, isProxyHealthy: false, status: 503 },
  { name: 'no endpoints, lagging', localEndpoints: 0, isProxyHealthy: false, status: 503 },
  { name: 'asked by POST', localEndpoints: 1, isProxyHealthy: true, request: ['POST', '/'], status: 200 },
  { name: 'asked by DELETE', localEndpoints: 0, isProxyHealthy: true, request: ['DELETE', '/'], status: 503 },
  { name: 'asked for any path', localEndpoints: 1, isProxyHealthy: true, request: ['GET', '/a/b?c=d'], status: 200 },
];

describe('the server of a healthCheckNodePort', () => {
  const open: ServiceHealthServers[] = [];
  afterEach(async () => {
    for (const servers of open.splice(0)) await servers.close();
  });

  it.each(CASES)('$name: $status', async ({ localEndpoints, isProxyHealthy, request, status }) => {
    const port = await freePort();
    const servers = new ServiceHealthServers({
      family: 'IPv4',
      addresses: () => ['127.0.0.1'],
      proxyHealthy: () => isProxyHealthy,
      nodeName: 'node-1',
      logger: silentLogger,
    });
    open.push(servers);
    await servers.sync(new Map([['a/b', { namespace: 'a', name: 'b', port, localEndpoints }]]));
    const [method, path] = request ?? ['GET', '/'];
    const response = await fetch(`http://127.0.0.1:${port}${path}`, { method });
    expect(response.status).toBe(status);
    expect(Object.fromEntries(response.headers)).toMatchObject({
      'content-type': 'application/json',
      'x-content-type-options': 'nosniff',
      'x-load-balancing-endpoint-weight': String(localEndpoints),
    });
    expect(await response.text()).toBe(
      [
        ...['{', '\t"service": {', '\t\t"namespace": "a",', '\t\t"name": "b"', '\t},'],
        ...[`\t"localEndpoints": ${localEndpoints},`, `\t"serviceProxyHealthy": ${isProxyHealthy}`, '}'],
      ].join('\n'),
    );
  });
});
