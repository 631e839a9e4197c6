/** IPVS: virtual servers and their destinations. */
export { Ipvs, openIpvsClient } from './client.ts';
export * from './contract.ts';
export { formatFrontend, parseFrontend } from './frontend.ts';
export { frontendOf, isGone, refusalForForeign, refusalOf } from './refusal.ts';
export { observeIpvsSupport } from './support.ts';
