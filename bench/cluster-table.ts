/** What is measured of `menwei cluster`, beside what it should be and what kube-apiserver took. */
import { round } from './figures.ts';

interface Target {
  /** At most; at least where more is better. */
  readonly bound: number;
  readonly isFloor?: true;
}

interface Row {
  readonly what: string;
  /** Of which the target speaks. */
  readonly value: number;
  readonly unit: string;
  readonly note?: string;
  readonly target?: Target;
  readonly reference?: string;
}

const REFERENCE_NAME = 'kube-apiserver';
const REFERENCE_SOURCE =
  '1.36.2 with etcd 3.5.30 without fsync, measured by hand on a busy machine with two processors, 2026-11-30';

/** Beyond the target by so much, a run has failed: less may be the machine's doing. */
const FAILS_AT = 2;

export class ClusterTable {
  readonly #rows: Row[] = [];
  readonly #broken: string[] = [];

  add(row: Row): void {
    this.#rows.push(row);
    process.stderr.write(`${row.what}: ${figure(row)}${row.note === undefined ? '' : ` (${row.note})`}\n`);
  }

  /** What has no measure: it holds or it does not. */
  require(what: string, holds: boolean): void {
    if (!holds) this.#broken.push(what);
  }

  print(): void {
    const widths = [48, 12, 13, 7, 36];
    const line = (cells: readonly string[]) =>
      process.stdout.write(`${cells.map((cell, index) => cell.padEnd(widths[index] ?? 0)).join(' ')}\n`);
    line(['', 'measured', 'target', 'of it', `${REFERENCE_NAME}¹`, '']);
    for (const row of this.#rows) {
      const { what, target, unit, note = '', reference = '' } = row;
      const bound =
        target === undefined
          ? '–'
          : `${target.isFloor ? '≥' : '≤'} ${target.bound.toLocaleString('en')} ${unit}`;
      const ratio = target === undefined ? '–' : round(excess(row, target), 2).toFixed(2);
      line([what, figure(row), bound, ratio, reference, note]);
    }
    process.stdout.write(`¹ ${REFERENCE_SOURCE}\n`);
    for (const what of this.#broken) process.stdout.write(`does not hold: ${what}\n`);
  }

  get hasFailed(): boolean {
    const isBeyond = (row: Row) => row.target !== undefined && excess(row, row.target) > FAILS_AT;
    return this.#broken.length > 0 || this.#rows.some(isBeyond);
  }
}

/** Above 1: the target is missed. */
function excess({ value }: Row, { bound, isFloor }: Target): number {
  return isFloor ? bound / value : value / bound;
}

function figure({ value, unit }: Row): string {
  const digits = value >= 100 ? 0 : value >= 10 ? 1 : 2;
  return `${round(value, digits).toLocaleString('en')} ${unit}`;
}
