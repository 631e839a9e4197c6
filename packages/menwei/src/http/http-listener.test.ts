import { createServer } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { HostPort } from '../config/settings.ts';
import { silentLogger } from '../log/logger.ts';
import { answer } from './answer.ts';
import { type HttpListener, startHttpListener } from './http-listener.ts';

describe('startHttpListener', () => {
  const cleanups: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const cleanup of cleanups.splice(0)) await cleanup();
  });

  function start(address: HostPort, hardFail = false): HttpListener {
    const listener = startHttpListener({
      name: 'test server',
      address,
      handler: (_request, response) => answer(response, 200, 'text/plain', 'hello'),
      logger: silentLogger,
      hardFail,
      retryMs: 10,
    });
    cleanups.push(() => listener.close());
    return listener;
  }

  /** Occupies a port until it is released. */
  async function occupy(): Promise<{ readonly port: number; readonly release: () => Promise<void> }> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const release = () => new Promise<void>((resolve) => server.close(() => resolve()));
    cleanups.push(release);
    return { port: typeof address === 'object' && address !== null ? address.port : 0, release };
  }

  it('tries again until the address is free', async () => {
    const { port, release } = await occupy();
    const listener = start({ host: '127.0.0.1', port });
    await new Promise((resolve) => setTimeout(resolve, 50));
    await release();
    expect(await listener.listening).toEqual({ host: '127.0.0.1', port });
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe('hello');
  });

  it('gives up at once when told so', async () => {
    const { port } = await occupy();
    const { listening } = start({ host: '127.0.0.1', port }, true);
    await expect(listening).rejects.toThrow(`test server can't listen on 127.0.0.1:${port}`);
  });

  it('stops trying when it is closed', async () => {
    const { port, release } = await occupy();
    const listener = start({ host: '127.0.0.1', port });
    await new Promise((resolve) => setTimeout(resolve, 20));
    await listener.close();
    await release();
    await new Promise((resolve) => setTimeout(resolve, 30));
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  });

  it('leaves no listener behind when it is closed at once', async () => {
    const { port, release } = await occupy();
    await release();
    await start({ host: '127.0.0.1', port }).close();
    await new Promise((resolve) => setTimeout(resolve, 30));
    await expect(fetch(`http://127.0.0.1:${port}`)).rejects.toThrow();
  });

  it.each(['0.0.0.0', '::'])('on %s answers in both families', async (host) => {
    const { port } = await start({ host, port: 0 }).listening;
    for (const name of ['127.0.0.1', '[::1]'])
      expect((await fetch(`http://${name}:${port}`)).status).toBe(200);
  });
});
