/** IP addresses and networks in fields of objects, and names in their place, with the words in which Kubernetes refuses them. */
import { familyOf, isLoopback, isWildcard, parseCidr, parseIp } from '@menwei/addresses/ip.ts';
import { type FieldError, invalid } from '../schema/field-error.ts';
import { invalidEach, whyNoDnsSubdomain } from './syntax.ts';

const NO_IP = 'must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)';
const NO_CIDR = 'must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)';

/** A field that is older than today's rules: no leading zeros and no mapped address, but any spelling. */
export function ipErrors(field: string, value: string): readonly FieldError[] {
  return errorsOf(field, value, whyNoIp(value, parseIp(value)));
}

/** A field by today's rules: one spelling only. */
export function canonicalIpErrors(field: string, value: string): readonly FieldError[] {
  const ip = parseIp(value);
  const why = whyNoIp(value, ip);
  return errorsOf(field, value, why ?? (ip === value ? undefined : notCanonical(ip ?? '')));
}

/** What no endpoint and no external IP can be. @param value not an address: one error more */
export function endpointIpErrors(field: string, value: string): readonly FieldError[] {
  const ip = parseIp(value);
  return errorsOf(field, value, ip === undefined ? 'must be a valid IP address' : whyNoEndpoint(ip, value));
}

/** The name by which a load balancer is reached, if it has one. */
export function pointNameErrors(field: string, name = ''): readonly FieldError[] {
  if (name === '') return [];
  const errors = invalidEach(field, name, whyNoDnsSubdomain(name));
  if (parseIp(name) !== undefined) errors.push(invalid(field, name, 'must be a DNS name, not an IP address'));
  return errors;
}

/** Host bits are refused, other spellings are not. */
export function cidrErrors(field: string, value: string): readonly FieldError[] {
  const cidr = parseCidr(value);
  if (cidr === undefined) return [invalid(field, value, NO_CIDR)];
  const [address = '', length = ''] = value.split('/');
  if (hasLeadingZeros(address) || /^0\d/.test(length)) {
    return [invalid(field, value, 'must not have leading 0s in IP or prefix length')];
  }
  if (isMapped(address, cidr.address)) {
    return [invalid(field, value, 'must not have an IPv4-mapped IPv6 address')];
  }
  if (parseIp(address) === cidr.address) return [];
  return [invalid(field, value, 'must not have bits set beyond the prefix length')];
}

export function canonicalCidrErrors(field: string, value: string): readonly FieldError[] {
  const errors = cidrErrors(field, value);
  const text = parseCidr(value)?.text ?? value;
  return errors.length > 0 || text === value ? errors : errorsOf(field, value, notCanonical(text));
}

/** For a `Warning` header: a spelling that not every program reads alike. */
export function ipWarnings(field: string, value: string): readonly string[] {
  const ip = parseIp(value);
  if (ip === undefined || ip === value) return [];
  if (familyOf(ip) === 'IPv4') {
    return [`${field}: non-standard IP address ${quote(value)} is invalid: use ${quote(ip)}`];
  }
  return [`${field}: IPv6 address ${quote(value)} should be in RFC 5952 canonical format (${quote(ip)})`];
}

export function cidrWarnings(field: string, value: string): readonly string[] {
  const cidr = parseCidr(value);
  const [address = '', length = ''] = value.split('/');
  const ip = parseIp(address);
  if (cidr === undefined || ip === undefined) return [];
  const warnings: string[] = [];
  if (ip !== cidr.address) {
    const single = `${ip}/${cidr.family === 'IPv4' ? 32 : 128}`;
    warnings.push(
      `${field}: CIDR value ${quote(value)} is ambiguous in this context (should be ${quote(cidr.text)} or ${quote(single)}?)`,
    );
  }
  if (hasLeadingZeros(address) || /^0\d/.test(length) || isMapped(address, ip)) {
    warnings.push(`${field}: non-standard CIDR value ${quote(value)} is invalid: use ${quote(cidr.text)}`);
  }
  if (warnings.length > 0 || cidr.family === 'IPv4' || cidr.text === value) return warnings;
  return [
    `${field}: IPv6 CIDR value ${quote(value)} should be in RFC 5952 canonical format (${quote(cidr.text)})`,
  ];
}

function errorsOf(field: string, value: string, why: string | undefined): readonly FieldError[] {
  return why === undefined ? [] : [invalid(field, value, why)];
}

/** @param ip what `value` was read as */
function whyNoIp(value: string, ip: string | undefined): string | undefined {
  if (ip === undefined) return NO_IP;
  if (hasLeadingZeros(value)) return 'must not have leading 0s';
  return isMapped(value, ip) ? 'must not be an IPv4-mapped IPv6 address' : undefined;
}

/** Told by the text, for there are many endpoints. @param ip canonical */
function whyNoEndpoint(ip: string, value: string): string | undefined {
  if (isWildcard(ip)) return `may not be unspecified (${value})`;
  if (isLoopback(ip)) return 'may not be in the loopback range (127.0.0.0/8, ::1/128)';
  if (ip.startsWith('169.254.') || /^fe[89ab].:/.test(ip)) {
    return 'may not be in the link-local range (169.254.0.0/16, fe80::/10)';
  }
  if (ip.startsWith('224.0.0.') || /^ff.2:/.test(ip)) {
    return 'may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)';
  }
  return undefined;
}

function notCanonical(canonical: string): string {
  return `must be in canonical form (${quote(canonical)})`;
}

/** @param ip what `value` was read as: IPv4 for `::ffff:10.0.0.1` */
function isMapped(value: string, ip: string): boolean {
  return value.includes(':') && familyOf(ip) === 'IPv4';
}

function hasLeadingZeros(address: string): boolean {
  return /(^|[.:])0\d+(\.|$)/.test(address) && address.includes('.');
}

function quote(text: string): string {
  return JSON.stringify(text);
}
