import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHECK_RESULTS, HEALTH_STATES } from '../state/endpoint-health.ts';
import { formatVerdicts, parseVerdicts } from './verdict-file.ts';

const parse = (text: string) => parseVerdicts('health.yaml', text);

describe('a list of verdicts', () => {
  it('needs no more than a service port and an endpoint', () => {
    const text = `
# what died
- service: default/web
  endpoint: 10.0.0.1:8080
- {service: default/dns:dns, protocol: UDP, endpoint: "[fd00::0:1]:53", state: up}
`;
    const [web, dns] = 'mistake' in parse(text) ? [] : (parse(text) as { verdicts: unknown[] }).verdicts;
    expect(web).toMatchObject({
      family: 'IPv4',
      row: { port: 'default/web/TCP', endpoint: '10.0.0.1:8080', state: 'down', sinceMs: 0 },
    });
    expect(dns).toMatchObject({
      family: 'IPv6',
      row: { port: 'default/dns:dns/UDP', endpoint: '[fd00::1]:53', state: 'up' },
    });
  });

  it.each(['', '# nothing\n', '[]', '[\n\n]\n'])('may be empty: %j', (text) => {
    expect(parse(text)).toEqual({ verdicts: [] });
  });

  const WEB = 'service: a/web, endpoint: "10.0.0.1:80"';
  it.each([
    ['{', /^health\.yaml: /],
    ['service: a/web', /^health\.yaml: is no list of endpoints such as \{service: default\/web:http, /],
    ['- down', /^health\.yaml:1: \[0\]: is no endpoint such as /],
    [`- {${WEB}}\n- {endpoint: "10.0.0.1:80"}`, /^health\.yaml:2: \[1\]\.service: "" is not namespace\/name/],
    [
      '- {service: web, endpoint: "10.0.0.1:80"}',
      /\[0\]\.service: web is not namespace\/name\[:port name\]$/,
    ],
    ['- {service: a/web}', /\[0\]\.endpoint: "" is not address:port$/],
    ['- {service: a/web, endpoint: 10.0.0.1}', /\[0\]\.endpoint: 10\.0\.0\.1 is not address:port$/],
    ['- {service: a/web, endpoint: web-0:80}', /\[0\]\.endpoint: web-0:80 is not address:port$/],
    [`- {${WEB}, state: dead}`, /\[0\]\.state: dead is none of unknown, up, failing, down, recovering$/],
    [`- {${WEB}, protocol: ICMP}`, /\[0\]\.protocol: ICMP is none of TCP, UDP, SCTP$/],
    [`- {${WEB}, since: now}`, /\[0\]\.since: now is no time such as /],
    [`- {${WEB}, port: "80"}`, /\[0\]: port is none of service, protocol, endpoint, /],
    [`- {${WEB}, state: 1}`, /\[0\]\.state: 1 is no text$/],
  ])('says in a line what is wrong with %j', (text, message) => {
    const parsed = parse(text);
    const mistake = 'mistake' in parsed ? parsed.mistake : '';
    expect(mistake).toMatch(message);
    expect(mistake).not.toContain('\n');
  });

  it('reads what it writes', () => {
    const rows = fc.record({
      port: fc.constantFrom('ns/web/TCP', 'ns/web:http/TCP', 'ns/dns:dns/UDP'),
      endpoint: fc.constantFrom('10.0.0.1:80', '[fd00::1]:8080'),
      state: fc.constantFrom(...HEALTH_STATES),
      sinceMs: fc.integer({ min: 0, max: 4e12 }),
      result: fc.constantFrom(...CHECK_RESULTS),
      detail: fc.string(),
      checkers: fc.constant([]),
    });
    fc.assert(
      fc.property(fc.array(rows, { maxLength: 5 }), (list) => {
        const parsed = parse(formatVerdicts(list));
        expect('verdicts' in parsed && parsed.verdicts.map(({ row }) => row)).toEqual(list);
      }),
    );
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string({ unit: 'binary' }), fc.json()), (text) => {
        parse(text);
      }),
    );
  });
});
