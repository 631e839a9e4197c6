import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseConfigFile, readConfigFile } from './file.ts';

const HEADER = 'apiVersion: kubeproxy.config.k8s.io/v1alpha1\nkind: KubeProxyConfiguration\n';
const parse = (text: string) => parseConfigFile({ path: 'c.yaml', text });
const parseBody = (body: string) => parse(HEADER + body);

describe('parseConfigFile', () => {
  it('reads YAML', () => {
    const body = [
      'bindAddress: 2001:db8::1',
      'healthzBindAddress: "[fd00:1::5]:10256"',
      'clusterCIDR: fd00:1::0/64',
      'iptables: {masqueradeBit: 17, masqueradeAll: yes, localhostNodePorts: off, syncPeriod: 1m30s}',
      'nodePortAddresses:\n  - 10.20.30.40/16',
      'featureGates: {A: true}',
      'conntrack:\n  maxPerCore: 2\n  min: null\n',
    ];
    expect(parseBody(body.join('\n'))).toEqual({
      document: {
        bindAddress: '2001:db8::1',
        healthzBindAddress: '[fd00:1::5]:10256',
        clusterCIDR: 'fd00:1::0/64',
        iptables: { masqueradeBit: 17, masqueradeAll: true, localhostNodePorts: false, syncPeriod: '1m30s' },
        nodePortAddresses: ['10.20.30.40/16'],
        featureGates: { A: true },
        conntrack: { maxPerCore: 2 },
      },
      warnings: [],
    });
  });

  it('reads JSON', () => {
    const document = { mode: 'nftables', nftables: { minSyncPeriod: '2s' } };
    const configuration = {
      kind: 'KubeProxyConfiguration',
      apiVersion: 'kubeproxy.config.k8s.io/v1alpha1',
      ...document,
    };
    for (const indent of [undefined, 2, '\t']) {
      expect(parse(JSON.stringify(configuration, undefined, indent))).toEqual({ document, warnings: [] });
    }
  });

  it('leaves out unknown and duplicate fields with a warning', () => {
    const body =
      'bogus: {a: 1}\nlogging: {vmodule: [{filePattern: a, level: 1}]}\niptables: {masqeradeBit: 1, masqueradeBit: 2, masqueradeBit: 3}\nmode: ipvs\nmode: iptables\n';
    expect(parseBody(body)).toMatchObject({
      document: { iptables: { masqueradeBit: 3 }, mode: 'iptables' },
      warnings: [
        'c.yaml: unknown fields are ignored: bogus, logging.vmodule[0].level, iptables.masqeradeBit; duplicate fields, the last one is used: iptables.masqueradeBit, mode',
      ],
    });
  });

  it.each<[string, string, readonly string[]]>([
    ['with a separator at the end', `${HEADER}mode: ipvs\n---\n`, []],
    ['with a separator before', `# note\n---\n${HEADER}mode: ipvs\n`, []],
    ['with an end marker', `${HEADER}mode: ipvs\n...\n`, []],
    [
      'with a second document',
      `${HEADER}mode: ipvs\n---\nmode: iptables\n`,
      ['c.yaml: only the first document is used, not the one in line 5'],
    ],
    [
      'as JSON with a key twice',
      `{"apiVersion": "kubeproxy.config.k8s.io/v1alpha1", "kind": "KubeProxyConfiguration",\n\t"mode": "iptables", "mode": "ipvs"}`,
      ['c.yaml: duplicate fields, the last one is used: mode'],
    ],
    ['with Windows line ends', `${HEADER}mode: ipvs\n`.replaceAll('\n', '\r\n'), []],
    ['with a byte order mark', `\uFEFF${HEADER}mode: ipvs\n`, []],
    ['with an alias', `${HEADER}hostnameOverride: &m ipvs\nmode: *m\n`, []],
    ['with words that are no booleans', `${HEADER}mode: ipvs\nclusterCIDR: "y"\n`, []],
  ])('reads a file %s', (_, text, warnings) => {
    expect(parse(text)).toMatchObject({ document: { mode: 'ipvs' }, warnings });
  });

  it('takes octal numbers as Go does', () => {
    expect(parseBody('iptables: {masqueradeBit: 016}\nconntrack: {min: 0o17}')).toMatchObject({
      document: { iptables: { masqueradeBit: 14 }, conntrack: { min: 15 } },
    });
  });

  it.each([
    ['nodePortAddresses: [null]', 'nodePortAddresses[0]: null: must be a text'],
    ['nodePortAddresses: [~, 10.0.0.0/8]', 'nodePortAddresses[0]: null: must be a text'],
    ['ipvs:\n  excludeCIDRs:\n  -\n', 'ipvs.excludeCIDRs[0]: null: must be a text'],
    ['mode: y', 'mode: true: must be a text'],
    ['iptables: {masqueradeBit: many}', 'iptables.masqueradeBit: "many": must be a whole number'],
    ['iptables: {masqueradeBit: 1.5}', 'iptables.masqueradeBit: 1.5: must be a whole number of 32 bits'],
    ['iptables: {syncPeriod: 30}', 'iptables.syncPeriod: 30: must be a duration like 30s'],
    ['iptables: {syncPeriod: 30 s}', 'iptables.syncPeriod: "30 s": must be a duration like 30s'],
    ['iptables: []', 'iptables: []: must be an object'],
    ['bindAddress: 5', 'bindAddress: 5: must be a text'],
    ['nodePortAddresses: primary', 'nodePortAddresses: "primary": must be a list'],
    ['nodePortAddresses: [1]', 'nodePortAddresses[0]: 1: must be a text'],
    ['bindAddressHardFail: "true"', 'bindAddressHardFail: "true": must be true or false'],
    ['featureGates: {A: 1}', 'featureGates.A: 1: must be true or false'],
  ])('refuses %s', (body, message) => {
    expect(parseBody(body)).toEqual({ errors: [`c.yaml: ${message}`] });
  });

  it.each([
    [
      '',
      [
        'c.yaml: apiVersion: (absent): must be kubeproxy.config.k8s.io/v1alpha1',
        'c.yaml: kind: (absent): must be KubeProxyConfiguration',
      ],
    ],
    [
      'a text',
      [
        'c.yaml: apiVersion: (absent): must be kubeproxy.config.k8s.io/v1alpha1',
        'c.yaml: kind: (absent): must be KubeProxyConfiguration',
      ],
    ],
    [
      HEADER.replace('v1alpha1', 'v1'),
      ['c.yaml: apiVersion: "kubeproxy.config.k8s.io/v1": must be kubeproxy.config.k8s.io/v1alpha1'],
    ],
    [HEADER.replace('KubeP', 'P'), ['c.yaml: kind: "ProxyConfiguration": must be KubeProxyConfiguration']],
  ])('refuses another kind: %j', (text, errors) => {
    expect(parse(text)).toEqual({ errors });
  });

  it('names the line of broken YAML', () => {
    expect(parseBody('a: b: c')).toEqual({ errors: [expect.stringMatching(/^c\.yaml:3: \S[^\n]*$/)] });
    expect(parseBody('a: [1')).toEqual({ errors: [expect.stringMatching(/^c\.yaml:3: \S[^\n]*$/)] });
  });

  it.each([
    ['an unknown alias', 'mode: *nothing'],
    [
      'aliases that multiply',
      `a: &a [${'x,'.repeat(200)}]\nb: &b [${'*a,'.repeat(200)}]\nc: [${'*b,'.repeat(200)}]`,
    ],
  ])('refuses %s', (_name, body) => {
    expect(parseBody(body)).toEqual({ errors: [expect.stringMatching(/^c\.yaml:.*[Aa]lias/)] });
  });

  it('gives a document or one-line errors for any text', () => {
    const word = fc.constantFrom(
      'iptables',
      'mode',
      ': ',
      '\n',
      '  ',
      '- ',
      '{',
      '}',
      '[',
      ']',
      '&a',
      '*a',
      '<<',
      '"',
      "'",
      '|',
      '0x1',
      '%',
    );
    const yaml = fc
      .array(fc.oneof(word, fc.string({ maxLength: 5 })), { maxLength: 30 })
      .map((words) => words.join(''));
    fc.assert(
      fc.property(yaml, (body) => {
        const parsed = parseBody(body);
        if ('errors' in parsed) for (const error of parsed.errors) expect(error).toMatch(/^c\.yaml[^\n]*$/);
      }),
      { numRuns: 300 },
    );
  });
});

it('does not read what has no end', async () => {
  await expect(readConfigFile('/dev/zero')).rejects.toMatchObject({
    message: "/dev/zero: the configuration file can't be read",
    cause: { message: 'is larger than 16 MiB' },
  });
});
