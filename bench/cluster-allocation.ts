/**
 * What a Service's address and port cost in `menwei cluster` when nearly all of a /16 and of the NodePorts are taken, beside the
 * same where all are free: `node bench/cluster-allocation.ts`. Dry runs, so that each meets the same pool.
 */
import { Services } from '@menwei/testing/cluster/services.ts';
import { newIpAddress } from 'menwei/cluster/allocation/ip-address.ts';
import type { ServiceSpec } from 'menwei/cluster/kinds/service/fields.ts';
import { median, quantile, round } from './figures.ts';

const RUNS = 2_000;
const WEB: ServiceSpec = { ports: [{ port: 80 }] };
const NODE_PORT: ServiceSpec = { ...WEB, type: 'NodePort' };

const stamp = { nowMs: () => 0, newUid: () => '00000000-0000-4000-8000-000000000000' };

if (import.meta.main) await main();

/** What a Service costs in a /16 that has one address left, in milliseconds, many times. */
export async function measureFullNetwork() {
  const full = await Services.open({ cidrs: ['10.96.0.0/16'], families: ['IPv4'] });
  await takeAll(full, '10.96', '10.96.200.77');
  return await timesOf(full, WEB);
}

async function main(): Promise<void> {
  const empty = await Services.open({ cidrs: ['10.96.0.0/16'], families: ['IPv4'] });
  await measure('10.96.0.0/16, all free', empty, WEB);
  await measure('NodePorts, all free', empty, NODE_PORT);

  const full = await Services.open({ cidrs: ['10.96.0.0/16'], families: ['IPv4'] });
  await takeAll(full, '10.96', '10.96.200.77');
  const restarted = await reopened(full, ['10.96.0.0/16']);
  await measure('10.96.0.0/16, one of 65,534 free', restarted, WEB);
  await restarted.put('last', WEB);
  await measure('10.96.0.0/16, none free: refused', restarted, WEB);

  const wide = await Services.open({ cidrs: ['10.0.0.0/12'], families: ['IPv4'] });
  await takeAll(wide, '10.1', '');
  await measure('10.0.0.0/12, 65,536 of a million taken', await reopened(wide, ['10.0.0.0/12']), WEB);

  const ports = await Services.open({ cidrs: ['10.96.0.0/16'], families: ['IPv4'] });
  for (let index = 0; index < 2_767; index += 1) await ports.put(`s${index}`, NODE_PORT);
  await measure('NodePorts, one of 2,768 free', ports, NODE_PORT);
  await ports.put('last', NODE_PORT);
  await measure('NodePorts, none free: refused', ports, NODE_PORT);
}

async function measure(what: string, services: Services, spec: ServiceSpec): Promise<void> {
  const times = await timesOf(services, spec);
  const figures = [round(median(times), 3), round(quantile(times, 0.99), 3), round(Math.max(...times), 2)];
  const [p50, p99, max] = figures;
  process.stdout.write(`${what.padEnd(42)} p50 ${p50} ms, p99 ${p99} ms, at most ${max} ms\n`);
}

async function timesOf(services: Services, spec: ServiceSpec): Promise<readonly number[]> {
  const times: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const beganAt = performance.now();
    await services.put('measured', spec, { isDryRun: true });
    times.push(performance.now() - beganAt);
  }
  return times;
}

/** As after a restart: what there is was learned before the first Service comes. */
async function reopened({ store }: Services, cidrs: readonly string[]): Promise<Services> {
  const beganAt = performance.now();
  const services = await Services.open({ store, cidrs, families: ['IPv4'] });
  process.stdout.write(
    `start with ${store.count('ipaddresses')} addresses: ${round(performance.now() - beganAt, 0)} ms\n`,
  );
  return services;
}

/** IPAddresses of a Service that is not there: of all of `prefix`.x.y but one, and the network's ends. */
async function takeAll(services: Services, prefix: string, free: string): Promise<void> {
  const owner = { kind: 'Service', apiVersion: 'v1', metadata: { namespace: 'default', name: 'owner' } };
  await services.store.transact((transaction) => {
    for (let third = 0; third < 256; third += 1) {
      for (let last = 0; last < 256; last += 1) {
        const ip = `${prefix}.${third}.${last}`;
        if (ip !== free) transaction.put('ipaddresses', newIpAddress(ip, owner, stamp));
      }
    }
  });
}
