/**
 * What the proxy relies on in IPVS, checked on the real kernel and on the fake alike: so tests on the fake say something
 * about the kernel.
 */
import { constants } from 'node:os';
import { IP_FAMILIES, type IpFamily } from '@menwei/addresses/ip.ts';
import { KernelError } from '@menwei/netlink';
import {
  type Destination,
  type Frontend,
  formatFrontend,
  type IpvsClient,
  type IpvsEdit,
  SERVER_ONE_PACKET,
  SERVER_PERSISTENT,
  SERVER_SCHEDULER_FALLBACK,
  SERVER_SCHEDULER_PORT,
  type VirtualServer,
} from '@menwei/netlink/ipvs';
import { beforeEach, describe, expect, it } from 'vitest';

const { EEXIST, EINVAL, ENOENT, ERANGE, ESRCH } = constants.errno;
const signal = new AbortController().signal;
const NO_COUNTERS = { connections: 0n, packetsIn: 0n, packetsOut: 0n, bytesIn: 0n, bytesOut: 0n };
const NO_CONNECTIONS = { activeConnections: 0, inactiveConnections: 0, persistentConnections: 0 };

/** @param openKernel one without any virtual server, and with its first timeouts */
export function describeIpvs(title: string, openKernel: () => IpvsClient): void {
  describe.each(IP_FAMILIES)(`IPVS of ${title}, %s`, (family) => {
    const { a, b, multicast } = addressesOf(family);
    const web: Frontend = { family, protocol: 'TCP', ip: a, port: 80 };
    const dns: Frontend = { family, protocol: 'UDP', ip: a, port: 53 };
    const stream: Frontend = { family, protocol: 'SCTP', ip: b, port: 65535 };
    const mark: Frontend = { family, mark: 0xfffffffe };
    const first: Destination = { ip: b, port: 8080, weight: 1, forwarding: 'masquerade' };
    const second: Destination = { ip: b, port: 8081, weight: 65535, forwarding: 'masquerade' };
    let client: IpvsClient;

    beforeEach(() => {
      client = openKernel();
    });

    const server = (frontend: Frontend, more: Partial<VirtualServer> = {}): VirtualServer => ({
      frontend,
      scheduler: 'rr',
      flags: 0,
      timeoutSeconds: 0,
      ...more,
    });
    const addServer = (frontend: Frontend, more?: Partial<VirtualServer>): IpvsEdit => ({
      change: 'add-server',
      server: server(frontend, more),
    });
    const addDestination = (frontend: Frontend, destination: Destination): IpvsEdit => ({
      change: 'add-destination',
      frontend,
      destination,
    });

    async function apply(...edits: readonly IpvsEdit[]): Promise<void> {
      expect(await client.apply(edits, signal)).toEqual([]);
    }

    async function servers(): Promise<readonly VirtualServer[]> {
      const all = await client.observeServers(family, signal);
      return all.toSorted((x, y) => (formatFrontend(x.frontend) < formatFrontend(y.frontend) ? -1 : 1));
    }

    async function destinations(frontend: Frontend): Promise<readonly Destination[]> {
      const all = await client.observeDestinations(frontend, signal);
      return all.toSorted((x, y) => x.port - y.port);
    }

    it('has nothing at first', async () => {
      expect(await servers()).toEqual([]);
      expect(await client.observeServerCounters(family, signal)).toEqual(new Map());
    });

    it('gives back the virtual servers of the family', async () => {
      const all = [
        server(mark, { scheduler: 'wrr' }),
        server(stream, { flags: SERVER_SCHEDULER_FALLBACK | SERVER_SCHEDULER_PORT, scheduler: 'sh' }),
        server(web, { flags: SERVER_PERSISTENT, timeoutSeconds: 10_800 }),
        server(dns, { flags: SERVER_ONE_PACKET, scheduler: 'lc' }),
      ];
      const other = IP_FAMILIES.find((each) => each !== family) ?? family;
      await apply(...all.map((each): IpvsEdit => ({ change: 'add-server', server: each })));
      await apply(addServer({ family: other, mark: 1 }));
      const keyed = all.toSorted((x, y) =>
        formatFrontend(x.frontend) < formatFrontend(y.frontend) ? -1 : 1,
      );
      expect(await servers()).toEqual(keyed);
    });

    it('says which of some virtual servers there are, however many', async () => {
      await apply(addServer(web), addServer(mark));
      const many = Array.from({ length: 200 }, (_, index) => ({ ...dns, port: index + 1 }));
      expect(await client.observePresent([], signal)).toEqual(new Set());
      expect(await client.observePresent([web, stream, mark, ...many], signal)).toEqual(
        new Set([formatFrontend(web), formatFrontend(mark)]),
      );
      await apply(...many.map((each) => addServer(each)));
      expect((await client.observePresent([...many, stream], signal)).size).toBe(200);
    });

    it('changes a virtual server and leaves its destinations', async () => {
      await apply(
        addServer(web, { flags: SERVER_PERSISTENT, timeoutSeconds: 60 }),
        addDestination(web, first),
      );
      const changed = server(web, { scheduler: 'mh', flags: SERVER_SCHEDULER_PORT });
      await apply({ change: 'set-server', server: changed });
      expect(await servers()).toEqual([changed]);
      expect(await destinations(web)).toHaveLength(1);
    });

    it('has no timeout where clients need not stay', async () => {
      await apply(addServer(web, { timeoutSeconds: 60 }));
      expect(await servers()).toEqual([server(web)]);
    });

    it.each(['masquerade', 'direct', 'tunnel', 'local', 'bypass'] as const)(
      'gives back destinations: %s',
      async (forwarding) => {
        await apply(
          addServer(web),
          addServer(mark),
          addDestination(web, { ...second, forwarding }),
          addDestination(web, { ...first, weight: 0 }),
          addDestination(mark, { ...first, forwarding, port: 0 }),
        );
        expect(await destinations(web)).toEqual([
          { ...first, weight: 0, ...NO_CONNECTIONS },
          { ...second, forwarding, ...NO_CONNECTIONS },
        ]);
        expect(await destinations(mark)).toEqual([{ ...first, forwarding, port: 0, ...NO_CONNECTIONS }]);
      },
    );

    it('changes and removes destinations', async () => {
      await apply(addServer(web), addDestination(web, first), addDestination(web, second));
      const changed = { ...first, weight: 7, forwarding: 'tunnel' } as const;
      await apply(
        { change: 'set-destination', frontend: web, destination: changed },
        { change: 'remove-destination', frontend: web, destination: second },
      );
      expect(await destinations(web)).toEqual([{ ...changed, ...NO_CONNECTIONS }]);
    });

    it('removes a virtual server with its destinations', async () => {
      await apply(addServer(web), addDestination(web, first), { change: 'remove-server', frontend: web });
      expect(await servers()).toEqual([]);
      await apply(addServer(web));
      expect(await destinations(web)).toEqual([]);
    });

    it('knows no destinations of what is not there', async () => {
      expect(await destinations(web)).toEqual([]);
      expect(await client.observeDestinationCounters(web, signal)).toEqual(new Map());
    });

    it('counts from 0', async () => {
      await apply(addServer(web), addServer(mark), addDestination(web, first));
      expect(await client.observeServerCounters(family, signal)).toEqual(
        new Map([web, mark].map((frontend) => [formatFrontend(frontend), NO_COUNTERS])),
      );
      const key = family === 'IPv4' ? `${b}:8080` : `[${b}]:8080`;
      expect(await client.observeDestinationCounters(web, signal)).toEqual(new Map([[key, NO_COUNTERS]]));
    });

    it.each<[string, number, IpvsEdit, string]>([
      ['a virtual server that is there', EEXIST, addServer(web), 'add virtual server %s'],
      ['an unknown scheduler', ENOENT, addServer(dns, { scheduler: 'nix' }), 'add virtual server %s'],
      [
        'the name of a scheduler that is too long',
        EINVAL,
        addServer(dns, { scheduler: 'a-name-of-sixteen' }),
        'add virtual server %s',
      ],
      [
        'to change to an unknown scheduler',
        ENOENT,
        { change: 'set-server', server: server(web, { scheduler: 'nix' }) },
        'set virtual server %s',
      ],
      [
        'to change a virtual server that is not there',
        ESRCH,
        { change: 'set-server', server: server(dns, { scheduler: 'nix' }) },
        'set virtual server %s',
      ],
      [
        'to remove a virtual server that is not there',
        ESRCH,
        { change: 'remove-server', frontend: dns },
        'remove virtual server %s',
      ],
      [
        'a destination that is there',
        EEXIST,
        addDestination(web, first),
        'add destination %s of virtual server %s',
      ],
      [
        'a destination of a virtual server that is not there',
        ESRCH,
        addDestination(dns, first),
        'add destination %s of virtual server %s',
      ],
      [
        'a destination that is no single machine',
        EINVAL,
        addDestination(web, { ...first, ip: multicast }),
        'add destination %s of virtual server %s',
      ],
      [
        'a weight below 0',
        ERANGE,
        addDestination(web, { ...second, weight: -1 }),
        'add destination %s of virtual server %s',
      ],
      [
        'to change a destination that is not there',
        ENOENT,
        { change: 'set-destination', frontend: web, destination: second },
        'set destination %s of virtual server %s',
      ],
      [
        'to change a destination of a virtual server that is not there',
        ESRCH,
        { change: 'set-destination', frontend: dns, destination: first },
        'set destination %s of virtual server %s',
      ],
      [
        'to remove a destination that is not there',
        ENOENT,
        { change: 'remove-destination', frontend: web, destination: second },
        'remove destination %s of virtual server %s',
      ],
      [
        'to remove a destination of a virtual server that is not there',
        ESRCH,
        { change: 'remove-destination', frontend: dns, destination: first },
        'remove destination %s of virtual server %s',
      ],
    ])('refuses %s, and does the rest', async (_, errno, edit, words) => {
      await apply(addServer(web), addDestination(web, first));
      const refusals = await client.apply(
        [addServer(mark), edit, addServer(stream), addDestination(mark, first)],
        signal,
      );
      expect(refusals).toEqual([{ edit, error: expect.any(KernelError) }]);
      expect(refusals[0]?.error).toMatchObject({ errno });
      expect(refusals[0]?.error.message).toMatch(
        new RegExp(`^${words.replaceAll('%s', '(TCP |UDP )?[\\d.a-f:\\[\\]]+:\\d+')}: .*\\(E[A-Z]+\\)$`),
      );
      expect((await servers()).map(({ frontend }) => frontend)).toEqual(
        [mark, stream, web].toSorted((x, y) => (formatFrontend(x) < formatFrontend(y) ? -1 : 1)),
      );
      expect(await destinations(mark)).toHaveLength(1);
      expect(await destinations(web)).toHaveLength(1);
    });

    it('makes any number of changes in their order', async () => {
      const ports = Array.from({ length: 1500 }, (_, index) => index + 1);
      const edits = ports.flatMap((port): readonly IpvsEdit[] => {
        const frontend: Frontend = { family, protocol: 'TCP', ip: a, port };
        // Every third is refused.
        return [addServer(frontend), addDestination(frontend, first), addServer(frontend)];
      });
      const refusals = await client.apply(edits, signal);
      expect(refusals.map(({ edit }) => edit)).toEqual(edits.filter((_, index) => index % 3 === 2));
      expect(await servers()).toHaveLength(ports.length);
      await apply(
        ...ports.map((port): IpvsEdit => {
          return { change: 'remove-server', frontend: { family, protocol: 'TCP', ip: a, port } };
        }),
      );
      expect(await servers()).toEqual([]);
    });

    it('does nothing when nothing is wanted', async () => {
      await apply();
      expect(await servers()).toEqual([]);
    });

    it('ends with the signal', async () => {
      const stopped = AbortSignal.abort(new Error('enough'));
      await expect(client.apply([addServer(web)], stopped)).rejects.toThrow('enough');
      await expect(client.observeServers(family, stopped)).rejects.toThrow('enough');
      await expect(client.observeDestinations(web, stopped)).rejects.toThrow('enough');
      expect(await servers()).toEqual([]);
    });
  });

  describe(`IPVS of ${title}`, () => {
    it('keeps timeouts, those that are 0 excepted', () => {
      const client = openKernel();
      expect(client.observeTimeouts()).toEqual({ tcpSeconds: 900, tcpFinSeconds: 120, udpSeconds: 300 });
      client.applyTimeouts({ tcpSeconds: 100, tcpFinSeconds: 0, udpSeconds: 20 });
      client.applyTimeouts({ tcpSeconds: 0, tcpFinSeconds: 30, udpSeconds: 0 });
      expect(client.observeTimeouts()).toEqual({ tcpSeconds: 100, tcpFinSeconds: 30, udpSeconds: 20 });
    });

    it('refuses timeouts of years', () => {
      const client = openKernel();
      const before = client.observeTimeouts();
      expect(() => client.applyTimeouts({ ...before, udpSeconds: 0x7fffffff })).toThrow(
        expect.objectContaining({
          message: 'set timeouts of IPVS: invalid argument (EINVAL)',
          errno: EINVAL,
        }),
      );
      expect(client.observeTimeouts()).toEqual(before);
    });

    it('tells its version, and of no daemons', async () => {
      const client = openKernel();
      expect(client.observeInfo().version).toBe('1.2.1');
      expect(await client.observeDaemons(signal)).toEqual([]);
    });
  });
}

function addressesOf(family: IpFamily) {
  return family === 'IPv4'
    ? { a: '10.96.0.1', b: '10.180.0.2', multicast: '224.0.0.1' }
    : { a: 'fd00:96::1', b: 'fd00:180::2', multicast: 'ff02::1' };
}
