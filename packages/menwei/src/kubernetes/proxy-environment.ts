/**
 * Which proxy the environment names for a server: HTTPS_PROXY, HTTP_PROXY and NO_PROXY in either case, read as Go
 * programs read them (golang.org/x/net/http/httpproxy), since that is what operators of clusters have tuned them for.
 */
import { cidrContains, isLoopback, parseCidr, parseIp } from '@menwei/addresses/ip.ts';

export interface EnvironmentProxy {
  readonly url: string;
  /** The variable that names it. */
  readonly variable: string;
  /** What stands in NO_PROXY and can match nothing. */
  readonly uselessExceptions: readonly string[];
}

/** The proxy for `server`, or undefined for a direct connection. */
export function proxyFromEnvironment(
  server: string,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): EnvironmentProxy | undefined {
  const { protocol, hostname, port } = new URL(server);
  const { name, value } = variable(environment, protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  if (value === '') return undefined;
  const host = hostname.replace(/^\[|\]$/g, '');
  const ip = parseIp(host);
  if (host === 'localhost' || (ip !== undefined && isLoopback(ip))) return undefined;
  const actualPort = port === '' ? (protocol === 'https:' ? '443' : '80') : port;
  const exceptions = variable(environment, 'NO_PROXY')
    .value.split(',')
    .map((exception) => exception.trim().toLowerCase());
  if (exceptions.some((exception) => matches(exception, host, ip, actualPort))) return undefined;
  return {
    url: value.includes('://') ? value : `http://${value}`,
    variable: name,
    uselessExceptions: exceptions.filter(isUseless),
  };
}

function variable(environment: Readonly<Record<string, string | undefined>>, upperCase: string) {
  const name = environment[upperCase] ? upperCase : upperCase.toLowerCase();
  return { name, value: environment[name] ?? '' };
}

/** Go programs pass over it without a word: a network whose length is wrong, a URL, two entries without a comma. */
function isUseless(exception: string): boolean {
  if (exception === '' || parseCidr(exception) !== undefined) return false;
  const { name, port } = splitPort(exception);
  if (parseIp(name) !== undefined) return !/^\d*$/.test(port);
  return !/^\*?[^\s/*:[\]]*$/.test(name) || !/^\d*$/.test(port);
}

/** One entry of NO_PROXY: `*`, an address, a network, `name` (with its subdomains) or `.name`, with or without port. */
function matches(exception: string, host: string, ip: string | undefined, port: string): boolean {
  if (exception === '') return false;
  if (exception === '*') return true;
  const network = parseCidr(exception);
  if (network !== undefined) return ip !== undefined && cidrContains(network, ip);
  const { name, port: wantedPort } = splitPort(exception);
  if (wantedPort !== '' && wantedPort !== port) return false;
  const address = parseIp(name);
  if (address !== undefined) return address === ip;
  const domain = name.replace(/^\*/, '');
  return domain.startsWith('.') ? host.endsWith(domain) : host === domain || host.endsWith(`.${domain}`);
}

function splitPort(exception: string): { name: string; port: string } {
  const bracketed = /^\[(.*)\](?::(\d+))?$/.exec(exception);
  if (bracketed !== null) return { name: bracketed[1] ?? '', port: bracketed[2] ?? '' };
  const [name = '', port = '', ...more] = exception.split(':');
  return more.length > 0 ? { name: exception, port: '' } : { name, port };
}
