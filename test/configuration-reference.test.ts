/** docs/reference/flags.md and configuration.md against section 10 of docs/reference/kube-proxy.md, item by item. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseDuration } from 'menwei/config/duration.ts';
import { describe, expect, it } from 'vitest';
import { REFUSALS } from './configuration/refusals.ts';

/** A bar inside of a cell is written `\|`. */
const read = (name: string) =>
  readFileSync(join(import.meta.dirname, '../docs/reference', name), 'utf8').replaceAll('\\|', '/');

/** The rows of all tables in a text, without heads; cells as they are. */
function rowsOf(text: string): readonly (readonly string[])[] {
  const lines = text.split('\n').map((line) => line.trim());
  const isRule = (line: string | undefined) => /^\|[-|]+$/.test(line ?? '');
  return lines
    .filter((line, index) => line.startsWith('|') && !isRule(line) && !isRule(lines[index + 1]))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    );
}

function sectionOf(text: string, number: string): string {
  const [, section] = new RegExp(`\n## ${RegExp.escape(number)} (.*?)\n##? `, 's').exec(text) ?? [];
  if (section === undefined) throw new Error(`no section ${number}`);
  return section;
}

const spans = (cell: string) => Array.from(cell.matchAll(/`([^`]*)`/g), ([, text = '']) => text);

/** What flags.md says of each flag. */
const FLAGS = new Map(
  rowsOf(read('flags.md')).map(([flag = '', marks = '', preset = '', fields = '']) => [
    /--([\w-]+)/.exec(flag)?.[1] ?? '',
    { default: spans(preset)[0] ?? '', fields: spans(fields), marks },
  ]),
);

/** What configuration.md says of each field: its default. */
const FIELDS = new Map(
  rowsOf(read('configuration.md'))
    .filter((cells) => cells.length > 4)
    .map(([field = '', , , preset = '']) => [spans(field)[0] ?? '', spans(preset)[0] ?? '']),
);

type Item = readonly [flag: string, preset: string, field: string];

/** Rows of section 10.1 that speak of several flags. */
const SEVERAL: Readonly<Record<string, readonly Item[]>> = {
  '--kube-api-qps / --kube-api-burst': [
    ['kube-api-qps', '5', 'clientConnection.qps'],
    ['kube-api-burst', '10', 'clientConnection.burst'],
  ],
  '--ipvs-tcp-timeout / -tcpfin- / -udp-': [
    ['ipvs-tcp-timeout', '0', 'ipvs.tcpTimeout'],
    ['ipvs-tcpfin-timeout', '0', 'ipvs.tcpFinTimeout'],
    ['ipvs-udp-timeout', '0', 'ipvs.udpTimeout'],
  ],
  '--conntrack-udp-timeout / --conntrack-udp-timeout-stream': [
    ['conntrack-udp-timeout', '0', 'conntrack.udpTimeout'],
    ['conntrack-udp-timeout-stream', '0', 'conntrack.udpStreamTimeout'],
  ],
  '--logging-format, --log-flush-frequency, --log-{json,text}-*, -v, --vmodule': [
    ['logging-format', 'text', 'logging.format'],
    ['log-flush-frequency', '5s', 'logging.flushFrequency'],
    ['log-json-split-stream', 'false', 'logging.options.json.splitStream'],
    ['log-json-info-buffer-size', '0', 'logging.options.json.infoBufferSize'],
    ['log-text-split-stream', 'false', 'logging.options.text.splitStream'],
    ['log-text-info-buffer-size', '0', 'logging.options.text.infoBufferSize'],
    ['v', '0', 'logging.verbosity'],
    ['vmodule', '""', 'logging.vmodule'],
  ],
  '--version[=raw/vX] , -h/--help': [['version', '""', '–']],
  '--boot-id-file, --machine-id-file': [
    ['boot-id-file', '', '–'],
    ['machine-id-file', '', '–'],
  ],
};

const KUBE_PROXY = read('kube-proxy.md');

const ITEMS: readonly Item[] = rowsOf(sectionOf(KUBE_PROXY, '10.1')).flatMap(
  ([flags = '', preset = '', field = '']): readonly Item[] => {
    const name = /^--([\w-]+)(?: \(deprecated\))?$/.exec(flags)?.[1];
    if (name !== undefined) return [[name, preset, field]];
    const several = SEVERAL[flags];
    if (several === undefined) throw new Error(`a row that this test does not know: ${flags}`);
    return several;
  },
);

/** `"" (rr)` is rr, and 60s and 1m are the same. */
function normalized(preset: string): string | number {
  const [, inner] = /^"" \((.*)\)$/.exec(preset) ?? [];
  const text = inner ?? (preset === '""' || preset === '[]' ? '' : preset);
  return parseDuration(text) ?? text;
}

describe('section 10.1', () => {
  it('is read', () => {
    expect(ITEMS.length).toBeGreaterThan(55);
  });

  it.each(ITEMS)('--%s has the default %s and the field %s', (name, preset, field) => {
    const said = FLAGS.get(name) ?? { default: 'not in flags.md', fields: [] };
    expect(normalized(said.default)).toBe(normalized(preset));
    const expected = (field.replace(/\(.*?\)/g, '').match(/[a-zA-Z]+(?:\.[a-zA-Z]+)*/g) ?? []).filter(
      (path) => FIELDS.has(path),
    );
    if (!field.startsWith('–')) expect(expected).not.toEqual([]);
    expect(said.fields.slice(0, expected.length)).toEqual(expected);
  });

  it.each([
    ['nftables.masqueradeBit', '14'],
    ['nftables.masqueradeAll', 'false'],
    ['nftables.syncPeriod', '30s'],
    ['nftables.minSyncPeriod', '1s'],
    ['ipvs.minSyncPeriod', '0s'],
    ['clientConnection.acceptContentTypes', ''],
    ['winkernel.networkName', ''],
    ['windowsRunAsService', 'false'],
    ['portRange', ''],
  ])('the field %s has the default "%s"', (path, preset) => {
    expect(FIELDS.get(path)).toBe(preset);
  });

  it('names all flags that are not marked as those of Menwei', () => {
    const own = [...FLAGS].filter(([, { marks }]) => !marks.includes('●')).map(([name]) => name);
    expect(own.toSorted()).toEqual(ITEMS.map(([name]) => name).toSorted());
  });
});

it('section 10.2 names the flags that count beside a file', () => {
  const [, list = ''] = /ignored except: (.*?)\. Feature gates/.exec(sectionOf(KUBE_PROXY, '10.2')) ?? [];
  expect(list).toMatch(/^logging flags/);
  const named = Array.from(list.matchAll(/--([\w-]+)/g), ([, name = '']) => name);
  const counting = [...FLAGS].filter(([, { marks }]) => marks.includes('◆') && !marks.includes('●'));
  const others = counting.filter(([, { fields }]) => !fields.some((field) => field.startsWith('logging.')));
  // The flag that names the file, and two that mean nothing, go without saying.
  const expected = [...named, 'config', 'boot-id-file', 'machine-id-file'].filter((name) => name !== 'help');
  expect(others.map(([name]) => name).toSorted()).toEqual(expected.toSorted());
});

describe('section 10.3', () => {
  const rows = rowsOf(sectionOf(KUBE_PROXY, '10.3')).map(([fields = '']) => fields);
  const refused = REFUSALS.flatMap(({ refused: lines = [] }) => lines).join('\n');

  it.each(rows)('%s: a value that breaks the rule is in the table of cases', (cell) => {
    const names = cell
      .replace(/\(.*?\)/g, '')
      .split(/[,/]/)
      .map((name) => name.trim().replace(/\.\*$/, ''))
      .filter(Boolean);
    expect(names).not.toEqual([]);
    for (const name of names) expect(refused).toContain(name);
  });
});

it('section 10.9 names feature gates that are known', () => {
  const gates = sectionOf(`${KUBE_PROXY}`, '10.9').match(/\b[A-Z][A-Za-z]*[a-z][A-Z][A-Za-z]+\b/g) ?? [];
  expect(gates.length).toBeGreaterThan(6);
  const known = read('configuration.md');
  expect(gates.filter((name) => !known.includes(`\`${name}\``))).toEqual([]);
});
