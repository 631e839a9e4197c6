import { afterEach, describe, expect, it } from 'vitest';
import type { HttpListener } from '../http/http-listener.ts';
import { silentLogger } from '../log/logger.ts';
import { formatGoTime } from './go-time.ts';
import { startHealthServer } from './health-server.ts';
import { ProxyHealth } from './proxy-health.ts';

const START_MS = Date.UTC(2026, 0, 2, 3, 4, 5, 123);

describe('health server', () => {
  let server: HttpListener | undefined;
  let nowMs = START_MS;
  let eligible = true;

  afterEach(async () => {
    await server?.close();
    nowMs = START_MS;
    eligible = true;
  });

  async function start(health: ProxyHealth): Promise<(path: string, method?: string) => Promise<Response>> {
    server = startHealthServer({
      address: { host: '127.0.0.1', port: 0 },
      health,
      nodeEligible: () => eligible,
      logger: silentLogger,
      now: () => nowMs,
    });
    const { port } = await server.listening;
    return (path, method = 'GET') => fetch(`http://127.0.0.1:${port}${path}`, { method });
  }

  const time = (afterStartMs: number) => JSON.stringify(formatGoTime(START_MS + afterStartMs));

  it('is healthy before the first update', async () => {
    const get = await start(new ProxyHealth(60_000));
    const response = await get('/healthz');
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-length')).toBe(String((await response.clone().text()).length));
    expect(await response.text()).toBe(
      `{"lastUpdated":${time(0)},"currentTime":${time(0)},"nodeEligible":true,"healthy":true}`,
    );
    expect(await (await get('/livez')).text()).toBe(
      `{"lastUpdated":${time(0)},"currentTime":${time(0)},"healthy":true}`,
    );
  });

  it('follows the sync of both families', async () => {
    const health = new ProxyHealth(60_000);
    const get = await start(health);
    health.updated('IPv4', START_MS);
    health.updated('IPv6', START_MS + 1000);
    nowMs = START_MS + 2000;
    const good = await get('/healthz?verbose');
    expect(good.status).toBe(200);
    expect(await good.text()).toBe(
      `{"lastUpdated":${time(2000)},"currentTime":${time(2000)},"nodeEligible":true,"healthy":true,"status":` +
        `{"IPv4":{"lastUpdated":${time(0)},"healthy":true},"IPv6":{"lastUpdated":${time(1000)},"healthy":true}}}`,
    );
    health.queued('IPv4', START_MS);
    nowMs = START_MS + 60_000;
    const bad = await get('/livez');
    expect(bad.status).toBe(503);
    expect(await bad.text()).toBe(
      `{"lastUpdated":${time(1000)},"currentTime":${time(60_000)},"healthy":false,"status":` +
        `{"IPv4":{"lastUpdated":${time(0)},"healthy":false},"IPv6":{"lastUpdated":${time(1000)},"healthy":true}}}`,
    );
  });

  it('looks at the node for /healthz alone', async () => {
    const health = new ProxyHealth(60_000);
    const get = await start(health);
    eligible = false;
    expect([(await get('/healthz')).status, (await get('/livez')).status]).toEqual([503, 200]);
    expect(await (await get('/healthz')).json()).toMatchObject({
      lastUpdated: '0001-01-01T00:00:00Z',
      nodeEligible: false,
      healthy: true,
    });
  });

  it('takes any method, but no other path', async () => {
    const get = await start(new ProxyHealth(60_000));
    expect((await get('/healthz', 'POST')).status).toBe(200);
    expect((await get('/healthz', 'HEAD')).status).toBe(200);
    for (const path of ['/', '/healthz/', '/metrics']) expect((await get(path)).status).toBe(404);
  });
});
