import { describe, expect, it } from 'vitest';
import { parseCorefile } from './corefile.ts';
import type { CorefileOptions } from './options.ts';

function options(text: string): CorefileOptions {
  const parsed = parseCorefile(text, 'Corefile');
  if ('length' in parsed) throw new Error(parsed.join('\n'));
  return parsed;
}

function problems(text: string): readonly string[] {
  const parsed = parseCorefile(text, 'Corefile');
  if (!('length' in parsed)) throw new Error('it was accepted');
  return parsed;
}

/** One server block for all names with these lines; the first is line 2. */
const block = (...lines: readonly string[]) => `.:53 {\n${lines.join('\n')}\n}\n`;

it('takes the lines that kubeadm writes', () => {
  const text = `.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
`;
  expect(options(text)).toEqual({
    port: 53,
    bind: [],
    kubernetes: {
      zones: ['cluster.local'],
      reverseZones: ['in-addr.arpa', 'ip6.arpa'],
      pods: 'insecure',
      ttlSeconds: 30,
      endpointPodNames: false,
      fallthrough: ['in-addr.arpa', 'ip6.arpa'],
    },
    forward: { upstreams: { file: '/etc/resolv.conf' }, policy: 'random', maxConcurrent: 1000 },
    stubs: [],
    cache: { positiveSeconds: 30, negativeSeconds: 30, maxEntries: 10_000, staleMs: undefined },
    hosts: undefined,
    rewrites: new Map(),
    health: ':8080',
    lameduckMs: 5000,
    ready: ':8181',
    prometheus: ':9153',
    notes: [{ line: 21, message: 'reload: the Corefile is read at the start: a change takes a restart' }],
  });
});

it('takes several server blocks: each zone asks its own upstreams', () => {
  const { forward, stubs, cache, port } = options(`
    # of the office
    example.local:5353 eu.example.local:5353 {
      errors
      cache 30
      forward . 10.0.0.5 10.0.0.6:5353
    }
    10.0.0.0/8:5353 { # reverse names of the office
      forward . 10.0.0.7
    }
    closed.local:5353 {
    }
    .:5353 {
      cache 30
      forward corp.example.org fd00::5
      forward . dns://192.0.2.1 { 
        policy sequential
        max_concurrent 0
      }
    }`);
  expect(port).toBe(5353);
  expect(cache?.positiveSeconds).toBe(30);
  expect(forward).toEqual({
    upstreams: [{ ip: '192.0.2.1', port: 53 }],
    policy: 'sequential',
    maxConcurrent: 1_000_000,
  });
  const office = [
    { ip: '10.0.0.5', port: 53 },
    { ip: '10.0.0.6', port: 5353 },
  ];
  expect(stubs).toEqual([
    { domain: 'example.local', upstreams: office },
    { domain: 'eu.example.local', upstreams: office },
    { domain: '10.in-addr.arpa', upstreams: [{ ip: '10.0.0.7', port: 53 }] },
    { domain: 'corp.example.org', upstreams: [{ ip: 'fd00::5', port: 53 }] },
    { domain: 'closed.local', upstreams: [] },
  ]);
});

it('takes hosts, rewrites and addresses to listen on', () => {
  const text = block(
    'bind 169.254.20.10 10.96.0.10',
    'hosts /etc/menwei/hosts example.org {',
    '  192.0.2.7 Gate.example.org gate',
    '  fd00::7 gate.example.org',
    '  ttl 60',
    '  no_reverse',
    '  fallthrough',
    '}',
    'rewrite name exact Old.example.org new.default.svc.cluster.local.',
    'rewrite stop name a.example b.example answer auto',
  );
  expect(options(text)).toMatchObject({
    bind: ['169.254.20.10', '10.96.0.10'],
    hosts: {
      file: '/etc/menwei/hosts',
      inline: ['192.0.2.7 Gate.example.org gate', 'fd00::7 gate.example.org'],
      zones: ['example.org'],
      ttlSeconds: 60,
      reverse: false,
      fallthrough: [''],
    },
    rewrites: new Map([
      ['old.example.org', 'new.default.svc.cluster.local'],
      ['a.example', 'b.example'],
    ]),
  });
});

it('knows the defaults of CoreDNS', () => {
  const text = block('kubernetes cluster.local', 'cache', 'hosts', 'ready', 'prometheus', 'health :8081');
  expect(options(text)).toMatchObject({
    kubernetes: { pods: 'disabled', ttlSeconds: 5, fallthrough: [], reverseZones: [] },
    cache: { positiveSeconds: 3600, negativeSeconds: 1800 },
    hosts: { file: '/etc/hosts', ttlSeconds: 3600, zones: [''] },
    ready: ':8181',
    prometheus: 'localhost:9153',
    health: ':8081',
    lameduckMs: 5000,
  });
});

it('says of lines that it accepts what they come to', () => {
  const text = block(
    'log',
    'cache 30 {',
    '  success 5000 600',
    '  prefetch 10',
    '  serve_stale 2h',
    '}',
    'forward . 10.0.0.5 {',
    '  max_fails 3',
    '}',
  );
  const { notes, cache } = options(text);
  expect(cache).toEqual({ positiveSeconds: 600, negativeSeconds: 30, maxEntries: 5000, staleMs: 7_200_000 });
  expect(notes.map(({ line, message }) => `${line}: ${message}`)).toEqual([
    '2: log: queries are counted, and not logged',
    '9: max_fails: an upstream is asked last after 2 failures in a row',
    '5: prefetch: an answer that was asked for three times is renewed in its last tenth',
    '6: serve_stale: upstreams are asked first, for up to 1.8 s, as with verify',
  ]);
});

