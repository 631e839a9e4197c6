import { expect, it } from 'vitest';
import type { StatusRow } from './status-row.ts';
import { StatusTable, sortRows } from './status-table.ts';

const NOW_MS = 1_000_000_000;
const WEB: StatusRow = {
  servicePort: 'default/web:http/TCP',
  family: 'IPv4',
  state: 'programmed',
  sinceMs: NOW_MS - 200_000,
  mode: 'nftables',
  clusterIP: '172.30.0.1',
  port: 80,
  nodePort: 30080,
  endpoints: { used: 2, local: 1, total: 3 },
};
const BROKEN: StatusRow = {
  servicePort: 'default/zero',
  family: 'IPv6',
  state: 'error',
  sinceMs: NOW_MS - 5000,
  error: 'spec.ports[0].port: 0 is outside 1-65535',
};

function lines(text: string): readonly string[] {
  return text.split('\n');
}

it('shows rows in columns', () => {
  expect(lines(new StatusTable({ wide: false }).format([WEB, BROKEN], NOW_MS))).toEqual([
    'SERVICE-PORT           FAMILY   STATE        SINCE   ENDPOINTS   REASON',
    'default/web:http/TCP   IPv4     programmed   3m20s   2/3',
    'default/zero           IPv6     error        5s      <none>      spec.ports[0].port: 0 is outside 1-65535',
    '',
  ]);
});

it('names what is down, and why', () => {
  const down = (endpoint: string, detail?: string) => ({
    ...({ endpoint, state: 'down', since: '2026-12-01T10:00:00Z', result: 'timeout' } as const),
    ...(detail === undefined ? {} : { detail }),
  });
  const unhealthy = [down('10.0.0.1:80', 'HTTP status 503'), ...[2, 3, 4].map((n) => down(`10.0.0.${n}:80`))];
  const health = { check: 'http', states: { down: 4 }, unhealthy };
  const [, row] = lines(new StatusTable({ wide: false }).format([{ ...WEB, health }], NOW_MS));
  expect(row).toContain(
    'down: 10.0.0.1:80 (HTTP status 503), 10.0.0.2:80 (timeout), 10.0.0.3:80 (timeout) and 1 more endpoints',
  );
});

it('shows more with wide', () => {
  const endpoints = { used: 0, local: 0, total: 3, unused: { notReady: 1, hints: 2 } };
  const v6: StatusRow = { ...WEB, family: 'IPv6', clusterIP: 'fd00::1', nodePort: undefined, endpoints };
  expect(lines(new StatusTable({ wide: true }).format([WEB, v6], NOW_MS))).toEqual([
    'SERVICE-PORT           FAMILY   STATE        SINCE   ENDPOINTS   LOCAL   UNUSED                    CLUSTER-IP      NODE-PORT   MODE       REASON',
    'default/web:http/TCP   IPv4     programmed   3m20s   2/3         1       <none>                    172.30.0.1:80   30080       nftables',
    'default/web:http/TCP   IPv6     programmed   3m20s   0/3         0       1 not ready, 2 by hints   [fd00::1]:80    <none>      nftables',
    '',
  ]);
});

it('puts later rows under the first ones, without another header', () => {
  const table = new StatusTable({ wide: false });
  table.format([BROKEN, WEB], NOW_MS);
  expect(lines(table.format([{ ...WEB, state: 'deleted' }], NOW_MS))).toEqual([
    'default/web:http/TCP   IPv4     deleted      3m20s   2/3',
    '',
  ]);
});

it('names the warning beside the reason, in one line that steers no terminal', () => {
  const row: StatusRow = { ...BROKEN, error: 'two\n lines\u001b[2J', warning: 'no address for NodePorts' };
  expect(new StatusTable({ wide: false }).format([row], NOW_MS)).toMatch(
    / {3}two lines \[2J; warning: no address for NodePorts\n$/,
  );
});

it('sorts by Service, then by family', () => {
  const other: StatusRow = { ...WEB, servicePort: 'a/b/TCP' };
  const v6: StatusRow = { ...WEB, family: 'IPv6' };
  expect(sortRows([v6, BROKEN, WEB, other])).toEqual([other, WEB, v6, BROKEN]);
});

it('shows nothing that steers a terminal, whatever calls itself a proxy', () => {
  const row: StatusRow = {
    ...WEB,
    servicePort: 'a/\u001b[2Jb\n/TCP',
    clusterIP: '\u009b31m\u202e',
    mode: '\r\u0007x',
  };
  expect(new StatusTable({ wide: true }).format([row], NOW_MS)).not.toMatch(/[^\u0020-\u007e\n]/);
});
