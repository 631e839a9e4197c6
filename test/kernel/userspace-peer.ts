/**
 * The two ends of what goes through the proxy, beyond what the lab's own clients and servers do. A program: its arguments
 * are a role of the table at the end, an address, a port, and what the role takes more. Servers print `listening`.
 */
import { createSocket, type Socket as DatagramSocket } from 'node:dgram';
import { connect, createServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';

type Role = (address: string, port: number, ...numbers: readonly number[]) => void;

const CHUNK = Buffer.alloc(1 << 16, 'x');

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

function serve(onConnection: (socket: Socket) => void): Role {
  return (address, port) => {
    const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (socket) => {
      socket.on('error', (error) => say(error.message));
      onConnection(socket);
    });
    server.listen(port, address, () => say('listening'));
  };
}

/** Says how many bytes came before the client's end, and then ends too. */
async function countThenAnswer(socket: Socket): Promise<void> {
  const { length } = await buffer(socket);
  socket.end(`${length} bytes came`);
}

/** Ends first, and says on standard output how many bytes came nevertheless. */
async function endThenCount(socket: Socket): Promise<void> {
  socket.end('nothing more from here');
  say(`${(await buffer(socket)).length} bytes came`);
}

/** Sends so many bytes, ends, and prints what comes back. */
async function sendThenRead(address: string, port: number, count = 0): Promise<void> {
  const socket = connect({ host: address, port, allowHalfOpen: true });
  socket.end(Buffer.alloc(count, 'x'));
  say((await buffer(socket)).toString());
}

/** Reads to the end of the other side, and only then sends so many bytes. */
async function readThenSend(address: string, port: number, count = 0): Promise<void> {
  const socket = connect({ host: address, port, allowHalfOpen: true });
  say((await buffer(socket)).toString());
  socket.end(Buffer.alloc(count, 'x'));
}

/** Sends over so many connections for as long as anything is taken, and says so when nothing has been for a second. */
function flood(address: string, port: number, connections = 1): void {
  let lastMs = performance.now();
  let isStuck = false;
  for (let number = 0; number < connections; number++) {
    const socket = connect(port, address);
    const send = (): void => {
      lastMs = performance.now();
      while (socket.write(CHUNK));
    };
    socket.on('connect', send).on('drain', send);
    socket.on('error', (error) => say(error.message));
  }
  setInterval(() => {
    if (isStuck || performance.now() - lastMs < 1_000) return;
    isStuck = true;
    say('stuck');
  }, 100);
}

function bound(address: string, port: number, onBound: (socket: DatagramSocket) => void): void {
  const socket = createSocket({ type: address.includes(':') ? 'udp6' : 'udp4', recvBufferSize: 1 << 20 });
  socket.bind(port, address, () => onBound(socket));
}

function returnDatagrams(address: string, port: number): void {
  bound(address, port, (socket) => {
    socket.on('message', (message, peer) => socket.send(message, peer.port, peer.address));
    say('listening');
  });
}

/** Sends datagrams of these sizes at once from one port, and prints the sizes of those that came back as they were. */
function askForDatagrams(address: string, port: number, ...sizes: readonly number[]): void {
  const wildcard = address.includes(':') ? '::' : '0.0.0.0';
  bound(wildcard, 0, (socket) => {
    const sent = sizes.map((size, index) => Buffer.alloc(size, `${index}`));
    const returned: number[] = [];
    const finish = (): void => {
      clearTimeout(timer);
      say(returned.sort((a, b) => a - b).join(' '));
      socket.close();
    };
    const timer = setTimeout(finish, 10_000);
    socket.on('message', (message, peer) => {
      if (peer.address !== address || peer.port !== port) return;
      if (sent.some((datagram) => datagram.equals(message))) returned.push(message.length);
      if (returned.length === sizes.length) finish();
    });
    for (const datagram of sent) socket.send(datagram, port, address);
  });
}

const ROLES: Readonly<Record<string, Role>> = {
  'never-read': serve(() => undefined),
  'count-then-answer': serve(countThenAnswer),
  'end-then-count': serve(endThenCount),
  'send-then-read': sendThenRead,
  'read-then-send': readThenSend,
  flood,
  'return-datagrams': returnDatagrams,
  'ask-for-datagrams': askForDatagrams,
};

const [name = '', address = '', port, ...numbers] = process.argv.slice(2);
const role = ROLES[name];
if (role === undefined) throw new Error(`there is no role ${name}`);
role(address, Number(port), ...numbers.map(Number));
