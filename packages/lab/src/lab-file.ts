/** The file that describes a lab for the command line: a {@link LabSpec} in YAML or JSON. */

import { parseFirstDocument } from '@menwei/yaml/documents.ts';
import * as v from 'valibot';
import { LabSpecError } from './lab-spec-error.ts';
import { suggestion } from './nearest-name.ts';
import { checkTopology, type LabSpec } from './topology.ts';

const Text = v.pipe(v.string(), v.nonEmpty('must not be empty'));
const Labels = v.record(Text, v.string());

const NODE = {
  name: Text,
  ip: Text,
  ip6: v.optional(Text),
  podCIDR: Text,
  podCIDR6: v.optional(Text),
  zone: v.optional(Text),
  labels: v.optional(Labels),
};

const NAMED_PORT = { name: Text, port: v.number() };

const POD = {
  name: Text,
  namespace: v.optional(Text),
  node: Text,
  ip: v.optional(Text),
  ip6: v.optional(Text),
  ports: v.optional(v.array(v.union([v.number(), v.strictObject(NAMED_PORT)]))),
  hostNetwork: v.optional(v.boolean()),
  labels: v.optional(Labels),
  ready: v.optional(v.boolean()),
};

const CLIENT = { ip: Text, ip6: v.optional(Text), moreAddresses: v.optional(v.array(Text)) };

const LOAD_BALANCER = { pools: v.optional(v.array(Text)) };

const FILE = {
  nodes: v.array(v.strictObject(NODE)),
  pods: v.optional(v.array(v.strictObject(POD))),
  client: v.optional(v.strictObject(CLIENT)),
  loadBalancer: v.optional(v.strictObject(LOAD_BALANCER)),
};

const LabFile = v.strictObject(FILE);

/** Throws {@link LabSpecError} with the file, the field and what is wrong with it; of unknown keys all at once, a line each. */
export function parseLabFile(fileName: string, text: string): LabSpec {
  const { document, ignoredLine } = parseFirstDocument(text);
  const at = (line: number | undefined) => (line === undefined ? fileName : `${fileName}:${line}`);
  const { error, repeated } = document;
  if (error !== undefined) throw new LabSpecError(`${at(error.line)}: ${error.message}`);
  if (ignoredLine !== undefined) {
    throw new LabSpecError(`${at(ignoredLine)}: a lab is one document, and here a second one begins`);
  }
  const [twice] = repeated;
  if (twice !== undefined) throw new LabSpecError(`${at(twice.line)}: ${twice.field}: stands there twice`);
  const unknown = unknownKeys(document.value).map(
    ({ field, hint }) => `${at(document.lineOf(field))}: ${field}: unknown key${hint}`,
  );
  if (unknown.length > 0) throw new LabSpecError(unknown.join('\n'));
  const result = v.safeParse(LabFile, document.value ?? null);
  if (!result.success) {
    const [issue] = result.issues;
    const field = fieldOf(issue);
    const place = at(field === '' ? undefined : document.lineOf(field));
    throw new LabSpecError(`${place}: ${field || 'the file'}: ${complaintOf(issue)}`);
  }
  const spec = specOf(result.output);
  try {
    checkTopology(spec);
  } catch (error) {
    if (error instanceof LabSpecError) throw new LabSpecError(`${fileName}: ${error.message}`);
    throw error;
  }
  return spec;
}

function specOf({ pods, ...others }: v.InferOutput<typeof LabFile>): LabSpec {
  if (pods === undefined) return others;
  return {
    ...others,
    pods: pods.map(({ ports, ...pod }) => {
      if (ports === undefined) return pod;
      const named = ports.flatMap((port) =>
        typeof port === 'number' ? [] : [[port.port, port.name] as const],
      );
      return {
        ...pod,
        ports: ports.map((port) => (typeof port === 'number' ? port : port.port)),
        ...(named.length === 0 ? {} : { portNames: new Map(named) }),
      };
    }),
  };
}

interface UnknownKey {
  readonly field: string;
  readonly hint: string;
}

/** All of them, where the schema's own check names one of each object. */
function unknownKeys(file: unknown): readonly UnknownKey[] {
  return [
    ...entriesOf(file, 'nodes').flatMap((node, index) => unknownIn(`nodes[${index}].`, node, NODE)),
    ...entriesOf(file, 'pods').flatMap((pod, index) => [
      ...unknownIn(`pods[${index}].`, pod, POD),
      ...entriesOf(pod, 'ports').flatMap((port, at) =>
        unknownIn(`pods[${index}].ports[${at}].`, port, NAMED_PORT),
      ),
    ]),
    ...unknownIn('client.', fieldAt(file, 'client'), CLIENT),
    ...unknownIn('loadBalancer.', fieldAt(file, 'loadBalancer'), LOAD_BALANCER),
    ...unknownIn('', file, FILE),
  ];
}

function unknownIn(prefix: string, value: unknown, known: object): readonly UnknownKey[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [];
  return Object.keys(value)
    .filter((key) => !Object.hasOwn(known, key))
    .map((key) => ({ field: `${prefix}${key}`, hint: suggestion(key, Object.keys(known)) }));
}

function entriesOf(value: unknown, key: string): readonly unknown[] {
  const list = fieldAt(value, key);
  return Array.isArray(list) ? list : [];
}

function fieldAt(value: unknown, key: string): unknown {
  return typeof value === 'object' && value !== null
    ? Object.getOwnPropertyDescriptor(value, key)?.value
    : undefined;
}

type Issue = v.BaseIssue<unknown>;

/** `pods[0].ip` */
function fieldOf(issue: Issue): string {
  return (v.getDotPath(issue) ?? '').replaceAll(/\.(\d+)(?=\.|$)/g, '[$1]');
}

function complaintOf({ expected, received, message }: Issue): string {
  if (received === 'undefined') return 'is missing';
  const type = expected === null ? undefined : TYPES[expected];
  return type === undefined ? message : `must be ${type}`;
}

const TYPES: Readonly<Record<string, string>> = {
  string: 'text (in quotation marks if it looks like a number)',
  number: 'a number',
  boolean: 'true or false',
  '(number | Object)': 'a number, or a name and a port',
  Array: 'a list',
  Object: 'keys with values',
};
