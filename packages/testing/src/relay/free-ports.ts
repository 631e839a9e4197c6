/** Ports for what is told where to listen. */
import { createServer } from 'node:net';

/** Below those that the kernel gives to whoever asks for any, so that no other test has one a moment later. */
const [FIRST, COUNT] = [20_000, 10_000];

/** Ports on which nobody listens, on no address. */
export async function freePorts(count: number): Promise<readonly number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = FIRST + Math.floor(Math.random() * COUNT);
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

export async function freePort(): Promise<number> {
  const [port = 0] = await freePorts(1);
  return port;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const canListen = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '::', () => resolve(true));
  });
  if (canListen) await new Promise((resolve) => server.close(resolve));
  return canListen;
}
