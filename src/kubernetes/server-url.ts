/** URLs of API servers and proxies, as people write them in flags and kubeconfig files. */
import { ConnectionConfigError } from './connection.ts';

/**
 * The URL of an API server without a slash at the end.
 * @param field where it was written, for the message
 * @param scheme what `host:port` alone means
 * @throws ConnectionConfigError
 */
export function parseServerUrl(text: string, field: string, scheme: 'https' | 'http' = 'https'): string {
  const url = parseUrl(text.includes('://') ? text : `${scheme}://${text}`);
  if (url === undefined || (url.protocol !== 'https:' && url.protocol !== 'http:') || url.hostname === '') {
    throw new ConnectionConfigError(`${field}: not an http or https URL of an API server`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConnectionConfigError(`${field}: credentials in a URL are not used; put them under users[]`);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

const PROXY_PROTOCOLS = ['http:', 'https:', 'socks5:'];

/**
 * A proxy's URL, checked. It can hold a password, so no message repeats it.
 * @throws ConnectionConfigError
 */
export function parseProxyUrl(text: string, field: string): string {
  const url = parseUrl(text);
  if (url === undefined || !PROXY_PROTOCOLS.includes(url.protocol) || url.hostname === '') {
    throw new ConnectionConfigError(`${field}: not an http, https or socks5 URL of a proxy`);
  }
  return text;
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
