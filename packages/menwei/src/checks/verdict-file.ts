/**
 * What checks have found out, as a list in YAML or JSON: what a proxy keeps over a restart, and what `render` is given.
 *
 *     - {service: default/web:http, endpoint: "10.0.0.1:8080", state: down, since: 2026-12-01T10:00:00Z, result: timeout}
 *
 * `protocol` is TCP, `state` is down, unless they are named. Pure.
 */
import { familyOf, formatHostPort, type IpFamily, parseHostPort } from '@menwei/addresses/ip.ts';
import { parseFirstDocument, type TextDocument } from '@menwei/yaml/documents.ts';
import { show } from '../kubernetes/decode-text.ts';
import { CHECK_RESULTS, type EndpointHealth, HEALTH_STATES } from '../state/endpoint-health.ts';

export interface Verdict {
  readonly family: IpFamily;
  /** Where it stands in the list. */
  readonly field: string;
  readonly row: EndpointHealth;
}

/** One mistake, and all is refused: half of what is known would put the other half back in use. */
type ParsedVerdicts = { readonly verdicts: readonly Verdict[] } | { readonly mistake: string };

const SERVICE =
  /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/[a-z0-9]([-a-z0-9]*[a-z0-9])?(:[a-z0-9]([-a-z0-9]*[a-z0-9])?)?$/;
const PROTOCOLS = ['TCP', 'UDP', 'SCTP'] as const;
const KEYS = ['service', 'protocol', 'endpoint', 'state', 'since', 'result', 'detail'] as const;
const EXAMPLE = '{service: default/web:http, endpoint: "10.0.0.1:8080", state: down}';

/** @param path as the mistake names the file */
export function parseVerdicts(path: string, text: string): ParsedVerdicts {
  const { document } = parseFirstDocument(text);
  const place = (field: string) => {
    const line = document.lineOf(field);
    return line === undefined ? path : `${path}:${line}`;
  };
  try {
    return { verdicts: readList(document) };
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    const field = error.field === '' ? '' : `${error.field}: `;
    return { mistake: `${error.field === '' ? path : place(error.field)}: ${field}${error.message}` };
  }
}

/** A line an endpoint. */
export function formatVerdicts(rows: Iterable<EndpointHealth>): string {
  const lines = Array.from(rows, ({ port, endpoint, state, sinceMs, result, detail }) => {
    const [service, protocol] = splitPort(port);
    const since = new Date(sinceMs).toISOString();
    return JSON.stringify({ service, protocol, endpoint, state, since, result, detail });
  });
  return `[\n${lines.join(',\n')}\n]\n`;
}

class Mistake extends Error {
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

function readList({ value, error }: TextDocument): readonly Verdict[] {
  if (error !== undefined) throw new Mistake('', error.message);
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Mistake('', `is no list of endpoints such as ${EXAMPLE}`);
  return value.map((entry: unknown, index) => readEntry(entry, `[${index}]`));
}

function readEntry(entry: unknown, field: string): Verdict {
  if (typeof entry !== 'object' || entry === null || Array.isArray(entry))
    throw new Mistake(field, `is no endpoint such as ${EXAMPLE}`);
  const texts = new Map<string, string>();
  for (const [key, value] of Object.entries(entry)) {
    if (!KEYS.some((known) => known === key))
      throw new Mistake(field, `${show(key)} is none of ${KEYS.join(', ')}`);
    if (typeof value !== 'string') throw new Mistake(`${field}.${key}`, `${show(value)} is no text`);
    texts.set(key, value);
  }
  const service = texts.get('service') ?? '';
  if (!SERVICE.test(service))
    throw new Mistake(`${field}.service`, `${show(service)} is not namespace/name[:port name]`);
  const endpoint = readEndpoint(texts.get('endpoint') ?? '', `${field}.endpoint`);
  const protocol = readChoice(texts.get('protocol') ?? 'TCP', PROTOCOLS, `${field}.protocol`);
  return {
    family: familyOf(endpoint.ip),
    field,
    row: {
      port: `${service}/${protocol}`,
      endpoint: endpoint.text,
      state: readChoice(texts.get('state') ?? 'down', HEALTH_STATES, `${field}.state`),
      sinceMs: readTime(texts.get('since'), `${field}.since`),
      result: readChoice(texts.get('result') ?? 'timeout', CHECK_RESULTS, `${field}.result`),
      detail: texts.get('detail') ?? '',
      checkers: [],
    },
  };
}

function readEndpoint(text: string, field: string) {
  const parsed = parseHostPort(text);
  if (parsed === undefined) throw new Mistake(field, `${show(text)} is not address:port`);
  return { ip: parsed.ip, text: formatHostPort(parsed.ip, parsed.port) };
}

function readTime(text: string | undefined, field: string): number {
  if (text === undefined) return 0;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new Mistake(field, `${show(text)} is no time such as 2026-12-01T10:00:00Z`);
  return ms;
}

function readChoice<Choice extends string>(text: string, choices: readonly Choice[], field: string): Choice {
  const choice = choices.find((each) => each === text);
  if (choice === undefined) throw new Mistake(field, `${show(text)} is none of ${choices.join(', ')}`);
  return choice;
}

/** From `namespace/name:port/TCP`: the protocol comes last. */
function splitPort(key: string): readonly [service: string, protocol: string] {
  const slash = key.lastIndexOf('/');
  return [key.slice(0, slash), key.slice(slash + 1)];
}
