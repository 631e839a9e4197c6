import { expect, it } from 'vitest';
import { startEchoServer } from './echo-server.ts';
import { requestHttp } from './request.ts';

it('is the side that closes first: clients may use one source port again and again', async () => {
  const port = 18_081;
  const server = await startEchoServer({ pod: 'a', node: 'one' }, [port], []);
  for (let count = 0; count < 100; count++) {
    const outcome = await requestHttp(
      { address: '127.0.0.1', port },
      { from: '127.0.0.1', sourcePort: 15_555 },
    );
    expect({ count, ...outcome }).toMatchObject({ count, pod: 'a', clientPort: 15_555 });
  }
  await server.close();
});
