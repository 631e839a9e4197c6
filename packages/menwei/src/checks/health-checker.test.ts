import { type AddressInfo, createServer, type Server } from 'node:net';
import { aNode, aNodeView, anEndpoint, aServicePort } from '@menwei/testing/services/testing.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ClusterEvent } from '../events/event.ts';
import { parseHealthCheck } from '../kubernetes/decode-health-check.ts';
import type { HealthCheck } from '../kubernetes/health-check.ts';
import { silentLogger } from '../log/logger.ts';
import { HealthCheckMetrics } from '../metrics/health-check-metrics.ts';
import { Registry } from '../metrics/registry.ts';
import { healthKey } from '../state/endpoint-health.ts';
import type { ServicePort } from '../state/service-port.ts';
import { State } from '../state/state.ts';
import type { StartThread, ThreadEvents } from './checker-thread.ts';
import { HealthChecker } from './health-checker.ts';
import type { TargetOrder } from './machine/target.ts';
import type { ThreadRequest } from './thread-messages.ts';

const stops: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function check(annotation: string): HealthCheck {
  const read = parseHealthCheck(annotation);
  if (read === 'none' || 'mistake' in read) throw new Error(`BUG: ${annotation}`);
  return read;
}

function aCheckedPort(annotation: string, ...[fields]: Parameters<typeof aServicePort>): ServicePort {
  return aServicePort({ health: { check: check(annotation), down: [] }, ...fields });
}

function open(startThread?: StartThread, state = new State('node-a')) {
  const events: ClusterEvent[] = [];
  const checker = new HealthChecker({
    state,
    families: ['IPv4'],
    nodeName: 'node-a',
    nodeView: () => aNodeView({ zone: state.objects.nodes.get('/node-a')?.zone ?? '' }),
    ratePerSecond: 500,
    userAgent: 'menwei-health/test',
    events: { record: (event) => events.push(event) },
    metrics: new HealthCheckMetrics(new Registry()),
    logger: silentLogger,
    ...(startThread === undefined ? {} : { startThread }),
  });
  const controller = new AbortController();
  const run = checker.run(controller.signal, () => undefined);
  const stop = () => {
    controller.abort();
    return run.catch(() => undefined);
  };
  stops.push(stop);
  const { servicePorts, health } = state.families.IPv4;
  const put = (port: ServicePort) => servicePorts.put(port.key, port);
  const stateOf = (port: ServicePort, endpoint: string) => health.get(healthKey(port.key, endpoint))?.state;
  return { state, servicePorts, health, put, stateOf, events, run, stop };
}

/** A thread that does nothing by itself. */
class StandIn {
  readonly targets = new Map<number, TargetOrder>();
  readonly requests: ThreadRequest[] = [];
  events: ThreadEvents | undefined;

  readonly start: StartThread = (_data, events) => {
    this.events = events;
    return {
      send: (request) => {
        this.requests.push(request);
        if (!('add' in request)) return;
        for (const { id } of request.remove) this.targets.delete(id);
        for (const order of request.add) this.targets.set(order.id, order);
      },
      end: () => Promise.resolve(),
    };
  };

  asked(): readonly string[] {
    return [...this.targets.values()].map(({ ip, port, start }) => `${ip}:${port} ${start}`).sort();
  }

  tell(ip: string, state: 'up' | 'down'): void {
    const changes = [...this.targets.values()]
      .filter((target) => target.ip === ip)
      .map(({ id }) => ({ id, state, result: state === 'up' ? 'ok' : 'refused', detail: '' }) as const);
    this.events?.told({ news: { changes, neverSucceeded: [] } });
  }
}

const settled = () => new Promise((resolve) => setTimeout(resolve, 5));