describe('refused, by name and line:', () => {
  it.each<[string, string]>([
    [block('dnssec'), 'Corefile:2: dnssec: this plugin is not supported'],
    [block('autopath @kubernetes'), 'Corefile:2: autopath: this plugin is not supported'],
    [block('import custom/*.override'), 'Corefile:2: import: this plugin is not supported'],
    [
      block('kubernetes cluster.local {', 'noendpoints', '}'),
      'Corefile:3: kubernetes: "noendpoints" is not supported',
    ],
    [block('kubernetes'), 'Corefile:2: kubernetes: the zone can not be all names'],
    [
      block('kubernetes cluster.local {', 'ttl 3601', '}'),
      'Corefile:3: ttl: "3601" is not a number from 0 to 3600',
    ],
    [block('kubernetes a..b'), 'Corefile:2: kubernetes: "a..b" is not a name of a domain'],
    [
      block('kubernetes cluster.local {', 'pods all', '}'),
      'Corefile:3: pods: "all" is none of disabled, insecure, verified',
    ],
    [
      block('kubernetes a.b', 'kubernetes c.d'),
      'Corefile:3: kubernetes: line 2 has it already; it may stand once',
    ],
    [
      block('forward .'),
      'Corefile:2: forward: it needs a domain and at least one upstream: forward . 10.0.0.5',
    ],
    [
      block('forward . dns.example'),
      'Corefile:2: forward: "dns.example" is not an IP address, with or without a port',
    ],
    [
      block('forward . tls://9.9.9.9'),
      'Corefile:2: forward: "tls://9.9.9.9": tls:// is not supported; upstreams are asked by plain DNS',
    ],
    [
      block('forward . 10.0.0.5 /etc/resolv.conf'),
      'Corefile:2: forward: "/etc/resolv.conf": a file stands alone',
    ],
    [block('forward . 10.0.0.5 {', 'force_tcp', '}'), 'Corefile:3: forward: "force_tcp" is not supported'],
    [
      block('forward . 10.0.0.5 {', 'policy round_robin', '}'),
      'Corefile:3: policy: "round_robin" is none of random, sequential',
    ],
    [
      block('forward . 10.0.0.5', 'forward . 10.0.0.6'),
      'Corefile:3: forward: line 2 says who is asked for "."',
    ],
    [
      block('forward a.b /etc/resolv.conf'),
      'Corefile:2: forward: upstreams of one domain are named by their addresses, not by a file',
    ],
    [
      block('cache 30 example.org'),
      'Corefile:2: cache: zones are not supported: it is for all names of others',
    ],
    [
      block('cache {', 'disable success', '}'),
      'Corefile:3: disable: it is supported for the zones of the cluster only',
    ],
    [block('cache {', 'keepttl', '}'), 'Corefile:3: cache: "keepttl" is not supported'],
    [block('hosts relative'), 'Corefile:2: hosts: "relative" is not a path that begins with /'],
    [block('hosts {', '10.0.0.300 x', '}'), 'Corefile:3: hosts: "10.0.0.300" is not supported'],
    [block('hosts {', '10.0.0.3', '}'), 'Corefile:3: 10.0.0.3: an address needs at least one name'],
    [block('rewrite name suffix a b'), 'Corefile:2: rewrite: only "rewrite name exact FROM TO" is supported'],
    [
      block('rewrite continue name exact a b'),
      'Corefile:2: rewrite: only "rewrite name exact FROM TO" is supported',
    ],
    [block('rewrite type ANY HINFO'), 'Corefile:2: rewrite: only "rewrite name exact FROM TO" is supported'],
    [
      block('rewrite name exact a b', 'rewrite name exact A c'),
      'Corefile:3: rewrite: "a" is rewritten already',
    ],
    [block('health {', 'lameduck soon', '}'), 'Corefile:3: lameduck: "soon" is not a duration such as 5s'],
    [block('health nowhere'), 'Corefile:2: health: "nowhere" is not an address with a port'],
    [block('bind eth0'), 'Corefile:2: bind: "eth0" is not an IP address'],
    [
      block('loadbalance weighted x'),
      'Corefile:2: loadbalance: "weighted" is not supported, only round_robin',
    ],
    ['.:53 {\nforward . 10.0.0.5\n}\n.:53 {\n}\n', 'Corefile:4: .: line 1 has a server block for it already'],
    ['.:53 {\n}\na.b:54 {\n}\n', 'Corefile:3: a.b: all server blocks must have the same port'],
    ['a.b {\nforward c.d 10.0.0.5\n}\n', 'Corefile:2: forward: "c.d" lies in no zone of its server block'],
    ['tls://.:853 {\n}\n', 'Corefile:1: tls://.:853: tls:// is not supported; questions come by plain DNS'],
    ['(snippet) {\nerrors\n}\n', 'Corefile:1: "(snippet)": snippets are not supported'],
    ['.:53\n', 'Corefile:1: ".:53": a server block needs { … }'],
    ['.:53 {\nerrors\n', 'Corefile:1: the { has no }'],
    ['.:53 { errors }\n', 'Corefile:1: a { stands at the end of its line, and a } on a line of its own'],
    ['}\n', 'Corefile:1: there is a } without its {'],
    [block('forward . {$UPSTREAM}'), 'Corefile:2: variables of the environment are not supported'],
    [block('errors "x'), 'Corefile:2: a quote is not closed'],
    ['', 'Corefile:1: there is no server block'],
  ])('%j', (text, expected) => expect(problems(text)[0]).toBe(expected));

  it('all of them at once', () => {
    expect(problems(block('dnssec', 'errors', 'sign x'))).toHaveLength(2);
  });
});
