/** An API server as the place where Kubernetes Events go, as the settings say. */
import type { Settings } from '../config/settings.ts';
import type { EventSink } from '../events/event-sender.ts';
import type { ClientObserver } from '../kubernetes/api-client.ts';
import { openApiServerClient } from './api-server-client.ts';

/** Of each node: a cluster may have thousands that all find something at the same time. */
const EVENTS_PER_SECOND = 1 / 30;
const EVENTS_AT_ONCE = 10;

/** With a limit of its own, so that no list or watch waits for events. Throws ConnectionConfigError. */
export async function openApiServerForEvents(
  { client }: Pick<Settings, 'client'>,
  observer: ClientObserver,
): Promise<EventSink> {
  const limits = { qps: EVENTS_PER_SECOND, burst: EVENTS_AT_ONCE };
  return await openApiServerClient({ client: { ...client, ...limits } }, observer);
}
