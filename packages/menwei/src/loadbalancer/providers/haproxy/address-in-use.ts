/** Whether another program listens where HAProxy is to: told before a reload, which would pause HAProxy's other sections. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import { errorCode } from '../../../log/error-text.ts';

/** `192.0.2.1:22: another program listens there`; undefined: nobody does, as far as can be told from here. */
export async function addressTrouble(ip: string, port: number): Promise<string | undefined> {
  const server = createServer((socket) => socket.destroy());
  try {
    server.listen({ host: ip, port, exclusive: true });
    await once(server, 'listening');
    return undefined;
  } catch (error) {
    return errorCode(error) === 'EADDRINUSE'
      ? `${ip} port ${port}: another program listens there`
      : undefined;
  } finally {
    server.close();
  }
}
