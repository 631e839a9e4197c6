/** An API server as the place where Kubernetes Events go, as the settings say. */
import type { Settings } from '../config/settings.ts';
import type { EventSink } from '../events/event-sender.ts';
import { type ClientObserver, createApiClient } from '../kubernetes/api-client.ts';
import { chooseConnection } from '../kubernetes/connection-choice.ts';
import { VERSION } from './version.ts';

/** Of each node: a cluster may have thousands that all find something at the same time. */
const EVENTS_PER_SECOND = 1 / 30;
const EVENTS_AT_ONCE = 10;

/** With a limit of its own, so that no list or watch waits for events. Throws ConnectionConfigError. */
export async function openApiServerForEvents(
  { client }: Settings,
  observer: ClientObserver,
): Promise<EventSink> {
  const { kubeconfig, master } = client;
  // What there is to warn of was told when the source was opened.
  const connection = await chooseConnection({ kubeconfig, master });
  const userAgent = `menwei/${VERSION}`;
  return createApiClient(connection, { userAgent, qps: EVENTS_PER_SECOND, burst: EVENTS_AT_ONCE, observer });
}
