/** Metrics as Prometheus' own client library for Python reads them (Debian's package python3-prometheus-client). */
import { spawnSync } from 'node:child_process';

interface ParsedMetric {
  /** Of a counter without `_total`. */
  readonly name: string;
  readonly type: string;
  readonly help: string;
  readonly samples: readonly ParsedSample[];
}

interface ParsedSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const SCRIPT = `
import json, sys
if sys.argv[1] == 'openmetrics':
    from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse
else:
    from prometheus_client.parser import text_string_to_metric_families as parse
print(json.dumps([{
    'name': m.name, 'type': m.type, 'help': m.documentation,
    'samples': [{'name': s.name, 'labels': s.labels, 'value': str(s.value)} for s in m.samples],
} for m in parse(sys.stdin.read())]))
`;

/** Throws with the parser's own words. */
export function parseMetrics(text: string, isOpenMetrics: boolean): readonly ParsedMetric[] {
  const { status, stdout, stderr } = spawnSync(
    '/usr/bin/python3',
    ['-c', SCRIPT, isOpenMetrics ? 'openmetrics' : 'text'],
    { input: text, encoding: 'utf8', maxBuffer: 1 << 28 },
  );
  if (status !== 0) throw new Error(`Prometheus can't read this: ${stderr}`);
  return JSON.parse(stdout, (key, value: unknown) => (key === 'value' ? toNumber(String(value)) : value));
}

function toNumber(text: string): number {
  return text === 'inf' ? Number.POSITIVE_INFINITY : Number(text);
}
