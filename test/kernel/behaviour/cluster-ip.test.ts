/** A Service inside the cluster: its ClusterIP. */
import { expect, it } from 'vitest';
import { describeModes, describeTraffic } from './suite.ts';

describeModes('the ClusterIP', (cluster) => {
  describeTraffic(cluster, (family, protocol) => {
    const addressOf = (host: string) => cluster.addressOf(host, family);

    it('leads a pod to a pod, which sees who asks, or the node that forwards', async () => {
      const web = await cluster.publish({ family, protocol, pods: ['b1'] });
      expect(await web.ask('visitor-a', web.clusterIP)).toMatchObject({
        pod: 'b1',
        client: cluster.seenFrom('visitor-a', 'one', family),
      });
      expect(await web.ask('visitor-b', web.clusterIP)).toMatchObject({
        pod: 'b1',
        client: cluster.seenFrom('visitor-b', 'two', family),
      });
    });

    it('leads a node to a pod, its own or another node’s', async () => {
      const web = await cluster.publish({ family, protocol, pods: ['b1'] });
      expect(await web.ask('one', web.clusterIP)).toMatchObject({ pod: 'b1', client: addressOf('one') });
      expect(await web.ask('two', web.clusterIP)).toMatchObject({ pod: 'b1', client: addressOf('two') });
    });

    it('leads from outside through a node, which puts its own address in place of the client’s', async () => {
      const web = await cluster.publish({ family, protocol, pods: ['b1'] });
      expect(await web.ask('client', web.clusterIP)).toMatchObject({ pod: 'b1', client: addressOf('one') });
    });

    it('leads to a pod on the host network', async () => {
      const web = await cluster.publish({ family, protocol, pods: ['host-b'] });
      expect(await web.ask('visitor-a', web.clusterIP)).toMatchObject({
        pod: 'host-b',
        client: cluster.seenFrom('visitor-a', 'one', family),
      });
      expect(await web.ask('two', web.clusterIP)).toMatchObject({ pod: 'host-b', client: addressOf('two') });
    });

    it('leads a pod back to itself', async () => {
      const web = await cluster.publish({ family, protocol, pods: ['a1'] });
      expect(await web.ask('a1', web.clusterIP)).toMatchObject({ pod: 'a1', client: addressOf('one') });
    });
  });
});
