/** Two states → what to change. */
import type { Listener, Relay, RelayEndpoint, RelayKey } from '../../relay/contract.ts';
import { diffTables } from '../xtables/diff.ts';
import type { RelayChange, UserspaceChanges } from './changes.ts';
import type { UserspaceState } from './state.ts';

export function diff(from: UserspaceState, to: UserspaceState): UserspaceChanges {
  const relays = new Map<RelayKey, RelayChange>();
  for (const [key, after] of to.relays) {
    const before = from.relays.get(key);
    if (before === undefined || !isSameRelay(before, after)) relays.set(key, { before, after });
  }
  for (const [key, before] of from.relays) {
    if (!to.relays.has(key)) relays.set(key, { before, after: undefined });
  }
  return {
    script: diffTables(from.rules, to.rules),
    relays,
    // Every time: nobody is to take it for done.
    portless: [...to.portless],
  };
}

export function isEmpty({ script, relays, portless }: UserspaceChanges): boolean {
  return script.length === 0 && relays.size === 0 && portless.length === 0;
}

function isSameRelay(a: Relay, b: Relay): boolean {
  return (
    a.protocol === b.protocol &&
    a.affinityMs === b.affinityMs &&
    isSameList(a.listeners, b.listeners, isSameListener) &&
    isSameList(a.usable, b.usable, (one, other) => one === other) &&
    isSameList(a.reset ?? [], b.reset ?? [], (one, other) => one === other)
  );
}

export function isSameListener(a: Listener, b: Listener): boolean {
  return isSamePlace(a, b) && isSameList(a.endpoints, b.endpoints, isSameEndpoint);
}

function isSameEndpoint(a: RelayEndpoint, b: RelayEndpoint): boolean {
  return a.text === b.text && a.turns === b.turns;
}

/** A listener that stays where it is stays open. */
export function isSamePlace(a: Listener, b: Listener): boolean {
  return a.ip === b.ip && a.port === b.port;
}

function isSameList<T>(a: readonly T[], b: readonly T[], isSame: (a: T, b: T) => boolean): boolean {
  return (
    a.length === b.length &&
    a.every((each, index) => {
      const other = b[index];
      return other !== undefined && isSame(each, other);
    })
  );
}
