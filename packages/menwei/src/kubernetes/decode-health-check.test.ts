import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeService } from './decode.ts';
import { parseHealthCheck } from './decode-health-check.ts';
import { checkInForce, type HealthCheck } from './health-check.ts';
import { formatProblem } from './objects.ts';

const TCP: HealthCheck = {
  probe: { kind: 'tcp' },
  port: undefined,
  intervalMs: 2_000,
  timeoutMs: 1_000,
  fastMs: 500,
  fall: 3,
  rise: 2,
  initial: 'up',
  panicPercent: 50,
  onDown: 'drain',
  dns: false,
};
const HTTP = { kind: 'http', path: '/', host: '', expect: { first: 200, last: 399 } } as const;

describe('parseHealthCheck', () => {
  it.each<[string, Partial<HealthCheck>]>([
    ['tcp', {}],
    ['  tcp   port=8081 ', { port: 8081 }],
    ['tcp port=metrics', { port: { name: 'metrics' } }],
    ['tcp interval=5m timeout=1ms fast=100ms', { intervalMs: 300_000, timeoutMs: 1, fastMs: 100 }],
    ['tcp interval=250ms', { intervalMs: 250, timeoutMs: 250, fastMs: 250 }],
    ['tcp fall=1 rise=10 initial=down', { fall: 1, rise: 10, initial: 'down' }],
    ['tcp panic=0 on-down=reset dns=yes', { panicPercent: 0, onDown: 'reset', dns: true }],
    ['http', { probe: HTTP }],
    [
      'http path=/healthz?full=1 host=web.example:80 expect=204',
      {
        probe: {
          ...HTTP,
          path: '/healthz?full=1',
          host: 'web.example:80',
          expect: { first: 204, last: 204 },
        },
      },
    ],
    ['https expect=200-299', { probe: { ...HTTP, kind: 'https', expect: { first: 200, last: 299 } } }],
    ['grpc', { probe: { kind: 'grpc', service: '' } }],
    [
      'grpc service=shop.v1.Orders interval=5s',
      { probe: { kind: 'grpc', service: 'shop.v1.Orders' }, intervalMs: 5_000 },
    ],
    ['dns name=Example.org.', { probe: { kind: 'dns', name: 'example.org' } }],
    ['udp send=hex:00fF', { probe: { kind: 'udp', send: Uint8Array.of(0, 255), expect: undefined } }],
    [
      'udp send=hex:01 expect=hex:02',
      { probe: { kind: 'udp', send: Uint8Array.of(1), expect: Uint8Array.of(2) } },
    ],
  ])('%s', (text, expected) => {
    expect(parseHealthCheck(text)).toEqual({ ...TCP, ...expected });
  });

  it.each([
    ['ping', '"ping" is none of tcp, http, https, grpc, dns, udp, none'],
    ['none port=1', 'none goes with no key'],
    ['tcp path=/', 'path is for http and https alone'],
    ['grpc expect=200', 'expect is for http and https and udp alone'],
    ['http path=/a"', 'path: "/a\\"" is no path such as /healthz'],
    ['http expect=300-200', 'expect: "300-200" is no status code nor a range such as 200-299'],
    ['http interval=1h', 'interval: "1h" is no duration between 250ms and 5m'],
    ['http interval=249ms', 'interval: "249ms" is no duration between 250ms and 5m'],
    ['tcp interval=1s timeout=2s', 'timeout: 2000 ms is longer than the interval of 1000 ms'],
    ['tcp interval=1s fast=2s', 'fast: 2000 ms is longer than the interval of 1000 ms'],
    ['tcp fast=50ms', 'fast: "50ms" is no duration between 100ms and 5m'],
    ['tcp fall=0', 'fall: "0" is outside 1-10'],
    ['tcp fall=2 fall=3', 'fall is there twice'],
    ['tcp port=0', 'port: "0" is neither 1-65535 nor a port\'s name'],
    ['tcp panic=101', 'panic: "101" is outside 0-100'],
    ['tcp on-down=kill', 'on-down: "kill" is none of drain, reset'],
    ['dns', 'name: dns needs it'],
    ['dns name=a..b', 'name: "a..b" is no DNS name such as example.org'],
    [`dns name=${'a'.repeat(64)}.org`, `name: "${'a'.repeat(64)}.org" is no DNS name such as example.org`],
    ['udp', 'send: udp needs it'],
    ['udp send=ping', 'send: "ping" is not hex: and at most 512 bytes such as hex:00ff'],
  ])('%s is a mistake', (text, mistake) => {
    expect(parseHealthCheck(text)).toEqual({ mistake });
  });

  it('tells an unknown key, and which there are', () => {
    expect(parseHealthCheck('tcp weight=3')).toEqual({
      mistake:
        '"weight" is none of port, interval, timeout, fast, fall, rise, initial, panic, on-down, dns (tcp)',
    });
  });

  it('gives a check within its bounds or a mistake for any text', () => {
    const word = fc.constantFrom('port', 'interval', 'timeout', 'fast', 'fall', 'rise', 'expect', 'send');
    const value = fc.oneof(fc.string(), fc.constantFrom('1', '250ms', '5m', '99999m', 'hex:00', '-1', '1e3'));
    const setting = fc.tuple(word, value).map(([key, text]) => `${key}=${text}`);
    const kind = fc.constantFrom('tcp', 'http', 'udp', 'none', 'x');
    const text = fc.tuple(kind, fc.array(setting)).map(([first, rest]) => [first, ...rest].join(' '));
    fc.assert(
      fc.property(fc.oneof(text, fc.string()), (given) => {
        const check = parseHealthCheck(given);
        if (check === 'none') return;
        if ('mistake' in check) expect(check.mistake).not.toBe('');
        else {
          expect(check.timeoutMs).toBeLessThanOrEqual(check.intervalMs);
          expect(check.fastMs).toBeLessThanOrEqual(check.intervalMs);
          expect(check.intervalMs).toBeLessThanOrEqual(300_000);
          expect(check.intervalMs).toBeGreaterThanOrEqual(250);
        }
      }),
    );
  });
});

describe('the annotation of a Service', () => {
  function decode(annotation: unknown) {
    return decodeService({
      metadata: { name: 'web', namespace: 'ns', annotations: { 'menwei.dev/health-check': annotation } },
      spec: { ports: [{ port: 80 }] },
    });
  }

  it.each([
    [undefined, undefined],
    ['', undefined],
    ['none', 'none'],
    ['tcp', TCP],
  ])('%j', (annotation, expected) => {
    const { object, problems } = decode(annotation);
    expect([object?.healthCheck, problems]).toEqual([expected, []]);
  });

  it('that is wrong costs the Service nothing but its checks', () => {
    const { object, problems } = decode('tcp fall=many');
    expect(object?.ports).toHaveLength(1);
    expect(object?.healthCheck).toEqual({ mistake: 'fall: "many" is outside 1-10' });
    expect(problems.map(formatProblem)).toEqual([
      'Service ns/web: metadata.annotations.menwei.dev/health-check: fall: "many" is outside 1-10; the endpoints are not checked',
    ]);
  });
});

describe('checkInForce', () => {
  const byDefault: HealthCheck = { ...TCP, fall: 1 };

  it.each([
    [undefined, undefined, undefined],
    [undefined, byDefault, byDefault],
    ['none' as const, byDefault, undefined],
    [{ mistake: 'x' }, byDefault, undefined],
    [TCP, byDefault, TCP],
  ])('%j with default %j', (wish, preset, expected) => {
    expect(checkInForce(wish, preset)).toBe(expected);
  });
});
