/** externalTrafficPolicy and internalTrafficPolicy Local, and the health check that goes with the first. */
import { describe, expect, it } from 'vitest';
import { leaving, type Offer } from './offer.ts';
import { SILENCE } from './published-service.ts';
import { describeModes, describeTraffic, eventually } from './suite.ts';
import { clientAddress, FAMILIES } from './topology.ts';

const EXTERNAL_LOCAL: Pick<Offer, 'nodePort' | 'externalIP' | 'loadBalancer' | 'spec'> = {
  nodePort: true,
  externalIP: true,
  loadBalancer: {},
  spec: { externalTrafficPolicy: 'Local' },
};

describeModes('traffic policies', (cluster) => {
  describeTraffic(cluster, (family, protocol) => {
    const addressOf = (host: string) => cluster.addressOf(host, family);

    describe('externalTrafficPolicy Local', () => {
      it('shows the pod the client’s own address', async () => {
        const web = await cluster.publish({ family, protocol, ...EXTERNAL_LOCAL, pods: ['a1'] });
        const client = clientAddress(family, 7);
        for (const target of [web.nodePortOf('one'), web.externalIP, web.loadBalancerIP]) {
          expect({ target, ...(await web.ask('client', target, { from: client })) }).toMatchObject({
            target,
            pod: 'a1',
            client,
          });
        }
      });

      it('leads every way in to a pod of the node', async () => {
        const web = await cluster.publish({ family, protocol, ...EXTERNAL_LOCAL, pods: ['a1', 'b1'] });
        for (const target of [web.nodePortOf('one'), web.externalIP, web.loadBalancerIP]) {
          expect({ target, ...(await web.ask('client', target)) }).toMatchObject({ target, pod: 'a1' });
        }
      });

      it('keeps to the pods of the node', async () => {
        const web = await cluster.publish({ family, protocol, ...EXTERNAL_LOCAL, pods: ['a1', 'b1'] });
        expect(await web.askOften(20, 'client', web.nodePortOf('one'))).toMatchObject({ byPod: { a1: 20 } });
        expect(await web.askOften(20, 'client', web.nodePortOf('two'))).toMatchObject({ byPod: { b1: 20 } });
      });

      it('drops at a node that has no pod of it', async () => {
        const web = await cluster.publish({ family, protocol, ...EXTERNAL_LOCAL, pods: ['b1'] });
        const outcomes = [web.nodePortOf('one'), web.externalIP, web.loadBalancerIP].map((target) =>
          web.ask('client', target, SILENCE),
        );
        for (const outcome of await Promise.all(outcomes))
          expect(outcome).toMatchObject({ error: 'timeout' });
      });

      it('refuses at once when no node has a pod of it', async () => {
        const web = await cluster.publish({ family, protocol, ...EXTERNAL_LOCAL, pods: [] });
        for (const target of [web.nodePortOf('one'), web.externalIP, web.loadBalancerIP]) {
          expect(await web.ask('client', target)).toMatchObject({ error: 'refused' });
        }
      });

      it('leads pods and the node itself to any pod', async () => {
        const web = await cluster.publish({ family, protocol, ...EXTERNAL_LOCAL, pods: ['a1'] });
        for (const target of [web.nodePortOf('two'), web.externalIP, web.loadBalancerIP]) {
          expect({ target, ...(await web.ask('visitor-b', target)) }).toMatchObject({
            target,
            pod: 'a1',
            client: cluster.seenFrom('visitor-b', 'two', family),
          });
          expect({ target, ...(await web.ask('two', target)) }).toMatchObject({
            target,
            pod: 'a1',
            client: addressOf('two'),
          });
        }
      });

      it('does not touch the ClusterIP', async () => {
        const web = await cluster.publish({ family, protocol, ...EXTERNAL_LOCAL, pods: ['a1'] });
        expect(await web.ask('visitor-b', web.clusterIP)).toMatchObject({ pod: 'a1' });
      });

      it('falls back to local pods that are leaving, and only without a ready local one', async () => {
        const web = await cluster.publish({
          family,
          protocol,
          ...EXTERNAL_LOCAL,
          pods: [leaving('a1'), 'b1'],
        });
        expect(await web.askOften(10, 'client', web.nodePortOf('one'))).toMatchObject({ byPod: { a1: 10 } });
        await web.update({ pods: [leaving('a1'), 'a2', 'b1'] });
        expect(await web.askOften(20, 'client', web.nodePortOf('one'))).toMatchObject({ byPod: { a2: 20 } });
      });
    });

    describe('internalTrafficPolicy Local', () => {
      const spec = { internalTrafficPolicy: 'Local' };

      it('keeps pods and nodes to the pods of their node', async () => {
        const web = await cluster.publish({ family, protocol, spec, pods: ['a1', 'a2', 'b1'] });
        for (const from of ['visitor-a', 'one']) {
          const tally = await web.askOften(20, from, web.clusterIP);
          expect(tally.failed).toBe(0);
          expect(Object.keys(tally.byPod)).not.toContain('b1');
        }
        expect(await web.askOften(10, 'visitor-b', web.clusterIP)).toMatchObject({ byPod: { b1: 10 } });
      });

      it('drops where the node has no pod of it', async () => {
        const web = await cluster.publish({ family, protocol, spec, pods: ['a1'] });
        const outcomes = ['visitor-b', 'two'].map((from) => web.ask(from, web.clusterIP, SILENCE));
        for (const outcome of await Promise.all(outcomes))
          expect(outcome).toMatchObject({ error: 'timeout' });
      });

      it('does not touch the NodePort', async () => {
        const web = await cluster.publish({ family, protocol, spec, nodePort: true, pods: ['a1'] });
        expect(await web.ask('client', web.nodePortOf('two'))).toMatchObject({ pod: 'a1' });
      });
    });
  });

  describe.each(FAMILIES)('the health check over %s', (family) => {
    const healthCheck = (offer: Pick<Offer, 'pods'>) =>
      cluster.publish({ family, protocol: 'TCP', ...EXTERNAL_LOCAL, healthCheck: true, ...offer });

    it('tells how many ready pods the node has, and fails without', async () => {
      const web = await healthCheck({ pods: ['a1', 'a2', leaving('b1')] });
      await eventually(() => cluster.read('client', web.healthCheckOf('one'))).toMatchObject({
        status: 200,
        headers: { 'x-load-balancing-endpoint-weight': '2' },
        body: expect.stringContaining('"localEndpoints": 2'),
      });
      await eventually(() => cluster.read('client', web.healthCheckOf('two'))).toMatchObject({
        status: 503,
        body: expect.stringContaining('"localEndpoints": 0'),
      });
      await web.update({ pods: ['b1'] });
      await eventually(() => cluster.read('client', web.healthCheckOf('one'))).toMatchObject({ status: 503 });
      await eventually(() => cluster.read('client', web.healthCheckOf('two'))).toMatchObject({ status: 200 });
    });

    if (cluster.mode.acceptsHealthChecks) {
      it('is let through a firewall that accepts nothing else', async () => {
        const web = await healthCheck({ pods: ['a1'] });
        const iptables = family === 'IPv4' ? 'iptables' : 'ip6tables';
        const neighbours = family === 'IPv4' ? [] : ['-p', 'ipv6-icmp', '-j', 'ACCEPT'];
        const openings = [['-i', 'lo', '-j', 'ACCEPT'], neighbours].filter((rule) => rule.length > 0);
        const firewall = (verb: string, policy: string) =>
          cluster.run('one', [
            ...openings.map((rule) => [iptables, '-w', verb, 'INPUT', ...rule] as const),
            [iptables, '-w', '-P', 'INPUT', policy],
          ]);
        await firewall('-A', 'DROP');
        try {
          await eventually(() => cluster.read('client', web.healthCheckOf('one'))).toMatchObject({
            status: 200,
          });
          const target = `http://${web.nodeUrlHost('one')}:10256/healthz`;
          expect(await cluster.read('client', target)).toHaveProperty('error');
        } finally {
          await firewall('-D', 'ACCEPT');
        }
      });
    }
  });
});
