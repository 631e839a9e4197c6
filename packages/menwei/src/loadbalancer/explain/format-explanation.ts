/** `menwei lb explain`: a line for each Service, or all that there is to say about one. */
import { escapeControls } from '../../log/escape-controls.ts';
import type { NodeVerdict } from './address-nodes.ts';
import type { AddressExplanation, ServiceExplanation } from './explanation.ts';
import { formatTable } from './text-table.ts';

const TITLES = ['SERVICE', 'CLASS', 'ADDRESSES', 'POOLS', 'NODE', 'REASON', 'MESSAGE'];
/** Of nodes about which the same is to be said so many are named. */
const MAX_NAMED = 5;

export function formatExplanations(explanations: readonly ServiceExplanation[]): string {
  if (explanations.length === 0) return 'No Services of type LoadBalancer.\n';
  return formatTable(TITLES, explanations.map(lineOf));
}

function lineOf(explanation: ServiceExplanation): readonly string[] {
  const { service, loadBalancerClass, servedAs, addresses, reason, message, failure } = explanation;
  const owners = addresses.flatMap(({ nodes }) => nodes.filter(({ verdict }) => verdict === 'announces'));
  return [
    service,
    servedAs ?? loadBalancerClass,
    listOf(addresses.map(({ address }) => address)),
    listOf(addresses.map(({ pool }) => pool)),
    listOf(owners.map(({ node }) => node)),
    reason,
    failure === undefined ? message : `${message}; the last attempt failed: ${failure}`,
  ];
}

function listOf(texts: readonly string[]): string {
  return [...new Set(texts)].filter((text) => text !== '').join(',');
}

export function formatExplanation(explanation: ServiceExplanation): string {
  const { service, loadBalancerClass, servedAs, asksFor, reason, message, failure, addresses } = explanation;
  const served = servedAs === undefined || servedAs === loadBalancerClass ? '' : `, served as ${servedAs}`;
  const lines = [
    service,
    `  class:     ${loadBalancerClass === '' ? '<none>' : loadBalancerClass}${served}`,
    ...(asksFor === undefined ? [] : [`  asks for:  ${asksFor}`]),
    `  state:     ${reason}: ${message}`,
    ...(failure === undefined ? [] : [`  failure:   ${failure}`]),
    ...addresses.flatMap(linesOf),
  ];
  return lines.map((line) => `${escapeControls(line)}\n`).join('');
}

function linesOf({ address, pool, sharedWith, nodes }: AddressExplanation): readonly string[] {
  const parts = [
    address,
    ...(pool === '' ? [] : [`pool ${pool}`]),
    ...(sharedWith.length === 0 ? [] : [`shared with ${sharedWith.join(', ')}`]),
  ];
  const alike = Map.groupBy(nodes, ({ message }) => message);
  return [
    `  address:   ${parts.join('; ')}`,
    ...Array.from(alike, ([message, some]) => `    ${nameAll(some)}: ${message}`),
  ];
}

function nameAll(nodes: readonly NodeVerdict[]): string {
  const names = nodes.slice(0, MAX_NAMED).map(({ node }) => node);
  const more = nodes.length - names.length;
  return more > 0 ? `${names.join(', ')} and ${more} others` : names.join(', ');
}
