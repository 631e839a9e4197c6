import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { freePort } from '@menwei/testing/relay/free-ports.ts';
import { aService, aSlice, aSyncRow } from '@menwei/testing/services/testing.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { type Logger, silentLogger } from '../log/logger.ts';
import type { ServiceHealth } from '../services/service-health.ts';
import { ServiceTracker } from '../services/service-tracker.ts';
import { State } from '../state/state.ts';
import { ServiceHealthServers, type ServiceHealthServersOptions } from './service-health-servers.ts';

const services = (...entries: [key: string, port: number, localEndpoints: number][]) =>
  new Map<string, ServiceHealth>(
    entries.map(([key, port, localEndpoints]) => {
      const [namespace = '', name = ''] = key.split('/');
      return [key, { namespace, name, port, localEndpoints }];
    }),
  );

describe('ServiceHealthServers', () => {
  const open: ServiceHealthServers[] = [];
  let proxyHealthy = true;

  afterEach(async () => {
    for (const servers of open.splice(0)) await servers.close();
    proxyHealthy = true;
  });

  function create(
    addresses: 'all' | readonly string[] = ['127.0.0.1'],
    family: IpFamily = 'IPv4',
    logger: Logger = silentLogger,
  ): ServiceHealthServers {
    return createAt(() => addresses, { family, logger });
  }

  function createAt(
    addresses: ServiceHealthServersOptions['addresses'],
    options: Partial<ServiceHealthServersOptions> = {},
  ): ServiceHealthServers {
    const servers = new ServiceHealthServers({
      family: 'IPv4',
      addresses,
      proxyHealthy: () => proxyHealthy,
      nodeName: 'node-1',
      logger: silentLogger,
      ...options,
    });
    open.push(servers);
    return servers;
  }

  const get = (port: number, host = '127.0.0.1') => fetch(`http://${host}:${port}/any/path`);
  const status = async (port: number, host?: string) =>
    get(port, host).then(
      (response) => response.status,
      () => 'refused',
    );

  it('answers with the local endpoints', async () => {
    const port = await freePort();
    await create().sync(services(['a/b', port, 2]));
    const response = await get(port);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(response.headers.get('x-content-type-options')).toBe('nosniff');
    expect(response.headers.get('content-length')).toBe(String((await response.clone().text()).length));
    expect(response.headers.get('x-load-balancing-endpoint-weight')).toBe('2');
    expect(await response.text()).toBe(
      '{\n\t"service": {\n\t\t"namespace": "a",\n\t\t"name": "b"\n\t},\n\t"localEndpoints": 2,\n\t"serviceProxyHealthy": true\n}',
    );
  });

  it('goes on after a failure, which is told once', async () => {
    const failing = vi.fn().mockImplementationOnce(() => {
      throw new Error('BUG: no way');
    });
    const servers = create(['127.0.0.1'], 'IPv4', { ...silentLogger, info: failing });
    const port = await freePort();
    await expect(servers.sync(services(['a/b', port, 2]))).rejects.toThrow('BUG: no way');
    await servers.sync(services());
    const other = await freePort();
    await servers.sync(services(['a/c', other, 1]));
    expect(await status(other)).toBe(200);
  });

  it('is bad without endpoints and with an unhealthy proxy', async () => {
    const port = await freePort();
    const servers = create();
    await servers.sync(services(['a/b', port, 0]));
    expect(await status(port)).toBe(503);
    await servers.sync(services(['a/b', port, 1]));
    expect(await status(port)).toBe(200);
    proxyHealthy = false;
    const response = await get(port);
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ localEndpoints: 1, serviceProxyHealthy: false });
  });

  it('keeps one server for each Service', async () => {
    const [first, second, third] = [await freePort(), await freePort(), await freePort()];
    const servers = create();
    await servers.sync(services(['a/b', first, 1], ['a/c', second, 0]));
    expect([await status(first), await status(second)]).toEqual([200, 503]);
    await servers.sync(services(['a/c', third, 3]));
    expect([await status(first), await status(second), await status(third)]).toEqual([
      'refused',
      'refused',
      200,
    ]);
  });

  it('hands a port over from one Service to another', async () => {
    const port = await freePort();
    const servers = create();
    await servers.sync(services(['a/b', port, 1]));
    await servers.sync(services(['a/c', port, 5]));
    expect(await (await get(port)).json()).toMatchObject({ service: { name: 'c' }, localEndpoints: 5 });
  });

  it('never answers for a Service that is gone', async () => {
    const port = await freePort();
    const servers = create();
    await servers.sync(services(['a/b', port, 1]));
    const answers: (number | string)[] = [];
    const asking = (async () => {
      for (let index = 0; index < 50; index++) answers.push(await status(port));
    })();
    await servers.sync(new Map());
    const before = answers.length;
    await asking;
    expect(new Set(answers.slice(before + 1))).toEqual(new Set(['refused']));
    expect(answers.every((answer) => [200, 503, 'refused'].includes(answer))).toBe(true);
  });

  it('says once why it can not listen, and tries again at each sync', async () => {
    const port = await freePort();
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(port, '127.0.0.1', resolve));
    const warnings: string[] = [];
    const servers = create(['127.0.0.1', '127.0.0.2'], 'IPv4', {
      ...silentLogger,
      warn: (_fields, message) => warnings.push(message),
    });
    await servers.sync(services(['a/b', port, 1]));
    await servers.sync(services(['a/b', port, 1]));
    expect(warnings).toEqual([
      expect.stringMatching(`^node node-1 failed to start healthcheck "a/b" on port ${port}: .*EADDRINUSE`),
    ]);
    expect(await status(port, '127.0.0.2')).toBe('refused');
    await new Promise((resolve) => blocker.close(resolve));
    await servers.sync(services(['a/b', port, 1]));
    expect([await status(port), await status(port, '127.0.0.2')]).toEqual([200, 200]);
  });

  it('listens only where it is told to', async () => {
    const port = await freePort();
    await create(['127.0.0.2']).sync(services(['a/b', port, 1]));
    expect([await status(port), await status(port, '127.0.0.2')]).toEqual(['refused', 200]);
    await create([]).sync(services(['a/c', port, 1]));
    expect(await status(port)).toBe('refused');
  });

  it('moves with the addresses of the node, and goes on at those that stay', async () => {
    const port = await freePort();
    let addresses: 'all' | readonly string[] = [];
    const servers = createAt(() => addresses);
    const statuses = async () => [await status(port, '127.0.0.2'), await status(port, '127.0.0.3')];
    await servers.sync(services(['a/b', port, 1]));
    expect(await statuses()).toEqual(['refused', 'refused']);
    addresses = ['127.0.0.2'];
    await servers.sync(services(['a/b', port, 1]));
    expect(await statuses()).toEqual([200, 'refused']);
    const connection = connect(port, '127.0.0.2');
    await once(connection, 'connect');
    addresses = ['127.0.0.2', '127.0.0.3'];
    await servers.sync(services(['a/b', port, 0]));
    expect(await statuses()).toEqual([503, 503]);
    connection.write('GET / HTTP/1.1\r\nhost: a\r\n\r\n');
    expect(String(await once(connection, 'data'))).toMatch(/^HTTP\/1.1 503 /);
    addresses = ['127.0.0.3'];
    await servers.sync(services(['a/b', port, 1]));
    expect(await statuses()).toEqual(['refused', 200]);
    addresses = 'all';
    await servers.sync(services(['a/b', port, 1]));
    expect(await statuses()).toEqual([200, 200]);
  });

  it('tries again by itself to listen', async () => {
    const port = await freePort();
    const blocker = createServer();
    await new Promise<void>((resolve) => blocker.listen(port, '127.0.0.1', resolve));
    const servers = createAt(() => ['127.0.0.1'], { retryMs: 10 });
    await servers.sync(services(['a/b', port, 1]));
    await new Promise((resolve) => blocker.close(resolve));
    await expect.poll(() => status(port)).toBe(200);
  });

  it('has a server of its own in each family', async () => {
    const port = await freePort();
    await create('all', 'IPv6').sync(services(['a/b', port, 6]));
    expect([await status(port), await status(port, '[::1]')]).toEqual(['refused', 200]);
    await create('all', 'IPv4').sync(services(['a/b', port, 4]));
    expect(await (await get(port)).json()).toMatchObject({ localEndpoints: 4 });
    expect(await (await get(port, '[::1]')).json()).toMatchObject({ localEndpoints: 6 });
  });

  describe('that follow the syncs of a family', () => {
    const stops: AbortController[] = [];
    afterEach(() => {
      for (const stop of stops.splice(0)) stop.abort();
    });

    async function follow(fields: { readonly isSynced?: boolean } = {}) {
      const port = await freePort();
      const { objects, families } = new State('node-1');
      const tables = families.IPv4;
      const tracker = new ServiceTracker({ objects, tables, startedAtMs: 0 });
      const put = (...ips: readonly string[]) => {
        objects.put(
          aService({ type: 'LoadBalancer', externalTrafficPolicy: 'Local', healthCheckNodePort: port }),
        );
        objects.put(aSlice({ endpoints: ips.map((ip) => ({ ip, nodeName: 'node-1' })) }));
        tracker.update();
      };
      const sync = (ok: boolean) =>
        tables.syncs.put('IPv4', aSyncRow({ ok, fullCount: ok || fields.isSynced === true ? 1 : 0 }));
      put('10.0.0.1');
      if (fields.isSynced === true) sync(false);
      const servers = create();
      const stop = new AbortController();
      stops.push(stop);
      const ready = vi.fn();
      const ended = servers.run(tables, stop.signal, ready);
      ended.catch(() => undefined);
      await vi.waitFor(() => expect(ready).toHaveBeenCalled());
      return { port, put, sync, servers, stop, ended };
    }

    it('say what a sync has programmed, and not before', async () => {
      const { port, put, sync, stop, ended } = await follow();
      sync(false);
      expect(await status(port)).toBe('refused');
      sync(true);
      await vi.waitFor(async () => expect(await status(port)).toBe(200));
      put();
      sync(false);
      expect(await status(port)).toBe(200);
      sync(true);
      await vi.waitFor(async () => expect(await status(port)).toBe(503));
      stop.abort();
      await ended;
      expect(await status(port)).toBe('refused');
    });

    it('are there at once when they are begun anew', async () => {
      const { port } = await follow({ isSynced: true });
      expect(await status(port)).toBe(200);
    });

    it('fail when they can’t be brought in line', async () => {
      const { servers, sync, ended } = await follow();
      vi.spyOn(servers, 'sync').mockRejectedValueOnce(new Error('BUG: no way'));
      sync(true);
      await expect(ended).rejects.toThrow('BUG: no way');
    });
  });
});
