/** The file that describes a lab for the command line: a {@link LabSpec} in YAML or JSON. */

import { parseFirstDocument } from '@menwei/yaml/documents.ts';
import * as v from 'valibot';
import { checkTopology, type LabSpec, LabSpecError } from './topology.ts';

const Text = v.pipe(v.string(), v.nonEmpty());

const Node = v.strictObject({
  name: Text,
  ip: Text,
  ip6: v.optional(Text),
  podCIDR: Text,
  podCIDR6: v.optional(Text),
  zone: v.optional(Text),
});

const Pod = v.strictObject({
  name: Text,
  node: Text,
  ip: v.optional(Text),
  ip6: v.optional(Text),
  ports: v.optional(v.array(v.number())),
  hostNetwork: v.optional(v.boolean()),
  ready: v.optional(v.boolean()),
});

const LabFile = v.strictObject({
  nodes: v.array(Node),
  pods: v.optional(v.array(Pod)),
  client: v.optional(
    v.strictObject({ ip: Text, ip6: v.optional(Text), moreAddresses: v.optional(v.array(Text)) }),
  ),
});

/** What a lab file looks like, for the help text. */
export const LAB_FILE_EXAMPLE = `\
nodes:                          # all on one wire: the same /24, and /64 for ip6
  - name: node-a
    ip: 192.168.49.2
    ip6: fd00:49::2             # IPv6 is optional everywhere
    podCIDR: 10.244.0.0/24
    podCIDR6: fd00:10:244::/64
  - {name: node-b, ip: 192.168.49.3, ip6: "fd00:49::3", podCIDR: 10.244.1.0/24, podCIDR6: "fd00:10:244:1::/64"}
pods:                           # each answers HTTP and UDP with its name and the client it saw
  - {name: web-1, node: node-a, ip: 10.244.0.10, ip6: "fd00:10:244::10"}
  - {name: web-2, node: node-b, ip: 10.244.1.10, ports: [80, 8080]}
  - {name: agent, node: node-b, hostNetwork: true, ports: [9100]}
client: {ip: 192.168.49.100}    # outside the cluster: knows the nodes, not the pods
`;

/** Throws {@link LabSpecError} with the file, the field and what is wrong with it. */
export function parseLabFile(fileName: string, text: string): LabSpec {
  const { error, value } = parseFirstDocument(text).document;
  if (error !== undefined) throw new LabSpecError(`${fileName}:${error.line}: ${error.message}`);
  const result = v.safeParse(LabFile, value ?? null);
  if (!result.success) {
    const [issue] = result.issues;
    throw new LabSpecError(`${fileName}: ${v.getDotPath(issue) ?? 'the file'}: ${issue.message}`);
  }
  try {
    checkTopology(result.output);
  } catch (error) {
    if (error instanceof LabSpecError) throw new LabSpecError(`${fileName}: ${error.message}`);
    throw error;
  }
  return result.output;
}
