/**
 * The syntax of names, labels, keys and ports, with the words in which Kubernetes refuses them
 * (k8s.io/apimachinery/pkg/util/validation). Each function gives why a text is none of its kind: nothing if it is one.
 */
import { type FieldError, invalid, required } from '../schema/field-error.ts';

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?';
const SUBDOMAIN = `${LABEL}(\\.${LABEL})*`;
const WILDCARD = `\\*\\.${SUBDOMAIN}`;
const KEY_NAME = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]';
const LABEL_VALUE = `(${KEY_NAME})?`;
const CONFIG_KEY = '[-._a-zA-Z0-9]+';
const HTTP_PATH = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";

const IS_LABEL = whole(LABEL);
const IS_SUBDOMAIN = whole(SUBDOMAIN);
const IS_WILDCARD = whole(WILDCARD);
const IS_KEY_NAME = whole(KEY_NAME);
const IS_LABEL_VALUE = whole(LABEL_VALUE);
const IS_CONFIG_KEY = whole(CONFIG_KEY);
const IS_HTTP_PATH = whole(HTTP_PATH);

const MAX_LABEL = 63;
const MAX_SUBDOMAIN = 253;
const MAX_PORT_NAME = 15;

const SUBDOMAIN_RULE =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character";
const KEY_RULE =
  "must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
const KEY_EXAMPLES = ['MyName', 'my.name', '123-abc'];

/** One error for each message. */
export function invalidEach(field: string, value: unknown, messages: readonly string[]): FieldError[] {
  return messages.map((message) => invalid(field, value, message));
}

/** The names of namespaces, Services, containers and ports: `my-name`. */
export function whyNoDnsLabel(text: string): readonly string[] {
  const whys = tooLongFor(text, MAX_LABEL, 'characters');
  if (IS_LABEL.test(text)) return whys;
  if (IS_SUBDOMAIN.test(text)) return [...whys, 'must not contain dots'];
  const rule =
    "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character";
  return [...whys, withPattern(rule, LABEL, ['my-name', '123-abc'])];
}

/** The names of most objects: `example.com`. */
export function whyNoDnsSubdomain(text: string): readonly string[] {
  return subdomain(text, 'characters');
}

/** `*.example.com` */
export function whyNoWildcardDomain(text: string): readonly string[] {
  const whys = tooLongFor(text, MAX_SUBDOMAIN, 'characters');
  if (IS_WILDCARD.test(text)) return whys;
  const rule =
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character";
  return [...whys, withPattern(rule, WILDCARD, ['*.example.com'])];
}

/** Keys of labels, and all that Kubernetes calls a qualified name: `example.com/name` or `name`. */
export function whyNoLabelKey(text: string): readonly string[] {
  const parts = text.split('/');
  if (parts.length > 2) {
    const rule = `a valid label key ${withPattern(KEY_RULE, KEY_NAME, KEY_EXAMPLES)}`;
    return [`${rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')`];
  }
  const name = parts.at(-1) ?? '';
  const prefix = parts.length === 2 ? parts[0] : undefined;
  return [
    ...(prefix === undefined ? [] : whyNoPrefix(prefix)).map((why) => `prefix part ${why}`),
    ...whyNoKeyName(name).map((why) => `name part ${why}`),
  ];
}

export function whyNoLabelValue(text: string): readonly string[] {
  const whys = tooLongFor(text, MAX_LABEL, 'bytes');
  if (IS_LABEL_VALUE.test(text)) return whys;
  const rule =
    "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character";
  return [...whys, withPattern(rule, LABEL_VALUE, ['MyValue', 'my_value', '12345'])];
}

/** Keys of ConfigMaps. */
export function whyNoConfigKey(text: string): readonly string[] {
  const whys = [...tooLongFor(text, MAX_SUBDOMAIN, 'characters')];
  if (!IS_CONFIG_KEY.test(text)) {
    const rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'";
    whys.push(withPattern(rule, CONFIG_KEY, ['key.name', 'KEY_NAME', 'key-name']));
  }
  if (text === '.' || text === '..') whys.push(`must not be '${text}'`);
  else if (text.startsWith('..')) whys.push("must not start with '..'");
  return whys;
}

