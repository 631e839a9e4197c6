/**
 * Draws what bench/dataplane.ts found out, and prints it as a Markdown table.
 *
 *   npm run --silent bench:dataplane -- --modes iptables,nftables,ipvs --services 10,1000,10000 --json |
 *     node bench/plot.ts docs/new-connections.svg          (both: npm run bench:plot)
 */
import { writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import * as v from 'valibot';
import { escapeXml, type Line, type Panel, panel } from './plot-panel.ts';

const CasesSchema = v.array(
  v.object({
    mode: v.string(),
    services: v.number(),
    connPerSec: v.number(),
    ratioToDirect: v.number(),
    ratioToPlain: v.number(),
    directConnPerSec: v.number(),
    plainConnPerSec: v.number(),
    p50Ms: v.number(),
    p99Ms: v.number(),
  }),
);

type Cases = v.InferOutput<typeof CasesSchema>;

const TITLE = 'New connections through a ClusterIP, by the number of Services';
const WIDTH = 960;
const HEIGHT = 384;
const PANEL_TOP = 92;
const PANEL_SIZE = { width: 300, height: 232 };

/** Told apart by their shapes too. In a dark surrounding, lighter ones. */
const STYLE = `
  text { font: 13px system-ui, sans-serif; fill: #24292f; }
  .title { font-size: 16px; font-weight: 600; }
  .name { font-weight: 600; }
  .small { font-size: 12px; fill: #57606a; }
  .grid { stroke: #d0d7de; stroke-width: 1; }
  .even { stroke: #57606a; stroke-width: 1; stroke-dasharray: 4 3; }
  .line { fill: none; stroke-width: 2.5; }
  .series0 { stroke: #c2410c; } .fill0 { fill: #c2410c; }
  .series1 { stroke: #0969da; } .fill1 { fill: #0969da; }
  .series2 { stroke: #1a7f37; } .fill2 { fill: #1a7f37; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .small { fill: #9198a1; }
    .grid { stroke: #3d444d; }
    .even { stroke: #9198a1; }
    .series0 { stroke: #ff9a5c; } .fill0 { fill: #ff9a5c; }
    .series1 { stroke: #6cb6ff; } .fill1 { fill: #6cb6ff; }
    .series2 { stroke: #57d37c; } .fill2 { fill: #57d37c; }
  }
`;

const [file] = process.argv.slice(2);
if (file === undefined) throw new Error('which file is the plot to go into?');
const lastLine = (await text(process.stdin)).trim().split('\n').at(-1) ?? '';
const measured = v.parse(CasesSchema, JSON.parse(lastLine));
writeFileSync(file, draw(measured));
process.stdout.write(table(measured));

function draw(cases: Cases): string {
  const panels: readonly Panel[] = [
    {
      left: 64,
      title: 'compared with connections to the pods themselves',
      subtitle: 'by way of a node without rules',
      lines: linesOf(cases, 'ratioToPlain'),
    },
    {
      left: 544,
      title: 'compared with connections to the pods themselves',
      subtitle: 'through the same node, past all its rules',
      lines: linesOf(cases, 'ratioToDirect'),
    },
  ].map((each) => ({ ...each, ...PANEL_SIZE, top: PANEL_TOP }));
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" width="${WIDTH}" height="${HEIGHT}" role="img" aria-label="${TITLE}">
<style>${STYLE}</style>
<text class="title" x="${WIDTH / 2}" y="26" text-anchor="middle">${escapeXml(TITLE)}</text>
${panels.map(panel).join('\n')}
</svg>
`;
}

function linesOf(cases: Cases, ratio: 'ratioToPlain' | 'ratioToDirect'): readonly Line[] {
  return [...new Set(cases.map(({ mode }) => mode))].map((mode, index) => ({
    name: mode,
    index,
    points: cases
      .filter((each) => each.mode === mode)
      .map((each) => ({ x: each.services, y: each[ratio] }))
      .sort((a, b) => a.x - b.x),
  }));
}

function table(cases: Cases): string {
  const thousands = (value: number) => value.toLocaleString('en-US');
  const rows = cases.map((each) => [
    each.mode,
    thousands(each.services),
    thousands(each.connPerSec),
    thousands(each.directConnPerSec),
    thousands(each.plainConnPerSec),
    each.ratioToDirect.toFixed(2),
    each.ratioToPlain.toFixed(2),
    `${each.p50Ms.toFixed(2)} / ${each.p99Ms.toFixed(2)} ms`,
  ]);
  const head = [
    'mode',
    'Services',
    'through the ClusterIP',
    'direct',
    'plain',
    'to direct',
    'to plain',
    'one request, p50 / p99',
  ];
  return [head, head.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('');
}
