/** Which names Kubernetes allows. What passes can stand in a rule, a set or a log line as it is. */

const DNS_LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_SUBDOMAIN = /^[a-z0-9](?:[-a-z0-9]*[a-z0-9])?(?:\.[a-z0-9](?:[-a-z0-9]*[a-z0-9])?)*$/;
export const LABEL_RULE = 'lower-case letters, digits and "-", at most 63';
export const SUBDOMAIN_RULE = 'lower-case letters, digits, "-" and ".", at most 253';

/** DNS label of RFC 1123: names of Services, namespaces and ports. */
export function isDnsLabel(text: string): boolean {
  return DNS_LABEL.test(text);
}

/** DNS subdomain of RFC 1123: names of EndpointSlices, Nodes and ServiceCIDRs. */
export function isDnsSubdomain(text: string): boolean {
  return text.length <= 253 && DNS_SUBDOMAIN.test(text);
}

const TAG_NAME = /^[a-zA-Z0-9](?:[-\w.]{0,61}[a-zA-Z0-9])?$/;

/** `app`, `example.com/app`: keys of labels. */
export function isLabelKey(text: string): boolean {
  const slash = text.indexOf('/');
  return slash < 0
    ? TAG_NAME.test(text)
    : isDnsSubdomain(text.slice(0, slash)) && TAG_NAME.test(text.slice(slash + 1));
}

/** Empty, or as the name of a {@link isLabelKey}. */
export function isLabelValue(text: string): boolean {
  return text === '' || TAG_NAME.test(text);
}