describe('what is checked', () => {
  it('are the endpoints that this node uses, and only while a Service asks for it', async () => {
    const thread = new StandIn();
    const { put, servicePorts, stateOf, health } = open(thread.start);
    const endpoints = [
      anEndpoint({ ip: '10.0.0.1', isLocal: true }),
      anEndpoint({ ip: '10.0.0.2' }),
      anEndpoint({ ip: '10.0.0.3', ready: false }),
    ];
    put(aServicePort({ name: 'other', endpoints }));
    const web = aCheckedPort('tcp', { endpoints });
    put(web);
    await settled();
    expect(thread.asked()).toEqual(['10.0.0.1:8080 unknown', '10.0.0.2:8080 unknown']);
    thread.tell('10.0.0.2', 'down');
    expect(stateOf(web, '10.0.0.2:8080')).toBe('down');
    put(aCheckedPort('tcp', { endpoints, internalPolicyLocal: true }));
    await settled();
    expect(thread.asked()).toEqual(['10.0.0.1:8080 unknown']);
    expect(thread.requests.at(-1)).toMatchObject({ remove: [{ isKept: true }] });
    expect(health.rows.size).toBe(0);
    servicePorts.delete(web.key);
    await settled();
    expect(thread.asked()).toEqual([]);
    expect(thread.requests.at(-1)).toMatchObject({ remove: [{ isKept: false }] });
  });

  it('is one check for all service ports of an address when a port is given', async () => {
    const thread = new StandIn();
    const { put, stateOf } = open(thread.start);
    const at = (port: number) => [anEndpoint({ ip: '10.0.0.1', port }), anEndpoint({ ip: '10.0.0.2', port })];
    const http = aCheckedPort('tcp port=health', { portName: 'http', endpoints: at(8080) });
    const dns = aCheckedPort('tcp port=health', { portName: 'dns', protocol: 'UDP', endpoints: at(5353) });
    put(http);
    put(dns);
    await settled();
    expect(thread.asked()).toEqual([]);
    const health = aCheckedPort('tcp port=health', { portName: 'health', endpoints: at(9000) });
    put(health);
    await settled();
    expect(thread.asked()).toEqual(['10.0.0.1:9000 unknown', '10.0.0.2:9000 unknown']);
    thread.tell('10.0.0.1', 'down');
    for (const [port, number] of [
      [http, 8080],
      [dns, 5353],
      [health, 9000],
    ] as const)
      expect(stateOf(port, `10.0.0.1:${number}`)).toBe('down');
  });

  it('vouches for no other way of asking when an endpoint is down', async () => {
    const thread = new StandIn();
    const { put, stateOf } = open(thread.start);
    const endpoints = [anEndpoint({ ip: '10.0.0.1' }), anEndpoint({ ip: '10.0.0.2' })];
    const web = aCheckedPort('tcp', { endpoints });
    put(web);
    await settled();
    thread.tell('10.0.0.2', 'down');
    put(aCheckedPort('tcp fall=2', { endpoints }));
    await settled();
    expect(thread.asked()).toEqual(['10.0.0.1:8080 unknown', '10.0.0.2:8080 down']);
    put(aCheckedPort('tcp port=9', { endpoints }));
    await settled();
    expect(thread.asked()).toEqual(['10.0.0.1:9 unknown', '10.0.0.2:9 initial-down']);
    expect(stateOf(web, '10.0.0.2:8080')).toBe('down');
  });

  it('is not what speaks another protocol than the check', async () => {
    const thread = new StandIn();
    const { put } = open(thread.start);
    put(aCheckedPort('dns name=a.example', { portName: 'tcp', endpoints: [anEndpoint({ port: 53 })] }));
    put(
      aCheckedPort('dns name=a.example', {
        portName: 'udp',
        protocol: 'UDP',
        endpoints: [anEndpoint({ port: 54 })],
      }),
    );
    await settled();
    expect(thread.asked()).toEqual(['10.0.0.1:54 unknown']);
  });

  it('follows hints when the zone of the node becomes known', async () => {
    const thread = new StandIn();
    const { put, state } = open(thread.start);
    const endpoints = ['a', 'b'].map((zone, index) =>
      anEndpoint({ ip: `10.0.0.${index + 1}`, zoneHints: [zone] }),
    );
    put(aCheckedPort('tcp', { endpoints }));
    await settled();
    expect(thread.asked()).toHaveLength(2);
    state.objects.nodes.put('/node-a', aNode({ zone: 'b' }));
    await settled();
    expect(thread.asked()).toEqual(['10.0.0.2:8080 unknown']);
  });
});

