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
    const shown = JSON.stringify(withoutCredentials(text));
    throw new ConnectionConfigError(`${field}: ${shown} is not an http or https URL of an API server`);
  }
  if (url.username !== '' || url.password !== '') {
    throw new ConnectionConfigError(`${field}: credentials in a URL are not used; put them under users[]`);
  }
  return `${url.origin}${url.pathname.replace(/\/+$/, '')}`;
}

const PROXY_PROTOCOLS = ['http:', 'https:', 'socks5:'];

/**
 * A proxy's URL, checked.
 * @throws ConnectionConfigError
 */
export function parseProxyUrl(text: string, field: string): string {
  const url = parseUrl(text);
  if (url === undefined || !PROXY_PROTOCOLS.includes(url.protocol) || url.hostname === '') {
    const shown = JSON.stringify(withoutCredentials(text));
    throw new ConnectionConfigError(`${field}: ${shown} is not an http, https or socks5 URL of a proxy`);
  }
  return text;
}

/** For messages: whatever stands before the host may be a password. */
export function withoutCredentials(url: string): string {
  return url.replace(/^([a-z][a-z0-9+.-]*:\/\/)?.*@/is, '$1***@');
}

function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
