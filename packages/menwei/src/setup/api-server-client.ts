/** A client of the API server beside that of the lists and watches, which don't wait for it, as the settings say. */
import type { Settings } from '../config/settings.ts';
import { type ApiClient, type ClientObserver, createApiClient } from '../kubernetes/api-client.ts';
import { chooseConnection } from '../kubernetes/connection-choice.ts';
import { VERSION } from './version.ts';

/** Throws ConnectionConfigError. */
export async function openApiServerClient(
  { client }: Pick<Settings, 'client'>,
  observer: ClientObserver,
): Promise<ApiClient> {
  const { kubeconfig, master, qps, burst } = client;
  // What there is to warn of was told when the source was opened.
  const connection = await chooseConnection({ kubeconfig, master });
  return createApiClient(connection, { userAgent: `menwei/${VERSION}`, qps, burst, observer });
}