describe('after a restart', () => {
  it('what was down begins so, and rows that nobody asks for go', async () => {
    const state = new State('node-a');
    const web = aCheckedPort('tcp', {
      endpoints: [anEndpoint({ ip: '10.0.0.1' }), anEndpoint({ ip: '10.0.0.2' })],
    });
    const { health } = state.families.IPv4;
    const row = {
      port: web.key,
      state: 'down',
      sinceMs: 1,
      result: 'refused',
      detail: '',
      checkers: [],
    } as const;
    for (const endpoint of ['10.0.0.1:8080', '10.0.0.9:8080'])
      health.put(healthKey(web.key, endpoint), { ...row, endpoint });
    const thread = new StandIn();
    const { put } = open(thread.start, state);
    put(web);
    await settled();
    expect(thread.asked()).toEqual(['10.0.0.1:8080 down', '10.0.0.2:8080 unknown']);
  });

  it('of the thread, the component fails, and the rows stay', async () => {
    const thread = new StandIn();
    const { put, run, health } = open(thread.start);
    put(aCheckedPort('tcp', { endpoints: [anEndpoint(), anEndpoint({ ip: '10.0.0.2' })] }));
    await settled();
    thread.tell('10.0.0.2', 'down');
    thread.events?.failed(new Error('out of memory'));
    await expect(run).rejects.toThrow('out of memory');
    expect(health.rows.size).toBe(1);
  });
});

describe('what is told', () => {
  it('of a check that never succeeded, and of a node that is blind', async () => {
    const thread = new StandIn();
    const { put, events } = open(thread.start);
    put(aCheckedPort('tcp', { endpoints: [anEndpoint()] }));
    await settled();
    const [target] = thread.targets.values();
    thread.events?.told({ news: { changes: [], neverSucceeded: [target?.group ?? ''], isBlind: true } });
    expect(events.map(({ subject, reason }) => `${subject.kind} ${subject.name} ${reason}`)).toEqual([
      'Service web HealthCheckNeverSucceeded',
      'Node node-a HealthChecksFrozen',
    ]);
  });
});

describe('with its thread', () => {
  async function listen(server: Server, port = 0): Promise<number> {
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
    stops.push(() => new Promise((resolve) => server.close(resolve)));
    const address = server.address() as AddressInfo;
    return address.port;
  }

  /** A check ends with a reset. */
  function aServer(): Server {
    return createServer((socket) => socket.on('error', () => undefined));
  }

  it('an endpoint that dies is down, and comes back', async () => {
    const [first, second] = [aServer(), aServer()];
    const ports = [await listen(first), await listen(second)] as const;
    const { put, stateOf } = open();
    const endpoints = ports.map((port) => anEndpoint({ ip: '127.0.0.1', port, isLocal: true }));
    const web = aCheckedPort('tcp interval=250ms fast=100ms fall=2', { endpoints });
    put(web);
    const states = () => ports.map((port) => stateOf(web, `127.0.0.1:${port}`));
    await vi.waitFor(() => expect(states()).toEqual(['up', 'up']), 5_000);
    await new Promise((resolve) => second.close(resolve));
    await vi.waitFor(() => expect(states()).toEqual(['up', 'down']), 5_000);
    await listen(aServer(), ports[1]);
    await vi.waitFor(() => expect(states()).toEqual(['up', 'up']), 5_000);
  });
});
