/**
 * Virtual servers of others are left alone, and no virtual server of ours is left behind, in whatever order things come to
 * be and wherever a process ends: on the fake and on the real kernel. Only tests import this file.
 */

import { IP_FAMILIES } from '@menwei/addresses/ip.ts';
import { KernelError } from '@menwei/netlink';
import { type Destination, type Frontend, formatFrontend, type VirtualServer } from '@menwei/netlink/ipvs';
import type { IpvsBackend } from 'menwei/backends/ipvs/backend.ts';
import { DEVICE } from 'menwei/backends/ipvs/names.ts';
import { formatFrontendEntry, ledgerShape, setShape } from 'menwei/backends/ipvs/sets.ts';
import { beforeEach, describe, expect, it } from 'vitest';
import { overriding } from '../../kernel/intercepted.ts';
import { ADDRESSES, type World } from '../../services/arbitraries.ts';
import { aNodeView, anEndpoint, aServicePort } from '../../services/testing.ts';
import { fillPlan, updatePlan } from '../laws.ts';
import { type IpvsKernel, type LawsOptions, openBackend } from './laws.ts';
import { stepwise } from './stepwise.ts';

const signal = new AbortController().signal;

/** What ends a process in the middle of a sync. */
class Killed extends Error {}

interface OwnershipOptions extends Pick<LawsOptions, 'openKernel'> {
  /** A process is ended before every so many-th change. */
  readonly stride: number;
}

