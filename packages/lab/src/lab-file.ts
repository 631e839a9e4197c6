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
