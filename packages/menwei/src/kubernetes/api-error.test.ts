import { describe, expect, it } from 'vitest';
import { connectionError, oneLine } from './api-error.ts';

const error = (code: string, message = 'words', more = {}) =>
  Object.assign(new Error(message), { code, ...more });

describe('connectionError', () => {
  it.each([
    [error('ENOTFOUND'), 'is unreachable: host name not found in DNS (ENOTFOUND)'],
    [error('EAI_AGAIN'), 'is unreachable: DNS lookup failed temporarily (EAI_AGAIN)'],
    [error('UND_ERR_CONNECT_TIMEOUT'), 'is unreachable: connection timed out (UND_ERR_CONNECT_TIMEOUT)'],
    [error('UND_ERR_SOCKET', 'other side closed'), 'is unreachable: other side closed (UND_ERR_SOCKET)'],
    [
      error('UND_ERR_SOCKET', 'x', { cause: error('ECONNRESET') }),
      'is unreachable: connection reset (ECONNRESET)',
    ],
    [
      new AggregateError([error('EHOSTUNREACH'), error('x')]),
      'is unreachable: no route to the host (EHOSTUNREACH)',
    ],
    [error('', 'two\nlines'), 'is unreachable: two lines'],
    ['text', 'is unreachable: text'],
    [
      error('CERT_HAS_EXPIRED', 'certificate has expired'),
      'TLS handshake failed: certificate has expired (CERT_HAS_EXPIRED)',
    ],
  ])('%s', (cause, message) => {
    expect(connectionError('https://api.test', cause).message).toMatch(/^https:\/\/api\.test:? /);
    expect(connectionError('https://api.test', cause).message).toContain(message);
  });
});

describe('oneLine', () => {
  it.each([
    ['a\r\n\tb\u2028c\u001b[31m', 'a b c [31m'],
    ['x'.repeat(500), `${'x'.repeat(400)}…`],
  ])('%j', (text, line) => {
    expect(oneLine(text)).toBe(line);
  });
});
