/** Rows of `/status` as a table for people, in the manner of kubectl. Pure. */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import { firstOf } from '../log/first-lines.ts';
import { isEjected } from '../state/endpoint-health.ts';
import { formatAge } from './age.ts';
import { rowKey, type StatusRow } from './status-row.ts';

/** One line of the table: a row, or one that is gone. */
export type TableRow = Omit<StatusRow, 'state'> & { readonly state: StatusRow['state'] | 'deleted' };

interface Column {
  readonly title: string;
  /** Not shown without `-o wide`. */
  readonly wide?: boolean;
  readonly cell: (row: TableRow, nowMs: number) => string;
}

const NONE = '<none>';
const MOST_NAMED = 3;

const COLUMNS: readonly Column[] = [
  { title: 'SERVICE-PORT', cell: ({ servicePort }) => servicePort },
  { title: 'FAMILY', cell: ({ family }) => family },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'SINCE', cell: ({ sinceMs }, nowMs) => formatAge(nowMs - sinceMs) },
  { title: 'ENDPOINTS', cell: ({ endpoints: counts }) => (counts ? `${counts.used}/${counts.total}` : NONE) },
  { title: 'LOCAL', wide: true, cell: ({ endpoints: counts }) => (counts ? `${counts.local}` : NONE) },
  { title: 'UNUSED', wide: true, cell: formatUnused },
  { title: 'CLUSTER-IP', wide: true, cell: formatClusterIP },
  { title: 'NODE-PORT', wide: true, cell: ({ nodePort }) => (nodePort ? String(nodePort) : NONE) },
  { title: 'MODE', wide: true, cell: ({ mode }) => mode ?? NONE },
  // The last one, since it is as long as it is.
  { title: 'REASON', cell: formatReason },
];

/** `1 not ready, 2 by hints` */
function formatUnused({ endpoints }: TableRow): string {
  const { notReady, unhealthy, weight, trafficPolicy, hints } = endpoints?.unused ?? {};
  const reasons = [
    [notReady, 'not ready'],
    [unhealthy, 'unhealthy'],
    [trafficPolicy, 'by traffic policy'],
    [weight, 'of weight 0'],
    [hints, 'by hints'],
  ] as const;
  const told = reasons.filter(([count]) => count !== undefined).map(([count, why]) => `${count} ${why}`);
  return told.length === 0 ? NONE : told.join(', ');
}

function formatClusterIP({ clusterIP, port }: TableRow): string {
  return clusterIP === undefined || port === undefined ? NONE : formatHostPort(clusterIP, port);
}

function formatReason({ error, warning, health }: TableRow): string {
  const reasons = [error, ...(warning === undefined ? [] : [`warning: ${warning}`]), formatUnhealthy(health)];
  return reasons.filter((reason) => reason !== undefined).join('; ');
}

/** `down: 10.0.0.1:80 (HTTP status 503)` */
function formatUnhealthy(health: TableRow['health']): string | undefined {
  const down = health?.unhealthy.filter(({ state }) => isEjected(state)) ?? [];
  if (down.length === 0) return undefined;
  const named = down.map(({ endpoint, result, detail }) => `${endpoint} (${detail ?? result})`);
  return `down: ${firstOf(named, MOST_NAMED, 'endpoints')}`;
}

/** What a tool, an object or whatever answers at the port said must not break the table, or steer a terminal. */
function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{Cc}\p{Cf}]+/gu, ' ').trim();
}

/** Lays rows out in columns that stay as wide as they were, so that rows printed later stand under the first ones. */
export class StatusTable {
  readonly #columns: readonly Column[];
  readonly #widths: number[];
  #hasHeader = false;

  constructor({ wide }: { readonly wide: boolean }) {
    this.#columns = COLUMNS.filter((column) => wide || column.wide !== true);
    this.#widths = this.#columns.map(({ title }) => title.length);
  }

  /** The lines for some rows, with the header before the first ones. */
  format(rows: readonly TableRow[], nowMs: number): string {
    const cells = rows.map((row) => this.#columns.map(({ cell }) => oneLine(cell(row, nowMs))));
    for (const line of cells) {
      for (const [index, cell] of line.entries()) {
        this.#widths[index] = Math.max(this.#widths[index] ?? 0, cell.length);
      }
    }
    const header = this.#hasHeader ? [] : [this.#columns.map(({ title }) => title)];
    this.#hasHeader = true;
    return [...header, ...cells].map((line) => `${this.#pad(line)}\n`).join('');
  }

  #pad(cells: readonly string[]): string {
    return cells
      .map((cell, index) => cell.padEnd(this.#widths[index] ?? 0))
      .join('   ')
      .trimEnd();
  }
}

/** By Service, then by family: the same Service's rows stand together. */
export function sortRows(rows: readonly StatusRow[]): readonly StatusRow[] {
  return rows
    .map((row) => ({ row, key: `${row.servicePort} ${rowKey(row)}` }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ row }) => row);
}
