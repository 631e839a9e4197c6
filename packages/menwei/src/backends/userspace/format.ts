/**
 * Changes as an operator reads them: input for `iptables-restore --noflush`, and in comments what is listened on. Any
 * tool passes over those.
 */
import { formatHostPort } from '@menwei/addresses/ip.ts';
import { formatScript } from '@menwei/netfilter/iptables/restore-script.ts';
import type { Listener, Relay, RelayEndpoint } from '../../relay/contract.ts';
import type { RelayChange, UserspaceChanges } from './changes.ts';
import { isSameListener, isSamePlace } from './diff.ts';

export function formatChanges({ script, relays, portless }: UserspaceChanges): string {
  const lines = [
    ...[...relays.values()].flatMap(formatRelay),
    ...portless.map((key) => `no port is left for ${key}`),
  ];
  return formatScript(script) + lines.map((line) => `# ${line}\n`).join('');
}

function formatRelay({ before, after }: RelayChange): readonly string[] {
  const former = before?.listeners ?? [];
  const wanted = after?.listeners ?? [];
  const closed = former.filter((listener) => !wanted.some((other) => isSamePlace(listener, other)));
  const changed =
    before?.affinityMs === after?.affinityMs
      ? wanted.filter((listener) => !former.some((other) => isSameListener(listener, other)))
      : wanted;
  const lines = [
    ...(before === undefined ? [] : closed.map((listener) => `close ${formatPlace(before, listener)}`)),
    ...(after === undefined ? [] : changed.map((listener) => formatListener(after, listener))),
  ];
  if (lines.length > 0 || after === undefined) return lines;
  const reset = after.reset === undefined ? '' : `; they are reset: ${after.reset.join(' ')}`;
  return [`${after.protocol} connections of ${after.name} may stay with: ${after.usable.join(' ')}${reset}`];
}

function formatListener(relay: Relay, listener: Listener): string {
  const endpoints = listener.endpoints.map(formatEndpoint).join(' ');
  const affinity = relay.affinityMs === 0 ? '' : ` (affinity ${formatSpan(relay.affinityMs)})`;
  return `listen ${formatPlace(relay, listener)} → ${endpoints}${affinity}`;
}

/** `10.0.0.1:80`, or `10.0.0.1:80 (2 turns)` by its weight. */
function formatEndpoint({ text, turns }: RelayEndpoint): string {
  return turns === undefined ? text : `${text} (${turns === 1 ? '1 turn' : `${turns} turns`})`;
}

function formatPlace({ protocol, name }: Relay, { ip, port }: Listener): string {
  return `${protocol} ${formatHostPort(ip, port)} for ${name}`;
}

function formatSpan(spanMs: number): string {
  const seconds = spanMs / 1_000;
  if (seconds % 3_600 === 0) return `${seconds / 3_600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}
