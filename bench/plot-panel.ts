/** Lines over a logarithmic axis, as a part of an SVG; the styles are those of bench/plot.ts. */

export interface Line {
  readonly name: string;
  /** Chooses colour and shape: 0, 1 or 2. */
  readonly index: number;
  /** By ascending x. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly subtitle: string;
  readonly lines: readonly Line[];
}

/** From the data to the picture. */
type Scale = (value: number) => number;

const Y_STEP = 0.25;
const LABEL_HEIGHT = 16;

export function panel(panel: Panel): string {
  const { left, top, width, height, lines } = panel;
  const points = lines.flatMap((line) => line.points);
  const xs = [...new Set(points.map((point) => point.x))].sort((a, b) => a - b);
  const [lowest, highest] = [Math.log10(xs.at(0) ?? 1), Math.log10(xs.at(-1) ?? 10)];
  // At least 1, where Services cost nothing; a point above it must not lie on the edge.
  const yTop = Math.max(1, Math.ceil((Math.max(...points.map(({ y }) => y)) - 0.05) / Y_STEP) * Y_STEP);
  const scaleX: Scale = (x) => left + (width * (Math.log10(x) - lowest)) / (highest - lowest || 1);
  const scaleY: Scale = (y) => top + height - (height * y) / yTop;
  return [
    `<text class="name" x="${left}" y="${top - 32}">${escapeXml(panel.title)}</text>`,
    `<text class="small" x="${left}" y="${top - 16}">${escapeXml(panel.subtitle)}</text>`,
    ...yAxis(panel, yTop, scaleY),
    ...xs.map((x) => tick(scaleX(x), top, height, x)),
    `<text class="small" x="${left + width / 2}" y="${top + height + 44}" text-anchor="middle">Services</text>`,
    ...lines.map((line) => curve(line, scaleX, scaleY)),
    ...endLabels(lines, left + width + 12, scaleY),
  ].join('\n');
}

function yAxis({ left, width }: Panel, yTop: number, scaleY: Scale): readonly string[] {
  return Array.from({ length: Math.round(yTop / Y_STEP) + 1 }, (_, index) => {
    const share = index * Y_STEP;
    const y = fixed(scaleY(share));
    const kind = share === 1 ? 'even' : 'grid';
    return `<line class="${kind}" x1="${left}" y1="${y}" x2="${left + width}" y2="${y}"/>
<text class="small" x="${left - 8}" y="${fixed(scaleY(share) + 4)}" text-anchor="end">${Math.round(share * 100)} %</text>`;
  });
}

function tick(x: number, top: number, height: number, services: number): string {
  const at = fixed(x);
  return `<line class="grid" x1="${at}" y1="${top}" x2="${at}" y2="${top + height}"/>
<text class="small" x="${at}" y="${top + height + 22}" text-anchor="middle">${services.toLocaleString('en-US')}</text>`;
}

function curve({ name, index, points }: Line, scaleX: Scale, scaleY: Scale): string {
  const places = points.map(({ x, y }) => ({ x: scaleX(x), y: scaleY(y) }));
  const path = places.map(({ x, y }) => `${fixed(x)},${fixed(y)}`).join(' ');
  const marks = places.map((place, number) => {
    const { x = 0, y = 0 } = points[number] ?? {};
    const title = `${name}, ${x.toLocaleString('en-US')} Services: ${percent(y)}`;
    return `<g class="fill${index}">${mark(index, place.x, place.y, title)}</g>`;
  });
  return [`<polyline class="line series${index}" points="${path}"/>`, ...marks].join('\n');
}

function mark(index: number, x: number, y: number, title: string): string {
  const shapes = [
    `<circle cx="${fixed(x)}" cy="${fixed(y)}" r="4.5">`,
    `<rect x="${fixed(x - 4)}" y="${fixed(y - 4)}" width="8" height="8">`,
    `<path d="M${fixed(x)} ${fixed(y - 5.5)} l5 9 h-10 z">`,
  ];
  const shape = shapes[index % shapes.length] ?? '';
  const name = shape.slice(1, shape.indexOf(' '));
  return `${shape}<title>${escapeXml(title)}</title></${name}>`;
}

/** Name and last value of each line beside its end, moved apart where they would cover each other. */
function endLabels(lines: readonly Line[], x: number, scaleY: Scale): readonly string[] {
  const wanted = lines
    .map((line) => ({ line, last: line.points.at(-1)?.y ?? 0 }))
    .sort((a, b) => b.last - a.last);
  let lowest = Number.NEGATIVE_INFINITY;
  return wanted.map(({ line, last }) => {
    lowest = Math.max(scaleY(last) + 4, lowest + LABEL_HEIGHT);
    return `<text class="name fill${line.index}" x="${x}" y="${fixed(lowest)}">${escapeXml(line.name)} ${percent(last)}</text>`;
  });
}

function percent(share: number): string {
  return `${Math.round(share * 100)} %`;
}

/** The same text for the same picture, whatever a computation leaves behind the point. */
function fixed(value: number): string {
  return value.toFixed(1);
}

export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
