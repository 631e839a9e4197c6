import { aHealthCheck, aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { silentLogger } from '../log/logger.ts';
import { State } from '../state/state.ts';
import type { ClusterEvent } from './event.ts';
import { HealthEvents } from './health-events.ts';

const ENDPOINTS = [1, 2, 3, 4].map((number) => anEndpoint({ ip: `10.0.0.${number}` }));
const TOGETHER_MS = 100;

let state: State;
let told: ClusterEvent[];
let stop: AbortController;
let running: Promise<void>;

beforeEach(() => {
  state = new State('node-a');
  told = [];
  stop = new AbortController();
  const events = new HealthEvents({
    objects: state.objects,
    families: [state.families.IPv4],
    nodeView: () => aNodeView(),
    nodeName: 'node-a',
    recorder: { record: (event) => told.push(event) },
    logger: silentLogger,
    togetherMs: TOGETHER_MS,
  });
  put();
  running = events.run(stop.signal);
});

afterEach(async () => {
  stop.abort();
  await running;
});

/** @param numbers last numbers of the endpoints that are down */
function put(...numbers: readonly number[]): void {
  const down = numbers.map((number) => `10.0.0.${number}:8080`);
  const port = aServicePort({ endpoints: ENDPOINTS, health: { check: aHealthCheck(), down } });
  state.families.IPv4.servicePorts.put(port.key, port);
}

const notes = () => told.map(({ reason, note }) => `${reason} ${note}`);
const eventually = () => expect.poll(notes, { interval: 5 });

describe('what checks find out', () => {
  it('is told of each endpoint that goes out of rotation and comes back', async () => {
    put(1);
    await eventually().toEqual(['EndpointEjected node node-a: 10.0.0.1:8080: down by health checks']);
    put();
    await eventually().toContain('EndpointReadmitted node node-a: 10.0.0.1:8080: used again');
    expect(told[0]?.subject).toMatchObject({ kind: 'Service', namespace: 'ns', name: 'web' });
  });

  it('is told together where much comes at a time, and not at all where it was over before', async () => {
    put(1);
    await eventually().toHaveLength(1);
    put(1, 2);
    put(1);
    put();
    put(3);
    await eventually().toEqual([
      'EndpointEjected node node-a: 10.0.0.1:8080: down by health checks',
      'EndpointEjected node node-a: 10.0.0.3:8080: down by health checks',
      'EndpointReadmitted node node-a: 10.0.0.1:8080: used again',
    ]);
  });

  it('is told once when too many are down', async () => {
    put(1, 2, 3);
    await eventually().toEqual([
      'HealthCheckPanic node node-a: ns/web: 3 of 4 endpoints are down by their health checks, and all are used since too few would be left (panic=50%)',
    ]);
    put(1, 2, 3, 4);
    await new Promise((resolve) => setTimeout(resolve, 3 * TOGETHER_MS));
    expect(told).toHaveLength(1);
  });
});
