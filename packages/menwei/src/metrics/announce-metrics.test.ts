import { expect, test } from 'vitest';
import { AnnounceMetrics } from './announce-metrics.ts';
import { PROMETHEUS_TEXT } from './exposition.ts';
import { Registry } from './registry.ts';

const COUNTS = { requests: 3, answers: 2, gratuitous: 1 };

test('one scrape looks at what is announced once, and tells all of it', async () => {
  const registry = new Registry();
  let looks = 0;
  new AnnounceMetrics(registry, 'n1', () => {
    looks += 1;
    return [
      { address: '192.0.2.1', interface: 'eth0', isAnswering: true, ...COUNTS },
      { address: '192.0.2.1', interface: 'eth1', isAnswering: false, ...COUNTS },
    ];
  });
  const text = [...(await registry.expose(PROMETHEUS_TEXT))].join('');
  expect(text.split('\n').filter((line) => line.includes('192.0.2.1'))).toEqual([
    'menwei_lb_announced{address="192.0.2.1",node="n1",interface="eth0"} 1',
    'metallb_layer2_requests_received{ip="192.0.2.1"} 6',
    'metallb_layer2_responses_sent{ip="192.0.2.1"} 4',
    'metallb_layer2_gratuitous_sent{ip="192.0.2.1"} 2',
  ]);
  expect(looks).toBe(1);
});
