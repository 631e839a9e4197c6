import { describe, expect, it } from 'vitest';
import {
  domainNameErrors,
  domainPrefixedPathErrors,
  whyNoConfigKey,
  whyNoDnsLabel,
  whyNoDnsSubdomain,
  whyNoLabelKey,
  whyNoLabelValue,
  whyNoPort,
  whyNoPortName,
  whyNoWildcardDomain,
} from './syntax.ts';

const SUBDOMAIN =
  "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const KEY_NAME =
  "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";

describe('syntax', () => {
  it('refuses names in the words of Kubernetes', () => {
    expect(whyNoDnsLabel('Bad_Name')).toEqual([
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    ]);
    expect(whyNoDnsLabel('a.b')).toEqual(['must not contain dots']);
    expect(whyNoDnsLabel('a'.repeat(64))).toEqual(['must be no more than 63 characters']);
    expect(whyNoDnsSubdomain('A_b')).toEqual([SUBDOMAIN]);
    expect(whyNoWildcardDomain('*.example.com')).toEqual([]);
    expect(whyNoWildcardDomain('*example.com')).toHaveLength(1);
  });

  it('takes what is right', () => {
    for (const text of ['a', '1web', 'a-b', 'x'.repeat(63)]) expect(whyNoDnsLabel(text)).toEqual([]);
    for (const text of ['example.com', 'a', 'a.b-c.d']) expect(whyNoDnsSubdomain(text)).toEqual([]);
    for (const text of ['a', 'A_b.c', 'example.com/Name']) expect(whyNoLabelKey(text)).toEqual([]);
    for (const text of ['', 'a', 'A_b.c-1']) expect(whyNoLabelValue(text)).toEqual([]);
    for (const text of ['http', 'a-1', '8a']) expect(whyNoPortName(text)).toEqual([]);
    for (const port of [1, 65_535]) expect(whyNoPort(port)).toEqual([]);
  });

  it('tells the parts of a label key apart', () => {
    expect(whyNoLabelKey('a b')).toEqual([KEY_NAME]);
    expect(whyNoLabelKey('/a')).toEqual(['prefix part must be non-empty']);
    expect(whyNoLabelKey('A/')).toEqual([
      `prefix part ${SUBDOMAIN}`,
      'name part must be non-empty',
      KEY_NAME,
    ]);
    expect(whyNoLabelKey('a/b/c')[0]).toMatch(
      /^a valid label key must consist .* \(e\.g\. 'example\.com\/MyName'\)$/,
    );
    expect(whyNoLabelValue('a'.repeat(64))).toEqual(['must be no more than 63 bytes']);
  });

  it('says all that is wrong with a port name', () => {
    expect(whyNoPortName('-UPPER--LONG-NAME-')).toEqual([
      'must be no more than 15 characters',
      'must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)',
      'must contain at least one letter (a-z)',
      'must not contain consecutive hyphens',
      'must not begin or end with a hyphen',
    ]);
    expect(whyNoPort(0)).toEqual(['must be between 1 and 65535, inclusive']);
  });

  it('knows keys of ConfigMaps', () => {
    expect(whyNoConfigKey('app.conf')).toEqual([]);
    expect(whyNoConfigKey('..')).toEqual(["must not be '..'"]);
    expect(whyNoConfigKey('..data')).toEqual(["must not start with '..'"]);
    expect(whyNoConfigKey('a/b')[0]).toMatch(/^a valid config key must consist of/);
  });

  it('knows domain names and domain-prefixed paths', () => {
    expect(domainNameErrors('f', 'a.example.com.')).toEqual([]);
    expect(domainNameErrors('f', 'localhost')[0]?.detail).toBe(
      'should be a domain with at least two segments separated by dots',
    );
    expect(domainPrefixedPathErrors('f', 'acme.io/foo')).toEqual([]);
    expect(domainPrefixedPathErrors('f', 'foo')[0]?.detail).toBe(
      'must be a domain-prefixed path (such as "acme.io/foo")',
    );
    expect(domainPrefixedPathErrors('f', 'a/b c')[0]?.detail).toMatch(/^Invalid path \(regex used/);
  });
});
