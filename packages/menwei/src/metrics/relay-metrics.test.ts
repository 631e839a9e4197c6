import { expect, it } from 'vitest';
import { NO_SUMS } from '../relay/event-tally.ts';
import { createProxyMetrics } from './proxy-metrics.ts';

it('tells what relays do now, each time it is asked', async () => {
  let stats = { ...NO_SUMS, openConnections: 2, openFlows: 0, threads: 4 };
  const metrics = createProxyMetrics({ relays: () => stats });
  expect(await metrics.format()).toContain('menwei_relay_open_connections 2\n');
  stats = { ...stats, failedAttempts: 3, openConnections: 1 };
  for (let time = 0; time < 2; time++) {
    const text = await metrics.format();
    expect(text).toContain('menwei_relay_failed_attempts_total 3\n');
    expect(text).toContain('menwei_relay_open_connections 1\n');
    expect(text).toContain('menwei_relay_threads 4\n');
  }
});

it('says nothing of relays where there are none', async () => {
  expect(await createProxyMetrics().format()).not.toContain('menwei_relay');
});
