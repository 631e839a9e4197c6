import { describe, expect, it } from 'vitest';
import { parseLabFile } from './lab-file.ts';
import { LAB_FILE_EXAMPLE } from './lab-file-example.ts';
import { LabSpecError } from './lab-spec-error.ts';

const NODE = '{name: a, ip: 192.168.49.2, podCIDR: 10.244.0.0/24}';

describe('parseLabFile', () => {
  it('reads the example of the help text', () => {
    const spec = parseLabFile('lab.yaml', LAB_FILE_EXAMPLE);
    expect(spec.nodes.map(({ name }) => name)).toEqual(['node-a', 'node-b']);
    expect(spec.pods?.[1]).toEqual({
      ...{ name: 'web-2', namespace: 'shop', node: 'node-b', ip: '10.244.1.10' },
      ...{ ports: [80, 8080], portNames: new Map([[8080, 'api']]), labels: { app: 'web' }, ready: false },
    });
    expect(spec.client).toEqual({ ip: '192.168.49.100' });
  });

  it.each([
    ['nodes: [', /^lab.yaml:1: .* must be sufficiently indented and end with a \]$/],
    [
      `nodes: [${NODE}]\npods: [{name: p, node: a, ip: 10.244.0.5, ports: [http]}]`,
      'lab.yaml:2: pods[0].ports[0]: must be a number, or a name and a port',
    ],
    [
      `nodes: [${NODE}]\npods: [{name: p, node: a, ip: 10.244.0.5, ports: [{name: x, port: 80, protocol: TCP}]}]`,
      'lab.yaml:2: pods[0].ports[0].protocol: unknown key',
    ],
    ['', 'lab.yaml: the file: must be keys with values'],
    ['nodes: []', 'lab.yaml: a lab needs at least one node'],
    ['nodes: [{name: a}]', 'lab.yaml:1: nodes[0].ip: is missing'],
    [`nodes: [${NODE.replace('a,', '12,')}]`, 'lab.yaml:1: nodes[0].name: must be text (in quotation marks'],
    [`nodes: [${NODE}]\nnodes: []`, 'lab.yaml:2: nodes: stands there twice'],
    [`nodes: [${NODE}]\n---\nnodes: []`, 'lab.yaml:3: a lab is one document, and here a second one begins'],
    [`nodes: [${NODE}, ${NODE}]`, 'lab.yaml: node a: there is already a host of that name'],
    [`nodes: [${NODE.replace('a,', 'wire,')}]`, 'lab.yaml: node wire: there is already a host of that name'],
    [`nodes: [${NODE.replace('a,', '"a; b",')}]`, /^lab.yaml: node "a; b": a name is/],
    [
      `nodes: [${NODE.replace('192.168.49.2', '192.168.49')}]`,
      /^lab.yaml: node a: ip: 192.168.49 is not an IPv4/,
    ],
    [
      `nodes: [${NODE.replace('0/24', '5/24')}]`,
      'lab.yaml: node a: podCIDR: 10.244.0.5/24 is not an IPv4 network in its usual form',
    ],
    [
      `nodes: [${NODE}, ${NODE.replace('a,', 'b,').replace('49.2', '50.3')}]`,
      'lab.yaml: node b: ip: 192.168.50.3 is outside 192.168.49.0/24',
    ],
    [`nodes: [${NODE}]\npods: [{name: p, node: z, ip: 10.244.0.5}]`, 'lab.yaml: pod p: there is no node z'],
    [`nodes: [${NODE}]\npods: [{name: p, node: a}]`, 'lab.yaml: pod p: ip is missing'],
    [
      `nodes: [${NODE}]\npods: [{name: p, node: a, ip: 10.244.7.5}]`,
      'lab.yaml: pod p: ip: 10.244.7.5 is outside 10.244.0.0/24',
    ],
    [
      `nodes: [${NODE}]\npods: [{name: p, node: a, ip6: "fd00::5"}]`,
      'lab.yaml: pod p: ip6: node a has no podCIDR6',
    ],
    [
      `nodes: [${NODE}]\npods: [{name: p, node: a, ip: 10.244.0.5, ports: [0]}]`,
      'lab.yaml: pod p: ports: 0 is outside 1-65535',
    ],
    [
      `nodes: [${NODE.replace('49.2', '49.1')}]`,
      "lab.yaml: node a: ip: 192.168.49.1 is the gateway of the nodes' network",
    ],
    [
      `nodes: [${NODE}, ${NODE.replace('a,', 'b,').replace('10.244.0', '10.244.1')}]`,
      'lab.yaml: node b: ip: 192.168.49.2 is the address of node a',
    ],
    [
      `nodes: [${NODE}, ${NODE.replace('a,', 'b,').replace('49.2', '49.3').replace('0.0/24', '0.128/25')}]`,
      'lab.yaml: node b: podCIDR: 10.244.0.128/25 overlaps 10.244.0.0/24 of node a',
    ],
    [
      `nodes: [${NODE.replace('10.244', '10.96')}]`,
      'lab.yaml: node a: podCIDR: 10.96.0.0/24 overlaps 10.96.0.0/16 of the Services',
    ],
    [
      `nodes: [${NODE.replace('10.244.0', '192.168.49')}]`,
      'lab.yaml: node a: podCIDR: 192.168.49.0/24 overlaps 192.168.49.0/24 of the nodes',
    ],
    [
      `nodes: [${NODE}]\npods: [{name: p, node: a, ip: 10.244.0.5}, {name: q, node: a, ip: 10.244.0.5}]`,
      'lab.yaml: pod q: ip: 10.244.0.5 is the address of pod p',
    ],
    [
      `nodes: [${NODE}]\npods: [{name: p, node: a, hostNetwork: true}, {name: q, node: a, hostNetwork: true}]`,
      'lab.yaml: pod q: ports: pod p has 80 on node a',
    ],
    [
      `nodes: [${NODE}]\nclient: {ip: 192.168.49.2}`,
      'lab.yaml: client: ip: 192.168.49.2 is the address of node a',
    ],
    [
      `nodes: [${NODE}]\nloadBalancer: {pools: [192.168.49.9-192.168.49.x]}`,
      'lab.yaml: loadBalancer: pools: 192.168.49.9-192.168.49.x: is no range (192.0.2.10-192.0.2.20, 192.0.2.16/28) and no address',
    ],
    [
      `nodes: [${NODE}]\nloadBalancer: {pools: [192.168.49.9-192.168.49.8]}`,
      'lab.yaml: loadBalancer: pools: 192.168.49.9-192.168.49.8: ends before it begins',
    ],
    [
      `nodes: [${NODE}]\nloadBalancer: {pools: [192.168.0.0/16]}`,
      'lab.yaml: loadBalancer: pools: 192.168.0.0/16: is outside 192.168.49.0/24, where nobody would find its addresses',
    ],
    [
      `nodes: [${NODE}]\nloadBalancer: {pools: [192.168.49.0/29]}`,
      'lab.yaml: loadBalancer: pools: 192.168.49.0/29: 192.168.49.2 is the address of node a',
    ],
    [
      `nodes: [${NODE}]\nloadBalancer: {pools: [192.168.49.200], heartbeats: true}`,
      'lab.yaml:2: loadBalancer.heartbeats: unknown key',
    ],
    [`nodes: [${NODE}]\nclient: {ip: 10.0.0.1}`, 'lab.yaml: client: ip: 10.0.0.1 is outside 192.168.49.0/24'],
  ])('refuses %j in one line', (text, message) => {
    expect(() => parseLabFile('lab.yaml', text)).toThrow(message);
  });

  it('names every unknown key, with its line and what may have been meant', () => {
    const text = `nodes:
  - {name: a, ip: 192.168.49.2, podCidr: 10.244.0.0/24}
pods:
  - name: p
    node: a
    hostnetwork: true
    colour: red
extra: 1
`;
    expect(() => parseLabFile('lab.yaml', text)).toThrow(
      new LabSpecError(`lab.yaml:2: nodes[0].podCidr: unknown key; did you mean podCIDR?
lab.yaml:6: pods[0].hostnetwork: unknown key; did you mean hostNetwork?
lab.yaml:7: pods[0].colour: unknown key
lab.yaml:8: extra: unknown key`),
    );
  });
});
