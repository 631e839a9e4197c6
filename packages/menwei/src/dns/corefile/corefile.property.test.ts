import fc from 'fast-check';
import { expect, it } from 'vitest';
import { parseCorefile } from './corefile.ts';

const word = fc.constantFrom(
  '.:53',
  'a.b:53',
  '10.0.0.0/8',
  '.',
  '{',
  '}',
  '"',
  '#',
  '\\',
  '\n',
  '\r\n',
  '\n',
  '\n',
  '\ufeff',
  'é',
  'errors',
  'health',
  'lameduck',
  '5s',
  'ready',
  'kubernetes',
  'cluster.local',
  'in-addr.arpa',
  'pods',
  'insecure',
  'fallthrough',
  'ttl',
  '30',
  'prometheus',
  ':9153',
  'forward',
  '/etc/resolv.conf',
  '10.0.0.5',
  'fd00::5',
  'tls://1.1.1.1',
  'max_concurrent',
  'policy',
  'cache',
  'success',
  'denial',
  'disable',
  'serve_stale',
  'loop',
  'reload',
  'loadbalance',
  'hosts',
  '192.0.2.1',
  'rewrite',
  'name',
  'exact',
  'bind',
  'log',
  '99999999999',
  '-1',
  '{$X}',
);

it('takes any text: options, or lines that name file and line', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof({ weight: 20, arbitrary: word }, fc.string()), { maxLength: 60 }),
      (words) => {
        const parsed = parseCorefile(words.join(' '), 'Corefile');
        if ('port' in parsed) {
          expect(parsed.port).toBeGreaterThan(0);
          return;
        }
        expect(parsed.length).toBeGreaterThan(0);
        for (const line of parsed) expect(line).toMatch(/^Corefile:\d+: /);
      },
    ),
    { numRuns: 3000 },
  );
});

it('takes many braces', () => {
  const text = '{\n'.repeat(10_000);
  expect('port' in parseCorefile(`. ${text}`, 'Corefile')).toBe(false);
});