/** A port's name by IANA's rules (RFC 6335), in lower case: what a `targetPort` may be. */
export function whyNoPortName(text: string): readonly string[] {
  const whys = [...tooLongFor(text, MAX_PORT_NAME, 'characters')];
  if (!/^[-a-z0-9]+$/.test(text)) {
    whys.push('must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)');
  }
  if (!/[a-z]/.test(text)) whys.push('must contain at least one letter (a-z)');
  if (text.includes('--')) whys.push('must not contain consecutive hyphens');
  if (text.startsWith('-') || text.endsWith('-')) whys.push('must not begin or end with a hyphen');
  return whys;
}

/** What can stand in a URL's path, which an object's name must in any case. */
export function whyNoPathSegment(text: string): readonly string[] {
  if (text === '.' || text === '..') return [`may not be '${text}'`];
  return ['/', '%'].filter((bad) => text.includes(bad)).map((bad) => `may not contain '${bad}'`);
}

export function whyNoPort(port: number): readonly string[] {
  return whyNotBetween(port, 1, 65_535);
}

export function whyNotBetween(value: number, min: number, max: number): readonly string[] {
  return value >= min && value <= max ? [] : [`must be between ${min} and ${max}, inclusive`];
}

/** At least two labels, and perhaps a dot at the end. */
export function domainNameErrors(field: string, name: string): readonly FieldError[] {
  if (name === '') return [required(field)];
  const bare = name.endsWith('.') ? name.slice(0, -1) : name;
  const whys = whyNoDnsSubdomain(bare);
  if (whys.length > 0) return [invalid(field, bare, whys.join(','))];
  const labels = bare.split('.');
  if (labels.length < 2) {
    return [invalid(field, bare, 'should be a domain with at least two segments separated by dots')];
  }
  const bad = labels.find((label) => whyNoDnsLabel(label).length > 0);
  return bad === undefined ? [] : [invalid(field, bad, whyNoDnsLabel(bad).join(','))];
}

/** One that must be there. */
export function pathSegmentErrors(field: string, text: string): readonly FieldError[] {
  return text === '' ? [required(field)] : invalidEach(field, text, whyNoPathSegment(text));
}

/** `acme.io/foo` */
export function domainPrefixedPathErrors(field: string, path: string): readonly FieldError[] {
  if (path === '') return [required(field)];
  const slash = path.indexOf('/');
  const host = path.slice(0, Math.max(slash, 0));
  const rest = path.slice(slash + 1);
  if (host === '' || rest === '') {
    return [invalid(field, path, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  }
  const errors = invalidEach(field, host, whyNoDnsSubdomain(host));
  if (!IS_HTTP_PATH.test(rest)) errors.push(invalid(field, rest, withPattern('Invalid path', HTTP_PATH, [])));
  return errors;
}

function whyNoPrefix(prefix: string): readonly string[] {
  return prefix === '' ? ['must be non-empty'] : subdomain(prefix, 'bytes');
}

function whyNoKeyName(name: string): readonly string[] {
  const whys = name === '' ? ['must be non-empty'] : tooLongFor(name, MAX_LABEL, 'bytes');
  return IS_KEY_NAME.test(name) ? whys : [...whys, withPattern(KEY_RULE, KEY_NAME, KEY_EXAMPLES)];
}

function subdomain(text: string, unit: 'bytes' | 'characters'): readonly string[] {
  const whys = tooLongFor(text, MAX_SUBDOMAIN, unit);
  if (IS_SUBDOMAIN.test(text)) return whys;
  return [...whys, withPattern(SUBDOMAIN_RULE, SUBDOMAIN, ['example.com'])];
}

/** @param unit what the message calls them; bytes are counted in either case */
function tooLongFor(text: string, max: number, unit: 'bytes' | 'characters'): readonly string[] {
  return Buffer.byteLength(text) > max ? [`must be no more than ${max} ${unit}`] : [];
}

function withPattern(rule: string, pattern: string, examples: readonly string[]): string {
  const told = examples.map((example) => `'${example}', `).join(' or ');
  return `${rule} (${told === '' ? '' : `e.g. ${told}`}regex used for validation is '${pattern}')`;
}

function whole(pattern: string): RegExp {
  return new RegExp(`^${pattern}$`);
}