export function describeOwnership(title: string, { openKernel, stride }: OwnershipOptions): void {
  describe.each(IP_FAMILIES)(`virtual servers on ${title}, %s`, (family) => {
    const { pod, service } = ADDRESSES[family];
    const clusterIP = `${service}1`;
    const vip = family === 'IPv4' ? '203.0.113.1' : 'fd00:203::1';
    const nodeIP = family === 'IPv4' ? '203.0.113.200' : 'fd00:203::200';
    const localAddresses = () => [nodeIP];
    let kernel: IpvsKernel;

    const web = aServicePort({
      clusterIP,
      externalIPs: [vip],
      nodePort: 30_080,
      endpoints: [anEndpoint({ ip: `${pod}10` })],
    });
    const node = aNodeView({ family, localAddresses: [nodeIP], nodePortAddresses: [nodeIP] });
    const wanted: World = { node, ports: new Map([[web.key, web]]) };
    const nothing: World = { node, ports: new Map() };
    const own = [`TCP ${hostPort(clusterIP, 80)}`, `TCP ${hostPort(nodeIP, 30_080)}`];
    const theirDestination: Destination = { ip: `${pod}99`, port: 99, weight: 9, forwarding: 'masquerade' };

    function hostPort(ip: string, port: number): string {
      return family === 'IPv4' ? `${ip}:${port}` : `[${ip}]:${port}`;
    }

    function at(ip: string, port: number): Frontend {
      return { family, protocol: 'TCP', ip, port };
    }

    async function addForeign(frontend: Frontend): Promise<void> {
      const server: VirtualServer = { frontend, scheduler: 'wlc', flags: 0, timeoutSeconds: 0 };
      expect(
        await kernel.ipvs.apply(
          [
            { change: 'add-server', server },
            { change: 'add-destination', frontend, destination: theirDestination },
          ],
          signal,
        ),
      ).toEqual([]);
    }

    async function expectUntouched(frontend: Frontend): Promise<void> {
      const servers = await kernel.ipvs.observeServers(family, signal);
      const key = formatFrontend(frontend);
      expect(servers.find((server) => formatFrontend(server.frontend) === key)).toMatchObject({
        scheduler: 'wlc',
      });
      expect(await kernel.ipvs.observeDestinations(frontend, signal)).toMatchObject([theirDestination]);
    }

    async function servers(): Promise<readonly string[]> {
      const all = await kernel.ipvs.observeServers(family, signal);
      return all.map(({ frontend }) => formatFrontend(frontend)).sort();
    }

    function open(on: IpvsKernel = kernel): IpvsBackend {
      return openBackend(on, family, { localAddresses });
    }

    /** Looks, and makes the kernel hold the world: what was refused. */
    async function sync(backend: IpvsBackend, world: World): Promise<readonly string[]> {
      const plan = fillPlan(backend, world);
      const changes = backend.diff(await backend.observe(signal), plan.complete());
      const outcome = backend.isEmpty(changes) ? 'applied' : await backend.apply(changes, signal);
      if (outcome === 'outdated') throw new Error('BUG: the ipvs mode looks at what it changes');
      return outcome === 'applied' ? [] : outcome.refused.map(({ error }) => error.message);
    }

    /**
     * Ends a process before single changes, one after the other, lets another one come after it, and one that removes all. What
     * `prepare` left is there before, and what is not ours of it afterwards.
     */
    async function killAnywhere(
      prepare: () => Promise<readonly Frontend[]>,
      work: (backend: IpvsBackend) => Promise<unknown>,
      next: World,
    ): Promise<void> {
      for (let steps = 0, isDone = false; !isDone; steps += stride) {
        kernel = await openKernel(family);
        const foreign = await prepare();
        let left = steps;
        const mortal = stepwise(kernel, () => {
          if (left-- === 0) throw new Killed();
        });
        isDone = await work(open(mortal)).then(
          () => true,
          (error: unknown) => {
            if (error instanceof Killed) return false;
            throw error;
          },
        );
        for (const world of [next, nothing]) {
          await sync(open(), world);
          for (const each of foreign) await expectUntouched(each);
        }
        expect(await servers()).toEqual(foreign.map(formatFrontend).sort());
      }
    }

    beforeEach(async () => {
      kernel = await openKernel(family);
    });

    it('of somebody else are never taken over, however often they are refused, and not removed with the Service', async () => {
      const theirs = at(vip, 80);
      await addForeign(theirs);
      const backend = open();
      for (let time = 0; time < 3; time++) {
        expect(await sync(backend, wanted)).toEqual([expect.stringContaining('belongs to another program')]);
        await expectUntouched(theirs);
      }
      expect(await servers()).toEqual([...own, formatFrontend(theirs)].sort());
      const next = open();
      expect(await sync(next, wanted)).toEqual([expect.stringContaining('belongs to another program')]);
      await expectUntouched(theirs);
      expect(await sync(next, nothing)).toEqual([]);
      await expectUntouched(theirs);
      await next.cleanup(signal);
      await expectUntouched(theirs);
    });

    it.each([
      ['before the Service', true],
      ['after it', false],
    ])(
      'of somebody else on another port of a Service’s address stay, if they come %s',
      async (_when, isFirst) => {
        const theirs = at(vip, 8080);
        const backend = open();
        if (isFirst) await addForeign(theirs);
        await sync(backend, wanted);
        if (!isFirst) await addForeign(theirs);
        for (const each of [backend, open()]) {
          expect(await sync(each, wanted)).toEqual([]);
          await expectUntouched(theirs);
        }
        await open().cleanup(signal);
        await expectUntouched(theirs);
        expect(await servers()).toEqual([formatFrontend(theirs)]);
      },
    );

    it('of somebody else that come between a look and the change stay too', async () => {
      const theirs = at(vip, 80);
      const backend = open();
      const plan = fillPlan(backend, wanted);
      const changes = backend.diff(await backend.observe(signal), plan.complete());
      await addForeign(theirs);
      expect(await backend.apply(changes, signal)).toMatchObject({ refused: [{ servicePort: web.key }] });
      await expectUntouched(theirs);
      await sync(open(), nothing);
      expect(await servers()).toEqual([formatFrontend(theirs)]);
      await expectUntouched(theirs);
    });

    it('are made once somebody else gives them up', async () => {
      const theirs = at(vip, 80);
      await addForeign(theirs);
      const backend = open();
      await sync(backend, wanted);
      await kernel.ipvs.apply([{ change: 'remove-server', frontend: theirs }], signal);
      expect(await sync(backend, wanted)).toEqual([]);
      expect(await servers()).toEqual([...own, formatFrontend(theirs)].sort());
      await sync(open(), nothing);
      expect(await servers()).toEqual([]);
    });

    it.each<[string, (backend: IpvsBackend) => Promise<unknown>, World]>([
      ['made', (backend) => sync(backend, wanted), wanted],
      ['removed', (backend) => sync(backend, nothing), nothing],
      ['cleaned up', (backend) => backend.cleanup(signal), wanted],
    ])(
      'are told apart after a process was ended at any step while they were %s',
      async (what, work, next) => {
        const prepare = async () => {
          const theirs = [at(vip, 80), at(vip, 8080), at(nodeIP, 9090)];
          for (const each of theirs) await addForeign(each);
          if (what !== 'made') await sync(open(), wanted);
          return theirs;
        };
        await killAnywhere(prepare, work, next);
      },
    );

    it('that kube-proxy left are taken over or removed, wherever a process ends meanwhile', async () => {
      const prepare = async () => {
        const shape = setShape('KUBE-NODE-PORT-TCP', family);
        kernel.links.applyDummy(DEVICE);
        await kernel.links.applyAddresses(DEVICE, [{ change: 'add', ip: clusterIP }], signal);
        await kernel.sets.apply(
          [
            { change: 'create', shape },
            { change: 'add', shape, entries: ['30080', '30081'] },
          ],
          signal,
        );
        for (const port of [80, 81]) await addForeign(at(clusterIP, port));
        for (const port of [30_080, 30_081]) await addForeign(at(nodeIP, port));
        return [];
      };
      await killAnywhere(prepare, (backend) => sync(backend, wanted), wanted);
    });

    it.each([
      [
        'emptied',
        (entries: readonly string[]) => [{ change: 'remove', shape: ledgerShape(family), entries }] as const,
      ],
      ['destroyed', () => [{ change: 'destroy', name: ledgerShape(family).name }] as const],
    ])('are known to a proxy whose ledger was %s, which makes it good', async (_what, meddle) => {
      const theirs = at(vip, 80);
      await addForeign(theirs);
      const backend = open();
      await sync(backend, wanted);
      const held = (await kernel.sets.observe([ledgerShape(family).name], signal)).get(
        ledgerShape(family).name,
      );
      await kernel.sets.apply(meddle([...(held?.entries ?? [])]), signal);
      await addForeign(at(nodeIP, 9090));
      expect(await sync(backend, wanted)).toEqual([expect.stringContaining('belongs to another program')]);
      await expectUntouched(theirs);
      expect(await sync(open(), nothing)).toEqual([]);
      expect(await servers()).toEqual([at(nodeIP, 9090), theirs].map(formatFrontend).sort());
    });

    it.each([
      ['a running proxy', true],
      ['a proxy that starts', false],
    ])('are ours as ever where a list that %s reads leaves them out', async (_who, isRunning) => {
      const theirs = at(vip, 80);
      await addForeign(theirs);
      let isChangedMeanwhile = false;
      const observeServers: IpvsKernel['ipvs']['observeServers'] = async (of, until) => {
        const all = await kernel.ipvs.observeServers(of, until);
        if (!isChangedMeanwhile) return all;
        isChangedMeanwhile = false;
        return all.filter(({ frontend }) => !own.includes(formatFrontend(frontend)));
      };
      const changing: IpvsKernel = { ...kernel, ipvs: overriding(kernel.ipvs, { observeServers }) };
      const first = open(changing);
      await sync(first, wanted);
      const backend = isRunning ? first : open(changing);
      for (const world of [wanted, nothing]) {
        isChangedMeanwhile = true;
        const refused = world === nothing ? [] : [expect.stringContaining(formatFrontend(theirs))];
        expect(await sync(backend, world)).toEqual(refused);
        await expectUntouched(theirs);
      }
      expect(await servers()).toEqual([formatFrontend(theirs)]);
    });

    it('keep their place in the ledger as long as they are there', async () => {
      const backend = open();
      const plan = fillPlan(backend, wanted);
      await sync(backend, wanted);
      const { before, after } = updatePlan(backend, plan, wanted, nothing);
      const refusing: IpvsKernel = {
        ...kernel,
        ipvs: overriding(kernel.ipvs, {
          apply: async (edits) =>
            edits.map((edit) => ({
              edit,
              error: new KernelError({ operation: 'apply', object: '', detail: 'not now', errno: 12 }),
            })),
        }),
      };
      const hindered = open(refusing);
      await hindered.observe(signal);
      await hindered.apply(backend.diff(before, after), signal);
      const ledger = await kernel.sets.observe([ledgerShape(family).name], signal);
      const entry = formatFrontendEntry({ protocol: 'TCP', ip: nodeIP, port: 30_080 });
      expect(ledger.get(ledgerShape(family).name)?.entries.has(entry)).toBe(true);
    });
  });
}
