/** Ethernet addresses and the header of a frame (IEEE 802.3), with one VLAN tag (IEEE 802.1Q) or none. */
import type { MacAddress } from './message.ts';

const MAC_SIZE = 6;
export const BROADCAST: MacAddress = 'ff:ff:ff:ff:ff:ff';
export const NO_MAC: MacAddress = '00:00:00:00:00:00';

/** The types of frames that matter here. */
export const ETHERTYPE = { ARP: 0x0806, IPV6: 0x86dd } as const;
const VLAN_TAG = 0x8100;
const TYPE_OFFSET = 12;
const HEADER_SIZE = 14;
const TAGGED_HEADER_SIZE = 18;
const VLAN_MASK = 0xfff;

export interface EthernetHeader {
  readonly destination: MacAddress;
  readonly source: MacAddress;
  readonly vlan?: number;
  readonly type: number;
}

export function decodeMac(bytes: Uint8Array, at: number): MacAddress {
  let text = '';
  for (let index = at; index < at + MAC_SIZE; index++) {
    text += `${index === at ? '' : ':'}${(bytes[index] ?? 0).toString(16).padStart(2, '0')}`;
  }
  return text;
}

export function encodeMac(mac: MacAddress, bytes: Uint8Array, at: number): void {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/.test(mac)) throw new Error(`BUG: ${mac} is no MAC address`);
  for (let index = 0; index < MAC_SIZE; index++) {
    bytes[at + index] = Number.parseInt(mac.slice(3 * index, 3 * index + 2), 16);
  }
}

/** Whether it stands for many, or for all: no machine has it, so nobody can be answered there. */
export function isGroupMac(mac: MacAddress): boolean {
  return (Number.parseInt(mac.slice(0, 2), 16) & 1) === 1;
}

/** The header and what follows it; undefined: too short. A tag within a tag is left where it is. */
export function decodeEthernet(
  frame: Uint8Array,
): { readonly header: EthernetHeader; readonly payload: Uint8Array } | undefined {
  if (frame.length < HEADER_SIZE) return undefined;
  const view = viewOf(frame);
  const destination = decodeMac(frame, 0);
  const source = decodeMac(frame, MAC_SIZE);
  const type = view.getUint16(TYPE_OFFSET);
  if (type !== VLAN_TAG) {
    return { header: { destination, source, type }, payload: frame.subarray(HEADER_SIZE) };
  }
  if (frame.length < TAGGED_HEADER_SIZE) return undefined;
  const vlan = view.getUint16(TYPE_OFFSET + 2) & VLAN_MASK;
  const header = { destination, source, vlan, type: view.getUint16(TYPE_OFFSET + 4) };
  return { header, payload: frame.subarray(TAGGED_HEADER_SIZE) };
}

/** A frame with room for a payload of `size` bytes, which begins at `start`. */
export function startFrame(
  { destination, source, vlan, type }: EthernetHeader,
  size: number,
): { readonly frame: Uint8Array; readonly start: number } {
  const start = vlan === undefined ? HEADER_SIZE : TAGGED_HEADER_SIZE;
  const frame = new Uint8Array(start + size);
  const view = viewOf(frame);
  encodeMac(destination, frame, 0);
  encodeMac(source, frame, MAC_SIZE);
  if (vlan !== undefined) {
    if (vlan < 0 || vlan > VLAN_MASK) throw new Error(`BUG: ${vlan} is no VLAN`);
    view.setUint16(TYPE_OFFSET, VLAN_TAG);
    view.setUint16(TYPE_OFFSET + 2, vlan);
  }
  view.setUint16(start - 2, type);
  return { frame, start };
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
