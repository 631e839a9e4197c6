/** What changed, for the log of who asked for it with `-v`. */
import type { IpFamily } from '@menwei/addresses/ip.ts';
import { firstOf, MOST_LINES } from '../log/first-lines.ts';
import type { LogFields, Logger } from '../log/logger.ts';
import type { Change } from '../state/reader.ts';
import type { Endpoint, ServicePort } from '../state/service-port.ts';

const OBJECT_VERBOSITY = 2;
const KERNEL_VERBOSITY = 4;
/** So many endpoints fit on a line. */
const MOST_ENDPOINTS = 20;

/** At verbosity 2: a line for each service port that came, went or changed, and one for its endpoints. */
export function logServicePorts(
  logger: Logger,
  family: IpFamily,
  changes: readonly Change<ServicePort>[],
): void {
  if (logger.verbosity < OBJECT_VERBOSITY) return;
  for (const change of changes.slice(0, MOST_LINES)) {
    for (const { message, ...fields } of describe(change)) {
      logger.verbose(OBJECT_VERBOSITY, { family, servicePort: change.key, ...fields }, message);
    }
  }
  const count = changes.length - MOST_LINES;
  if (count > 0) logger.verbose(OBJECT_VERBOSITY, { family, count }, 'and more service ports changed');
}

/** At verbosity 4: what is about to be changed in the kernel. */
export function logKernelChanges(logger: Logger, family: IpFamily, format: () => string): void {
  if (logger.verbosity < KERNEL_VERBOSITY) return;
  const lines = format()
    .split('\n')
    .filter((line) => line !== '');
  for (const line of lines.slice(0, MOST_LINES)) {
    logger.verbose(KERNEL_VERBOSITY, { family }, `change: ${line}`);
  }
  const count = lines.length - MOST_LINES;
  if (count > 0) logger.verbose(KERNEL_VERBOSITY, { family, count }, 'and more changes');
}

type Description = LogFields & { readonly message: string };

function describe({ before, after }: Change<ServicePort>): readonly Description[] {
  if (after === undefined) return [{ message: 'service port removed' }];
  if (before === undefined) {
    const { clusterIP, port, nodePort, endpoints } = after;
    const address = { clusterIP, port, ...(nodePort === 0 ? {} : { nodePort }) };
    return [{ message: 'service port added', ...address, endpoints: listed(endpoints.map(showEndpoint)) }];
  }
  return [...changedSettings(before, after), ...changedEndpoints(before, after)];
}

function changedSettings(before: ServicePort, after: ServicePort): readonly Description[] {
  const settings = Object.entries(after).filter(([name]) => name !== 'endpoints');
  const former = new Map<string, unknown>(Object.entries(before));
  const changed = settings.filter(([name, value]) => !isSame(former.get(name), value));
  if (changed.length === 0) return [];
  const shown = changed.map(([name, value]) => [name, `${show(former.get(name))} -> ${show(value)}`]);
  return [{ message: 'service port changed', ...Object.fromEntries(shown) }];
}

function changedEndpoints(before: ServicePort, after: ServicePort): readonly Description[] {
  const former = new Map(before.endpoints.map((endpoint) => [endpoint.text, endpoint]));
  const current = new Set(after.endpoints.map(({ text }) => text));
  const added = after.endpoints.filter(({ text }) => !former.has(text));
  const removed = before.endpoints.filter(({ text }) => !current.has(text));
  const changed = after.endpoints.filter((endpoint) => {
    const old = former.get(endpoint.text);
    return old !== undefined && !isSame(old, endpoint);
  });
  if (added.length + removed.length + changed.length === 0) return [];
  const list = (name: string, endpoints: readonly Endpoint[], format: (endpoint: Endpoint) => string) =>
    endpoints.length === 0 ? {} : { [name]: listed(endpoints.map(format)) };
  return [
    {
      message: 'endpoints changed',
      ...list('added', added, showEndpoint),
      ...list('removed', removed, ({ text }) => text),
      ...list('changed', changed, showEndpoint),
    },
  ];
}

/** An endpoint that is not simply ready says what it is. */
function showEndpoint({ text, ready, serving, terminating }: Endpoint): string {
  if (ready) return text;
  const conditions = [serving ? 'serving' : 'not ready', ...(terminating ? ['terminating'] : [])];
  return `${text} (${conditions.join(', ')})`;
}

function listed(endpoints: readonly string[]): string {
  return firstOf(endpoints, MOST_ENDPOINTS, 'endpoints');
}

function isSame(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

function show(value: unknown): string {
  return typeof value === 'string' ? value : (JSON.stringify(value) ?? 'none');
}
