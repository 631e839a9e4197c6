/** From outside the cluster: NodePort, external IP and load-balancer IP, without a Local traffic policy. */
import { describe, expect, it } from 'vitest';
import { SILENCE } from './published-service.ts';
import { describeModes, describeTraffic } from './suite.ts';
import { CLIENT_RANGE, clientAddress } from './topology.ts';

describeModes('ways in', (cluster) => {
  describeTraffic(cluster, (family, protocol) => {
    const addressOf = (host: string) => cluster.addressOf(host, family);

    describe('a NodePort', () => {
      it('leads to a pod of the same node, which sees the node', async () => {
        const web = await cluster.publish({ family, protocol, nodePort: true, pods: ['a1'] });
        expect(await web.ask('client', web.nodePortOf('one'))).toMatchObject({
          pod: 'a1',
          client: addressOf('one'),
        });
      });

      it('leads to a pod of another node, which sees the node that was asked', async () => {
        const web = await cluster.publish({ family, protocol, nodePort: true, pods: ['a1'] });
        expect(await web.ask('client', web.nodePortOf('two'))).toMatchObject({
          pod: 'a1',
          client: addressOf('two'),
        });
      });

      it('answers pods and the node itself', async () => {
        const web = await cluster.publish({ family, protocol, nodePort: true, pods: ['b1'] });
        for (const from of ['visitor-a', 'one']) {
          expect(await web.ask(from, web.nodePortOf('one'))).toMatchObject({
            pod: 'b1',
            client: addressOf('one'),
          });
        }
      });

      if (family === 'IPv4' && cluster.mode.answersLocalhost) {
        it('answers the node at 127.0.0.1', async () => {
          const web = await cluster.publish({ family, protocol, nodePort: true, pods: ['a1', 'b1'] });
          const tally = await web.askOften(30, 'one', `127.0.0.1:${web.identity.nodePort}`);
          expect(tally).toMatchObject({ failed: 0, byClient: { [addressOf('one')]: 30 } });
          expect(Object.keys(tally.byPod).sort()).toEqual(['a1', 'b1']);
        });
      } else {
        const loopback = family === 'IPv4' ? '127.0.0.1' : '[::1]';
        it(`does not answer the node at ${loopback}`, async () => {
          const web = await cluster.publish({ family, protocol, nodePort: true, pods: ['a1', 'b1'] });
          expect(await web.ask('one', `${loopback}:${web.identity.nodePort}`)).toMatchObject({
            error: 'refused',
          });
        });
      }
    });

    it.each(['externalIP', 'loadBalancerIP'] as const)(
      'the %s leads to a pod, which sees a node',
      async (way) => {
        const web = await cluster.publish({
          family,
          protocol,
          externalIP: true,
          loadBalancer: {},
          pods: ['b1'],
        });
        for (const [from, node] of [
          ['client', 'one'],
          ['visitor-a', 'one'],
          ['visitor-b', 'two'],
          ['two', 'two'],
        ] as const) {
          expect({ from, ...(await web.ask(from, web[way])) }).toMatchObject({
            from,
            pod: 'b1',
            client: addressOf(node),
          });
        }
      },
    );

    it('a load-balancer IP with ipMode Proxy is not the proxy’s, unlike the NodePort', async () => {
      const web = await cluster.publish({
        family,
        protocol,
        nodePort: true,
        loadBalancer: { ipMode: 'Proxy' },
        pods: ['a1'],
      });
      for (const from of ['client', 'visitor-a', 'one']) {
        // As often as somebody asks, and at once: nobody waits for what is dropped.
        const outcomes = Array.from({ length: 8 }, () => web.ask(from, web.loadBalancerIP));
        for (const outcome of (await Promise.all(outcomes)).map((each) => ({ from, ...each })))
          expect(outcome).toMatchObject({ error: 'unreachable' });
      }
      expect(await web.ask('client', web.nodePortOf('one'))).toMatchObject({ pod: 'a1' });
    });

    it('source ranges guard the load-balancer IP and nothing else', async () => {
      const web = await cluster.publish({
        family,
        protocol,
        nodePort: true,
        externalIP: true,
        loadBalancer: {},
        spec: { loadBalancerSourceRanges: [CLIENT_RANGE[family]] },
        pods: ['a1', 'b1'],
      });
      const allowed = { from: clientAddress(family, 3) };
      expect(await web.ask('client', web.loadBalancerIP, allowed)).toHaveProperty('pod');
      // The client has addresses in the range too.
      const others = [
        web.ask('client', web.loadBalancerIP, { ...SILENCE, from: addressOf('client') }),
        web.ask('visitor-a', web.loadBalancerIP, SILENCE),
        web.ask('one', web.loadBalancerIP, SILENCE),
      ];
      for (const outcome of await Promise.all(others)) expect(outcome).toMatchObject({ error: 'timeout' });
      for (const target of [web.nodePortOf('one'), web.externalIP, web.clusterIP]) {
        expect(await web.ask('client', target)).toHaveProperty('pod');
      }
    });

    it('source ranges that can’t be read let nobody in', async () => {
      const web = await cluster.publish({
        family,
        protocol,
        nodePort: true,
        loadBalancer: {},
        spec: { loadBalancerSourceRanges: [clientAddress(family, 3)] },
        pods: ['a1', 'b1'],
      });
      const others = [
        web.ask('client', web.loadBalancerIP, { ...SILENCE, from: clientAddress(family, 3) }),
        web.ask('visitor-a', web.loadBalancerIP, SILENCE),
        web.ask('one', web.loadBalancerIP, SILENCE),
      ];
      for (const outcome of await Promise.all(others)) expect(outcome).toMatchObject({ error: 'timeout' });
      for (const target of [web.nodePortOf('one'), web.clusterIP]) {
        expect(await web.ask('client', target)).toHaveProperty('pod');
      }
    });

    it('source ranges let in a node whose address lies in them', async () => {
      const web = await cluster.publish({
        family,
        protocol,
        loadBalancer: {},
        spec: { loadBalancerSourceRanges: [`${addressOf('one')}/${family === 'IPv4' ? 32 : 128}`] },
        pods: ['b1'],
      });
      expect(await web.ask('one', web.loadBalancerIP)).toMatchObject({ pod: 'b1' });
      expect(await web.ask('two', web.loadBalancerIP, SILENCE)).toMatchObject({ error: 'timeout' });
      await web.update({ spec: {} });
      expect(await web.ask('two', web.loadBalancerIP)).toMatchObject({ pod: 'b1' });
    });
  });
});
