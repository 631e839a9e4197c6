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
