/** Which endpoints checks have found to be down, by service port: a reader of their results. */
import { type EndpointHealth, isEjected } from '../state/endpoint-health.ts';
import type { ObjectKey } from '../state/object-key.ts';
import type { Change } from '../state/reader.ts';
import type { Endpoint, ServicePortKey } from '../state/service-port.ts';
import { addTo, removeFrom } from '../state/sets-by-key.ts';

/** `namespace/name` of the Service: no name holds a colon, and the protocol comes last. */
const SERVICE_OF_PORT = /^[^/]*\/[^/:]*/;
const NONE: readonly string[] = [];

export class DownIndex {
  readonly #down = new Map<ServicePortKey, Set<string>>();

  /** Returns the Service whose endpoints are to be looked at again; undefined: whether they are used stays as it was. */
  note({ before, after }: Change<EndpointHealth>): ObjectKey | undefined {
    const wasDown = before !== undefined && isEjected(before.state);
    const isDown = after !== undefined && isEjected(after.state);
    const row = after ?? before;
    if (row === undefined || wasDown === isDown) return undefined;
    if (isDown) addTo(this.#down, row.port, row.endpoint);
    else removeFrom(this.#down, row.port, row.endpoint);
    return SERVICE_OF_PORT.exec(row.port)?.[0];
  }

  /** `text` of those of these endpoints that are down, in their order. */
  downOf(key: ServicePortKey, endpoints: readonly Endpoint[]): readonly string[] {
    const down = this.#down.get(key);
    if (down === undefined) return NONE;
    return endpoints.filter(({ text }) => down.has(text)).map(({ text }) => text);
  }
}
