/** What is written is what is read, whatever a Service asks for; and what others have written is never taken for it. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { BalancerRequest, HealthCheck, Probe } from '../provider.ts';
import { formatConfigFile, parseConfigFile, sortSections } from './config-file.ts';
import { compileSections, type Section } from './section.ts';

const CLUSTER = 'c1';
const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,20}[a-z0-9])?$/);
const port = fc.integer({ min: 1, max: 65_535 });
const ip = fc.oneof(
  fc.ipV4().map((text) => text),
  fc.integer({ min: 1, max: 0xffff }).map((low) => `2001:db8::${low.toString(16)}`),
);
const path = fc
  .string({ unit: fc.constantFrom(...`abz09-._~!$&'()*+,;=:@%/?`), maxLength: 40 })
  .map((rest) => `/${rest}`);
const status = fc.integer({ min: 100, max: 599 });
const probe: fc.Arbitrary<Probe> = fc.oneof(
  fc.constant({ kind: 'none' } as const),
  fc.record({ kind: fc.constant('tcp' as const), port: fc.option(port, { nil: undefined }) }),
  fc.record({
    kind: fc.constant('http' as const),
    port: fc.option(port, { nil: undefined }),
    path,
    host: fc.constantFrom('', 'example.org', 'a.b:8080'),
    expect: fc.tuple(status, status).map(([a, b]) => ({ first: Math.min(a, b), last: Math.max(a, b) })),
  }),
);
const healthCheck: fc.Arbitrary<HealthCheck> = fc.record({
  probe,
  intervalMs: fc.integer({ min: 250, max: 300_000 }),
  timeoutMs: fc.integer({ min: 1, max: 300_000 }),
  fall: fc.integer({ min: 1, max: 10 }),
  rise: fc.integer({ min: 1, max: 10 }),
});
const server = fc.record({
  ip,
  port,
  node: name,
  weight: fc.integer({ min: 0, max: 65_535 }),
  state: fc.constantFrom('active' as const, 'drain' as const),
});
const request: fc.Arbitrary<BalancerRequest> = fc.record({
  service: fc.tuple(name, name).map((names) => names.join('/')),
  uid: fc.uuid(),
  addresses: fc.uniqueArray(ip, { minLength: 1, maxLength: 2 }),
  ports: fc.uniqueArray(
    fc.record({
      name,
      protocol: fc.constant('TCP' as const),
      port,
      servers: fc.uniqueArray(server, { selector: (one) => `${one.ip} ${one.port}`, maxLength: 5 }),
      healthCheck,
    }),
    { selector: (one) => one.port, minLength: 1, maxLength: 3 },
  ),
  sourceRanges: fc.uniqueArray(
    ip.map((text) => (text.includes(':') ? `${text}/128` : `${text}/32`)),
    { maxLength: 80 },
  ),
  hasUnreadableSourceRange: fc.boolean(),
  affinitySeconds: fc.constantFrom(0, 30, 10_800),
  clientAddress: fc.constantFrom('snat' as const, 'proxy-v1' as const, 'proxy-v2' as const),
});
const sections = fc
  .uniqueArray(request, { selector: ({ service }) => service, maxLength: 4 })
  .map((requests) =>
    sortSections(
      CLUSTER,
      requests.flatMap((one) => compileSections(one).sections),
    ),
  );
const foreign = [{ heading: 'listen mine', lines: ['bind :81', '# about mw:c1:a:b:80'] }];

function write(wanted: readonly Section[]): string {
  return formatConfigFile(CLUSTER, wanted, foreign);
}

describe('the configuration file', () => {
  it('says what it was written from', () => {
    fc.assert(
      fc.property(sections, (wanted) => {
        expect(parseConfigFile(CLUSTER, write(wanted))).toEqual({
          sections: wanted,
          damaged: [],
          foreign,
          isAsWritten: true,
        });
      }),
    );
  });

  it('has a line of its own for whatever a Service says', () => {
    fc.assert(
      fc.property(sections, (wanted) => {
        for (const line of write(wanted).split('\n')) {
          expect(line).toMatch(
            /^(# .*|global|listen .*|defaults mw:c1:| {4}(set-var|mode|timeout|option|(cli|srv)tcpka-\w+|retries|bind|acl|tcp-request|balance|hash-type|stick-table|stick|http-check|default-server|server|# about) .*|)$/,
          );
        }
      }),
    );
  });

  it('is not what was written once a line of it is another one', () => {
    fc.assert(
      fc.property(
        sections,
        fc.nat(),
        fc.constantFrom('', 'bind :1', 'server x 10.0.0.1:1'),
        (wanted, at, text) => {
          const lines = write(wanted).split('\n');
          const own = lines.indexOf('global');
          const index = own + (at % (lines.length - own));
          const before = lines[index];
          if (before === '' || before === undefined) return;
          lines[index] = `    ${text}`;
          const { sections: read, isAsWritten } = parseConfigFile(CLUSTER, lines.join('\n'));
          const isServer = before.startsWith('    server ');
          expect(isAsWritten && JSON.stringify(read) === JSON.stringify(wanted)).toBe(false);
          if (!isServer) expect(isAsWritten).toBe(false);
        },
      ),
    );
  });

  it('takes sections of other clusters for what they are', () => {
    fc.assert(
      fc.property(sections, (wanted) => {
        const read = parseConfigFile('c2', write(wanted));
        expect(read.sections).toEqual([]);
        expect(read.damaged).toEqual([]);
        expect(read.foreign.filter(({ heading }) => heading.startsWith('listen mw:')).length).toBe(
          wanted.length,
        );
      }),
    );
  });
});
