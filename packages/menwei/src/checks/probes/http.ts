/** Asks by HTTP/1.1, with or without TLS. Redirects are not followed, certificates not verified (as a kubelet). */
import { connect as connectTcp, isIP, type Socket } from 'node:net';
import { formatHostPort } from '@menwei/addresses/ip.ts';
import type { HealthProbe, StatusRange } from '../../kubernetes/health-check.ts';
import { type Answer, type Asked, type Cancel, codeOf, once, resultOfError } from './probe.ts';

type HttpProbe = Extract<HealthProbe, { kind: 'http' | 'https' }>;

/** More than that of an answer nobody reads. */
const MOST_BYTES = 4_096;
const STATUS_LINE = /^HTTP\/1\.[01] ([1-5]\d\d)(?: [^\r\n]*)?\r?\n/;
/** What a status line begins with, as far as it has come. */
const BEGINNING = 'HTTP/1.';

export function probeHttp(probe: HttpProbe, asked: Asked, userAgent: string, givenAnswer: Answer): Cancel {
  const answer = once(givenAnswer);
  let isCancelled = false;
  let socket: Socket | undefined;
  const ask = (opened: Socket) => {
    socket = opened;
    if (isCancelled) opened.destroy();
    else exchange(opened, requestOf(probe, asked, userAgent), probe, asked.timeoutMs, answer);
  };
  if (probe.kind === 'http') ask(connectTcp({ host: asked.ip, port: asked.port }));
  else openTls(probe, asked).then(ask, (error: unknown) => answer('local-error', codeOf(error)));
  return () => {
    isCancelled = true;
    socket?.destroy();
  };
}

async function openTls({ host }: HttpProbe, { ip, port }: Asked): Promise<Socket> {
  // Only who needs it pays for it.
  const { connect } = await import('node:tls');
  const name = host.replace(/:\d+$/, '');
  const servername = name === '' || isIP(name) !== 0 ? {} : { servername: name };
  return connect({ host: ip, port, rejectUnauthorized: false, ...servername });
}

function requestOf({ path, host }: HttpProbe, { ip, port }: Asked, userAgent: string): string {
  const lines = [
    `GET ${path} HTTP/1.1`,
    `Host: ${host === '' ? formatHostPort(ip, port) : host}`,
    `User-Agent: ${userAgent}`,
    'Accept: */*',
    'Connection: close',
  ];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/** The connection ends when the server ends it, or has said too much, or at last so long after its answer. */
function exchange(
  socket: Socket,
  request: string,
  { kind, expect }: HttpProbe,
  timeoutMs: number,
  answer: Answer,
): void {
  let begun = '';
  let received = 0;
  let patience: NodeJS.Timeout | undefined;
  socket.on('data', (bytes: Buffer) => {
    received += bytes.length;
    if (patience === undefined) {
      if (begun.length < MOST_BYTES) begun += bytes.toString('latin1');
      const result = readAnswer(begun, expect);
      if (result !== undefined) {
        patience = setTimeout(() => socket.destroy(), timeoutMs);
        answer(...result);
      }
    }
    if (received > MOST_BYTES) {
      answer('wrong-answer', 'no HTTP status');
      // Node.js resets no connection with TLS on it.
      if (kind === 'http') socket.resetAndDestroy();
      else socket.destroy();
    }
  });
  socket.on('close', () => clearTimeout(patience));
  socket.on('end', () =>
    answer('wrong-answer', begun === '' ? 'closed without an answer' : 'no HTTP status'),
  );
  socket.on('error', (error) => answer(...resultOfConnection(error)));
  socket.write(request);
}

/** Undefined: not enough has come to tell. */
function readAnswer(text: string, expect: StatusRange): Parameters<Answer> | undefined {
  const status = Number(STATUS_LINE.exec(text)?.[1]);
  if (status >= expect.first && status <= expect.last) return ['ok', ''];
  if (!Number.isNaN(status)) return ['wrong-answer', `HTTP status ${status}`];
  const length = Math.min(text.length, BEGINNING.length);
  if (text.slice(0, length) !== BEGINNING.slice(0, length)) return ['wrong-answer', 'no HTTP status'];
  return undefined;
}

/** A server that speaks no TLS, or none that is still spoken, answers wrongly. */
function resultOfConnection(error: Error): Parameters<Answer> {
  const code = codeOf(error);
  return /^ERR_(SSL|TLS)/.test(code) || code === 'EPROTO'
    ? ['wrong-answer', code]
    : [...resultOfError(error)];
}
