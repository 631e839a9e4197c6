/**
 * What one node tells another three times a second: that it is alive (load-balancer § 5.7). Each message has a number that nobody
 * can guess, and says the last one that it got from the receiver: so a message that was recorded proves nothing later, whatever the
 * clocks say, nor does one that was meant for another node.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface HeartbeatMessage {
  readonly from: string;
  readonly to: string;
  /** 8 bytes, others in each message, as hexadecimal digits. */
  readonly nonce: string;
  /** The last nonce that came from the receiver; zeros: none did. */
  readonly echo: string;
}

export const NO_NONCE = '0'.repeat(16);

const MAGIC = Buffer.from('MWHB1');
const NONCE_BYTES = 8;
const HMAC_BYTES = 32;
const MAX_NAME_BYTES = 253;
const MAX_BYTES = MAGIC.length + 2 * (1 + MAX_NAME_BYTES) + 2 * NONCE_BYTES + HMAC_BYTES;

/** HMAC-SHA256 over all that comes before it. */
export function encodeHeartbeat({ from, to, nonce, echo }: HeartbeatMessage, key: Buffer): Buffer {
  const content = Buffer.concat([
    MAGIC,
    ...[from, to].flatMap((name) => [Buffer.from([Buffer.byteLength(name)]), Buffer.from(name)]),
    Buffer.from(nonce, 'hex'),
    Buffer.from(echo, 'hex'),
  ]);
  return Buffer.concat([content, sign(content, key)]);
}

/** Undefined: it is none, or was not signed with the key. */
export function decodeHeartbeat(bytes: Buffer, key: Buffer): HeartbeatMessage | undefined {
  // Whoever floods the port with large datagrams is not to have each of them signed.
  if (bytes.length > MAX_BYTES || !bytes.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  const content = bytes.subarray(0, Math.max(0, bytes.length - HMAC_BYTES));
  const signature = bytes.subarray(content.length);
  if (signature.length !== HMAC_BYTES || !timingSafeEqual(signature, sign(content, key))) return undefined;
  let at = MAGIC.length;
  const name = (): string => {
    const length = content[at] ?? 0;
    const text = content.subarray(at + 1, at + 1 + length);
    at += 1 + length;
    return text.length === length && length <= MAX_NAME_BYTES ? text.toString() : '';
  };
  const [from, to] = [name(), name()];
  if (from === '' || to === '' || content.length !== at + 2 * NONCE_BYTES) return undefined;
  const nonce = content.toString('hex', at, at + NONCE_BYTES);
  return { from, to, nonce, echo: content.toString('hex', at + NONCE_BYTES) };
}

function sign(content: Buffer, key: Buffer): Buffer {
  return createHmac('sha256', key).update(content).digest();
}
