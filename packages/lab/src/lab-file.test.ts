import { describe, expect, it } from 'vitest';
import { parseLabFile } from './lab-file.ts';
import { LAB_FILE_EXAMPLE } from './lab-file-example.ts';

const NODE = '{name: a, ip: 192.168.49.2, podCIDR: 10.244.0.0/24}';

describe('parseLabFile', () => {
  it('reads the example of the help text', () => {
    const spec = parseLabFile('lab.yaml', LAB_FILE_EXAMPLE);
    expect(spec.nodes.map(({ name }) => name)).toEqual(['node-a', 'node-b']);
    expect(spec.pods?.[1]).toEqual({ name: 'web-2', node: 'node-b', ip: '10.244.1.10', ports: [80, 8080] });
    expect(spec.client).toEqual({ ip: '192.168.49.100' });
  });

  it.each([
    ['nodes: [', /^lab.yaml:1: .* must be sufficiently indented and end with a \]$/],
    ['', 'lab.yaml: the file: Invalid type: Expected Object but received null'],
    ['nodes: []', 'lab.yaml: a lab needs at least one node'],
    [`nodes: [${NODE}]\nextra: 1`, 'lab.yaml: extra: Invalid key: Expected never but received "extra"'],
    ['nodes: [{name: a}]', /^lab.yaml: nodes.0.ip: /],
    [`nodes: [${NODE}, ${NODE}]`, 'lab.yaml: node a: there is already a host of that name'],
    [`nodes: [${NODE.replace('a,', 'wire,')}]`, 'lab.yaml: node wire: there is already a host of that name'],
    [`nodes: [${NODE.replace('a,', '"a; b",')}]`, /^lab.yaml: node "a; b": a name is/],
    [
      `nodes: [${NODE.replace('192.168.49.2', '192.168.49')}]`,
      /^lab.yaml: node a: ip: 192.168.49 is not an IPv4/,
    ],
    [
      `nodes: [${NODE.replace('0/24', '5/24')}]`,
      'lab.yaml: node a: podCIDR: 10.244.0.5/24 is not a network in its usual form',
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
    [`nodes: [${NODE}]\nclient: {ip: 10.0.0.1}`, 'lab.yaml: client: ip: 10.0.0.1 is outside 192.168.49.0/24'],
  ])('refuses %j in one line', (text, message) => {
    expect(() => parseLabFile('lab.yaml', text)).toThrow(message);
  });
});
