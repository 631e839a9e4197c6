/** What one request to the kernel is made of, and how its failure reads. */
import { KernelError } from './kernel-error.ts';
import { NLM_F_REQUEST } from './message.ts';
import { MessageWriter } from './message-writer.ts';

/** Most requests are this small. */
const INITIAL_SIZE = 256;

/** One message to be sent, and what it is about. */
export interface NetlinkRequest {
  /** What is asked for, for error messages: `create`, `accounting object foo`. */
  readonly operation: string;
  readonly object: string;
  readonly type: number;
  /** NLM_F_*, beside NLM_F_REQUEST and NLM_F_ACK or NLM_F_DUMP, which are always set. */
  readonly flags?: number;
  /** Writes the payload: the family's own header, then attributes. Called for every attempt. */
  readonly write: (writer: MessageWriter) => void;
}

/** The message with NLM_F_REQUEST and these flags. */
export function encodeRequest(request: NetlinkRequest, flags: number, sequence: number): Uint8Array {
  const writer = new MessageWriter(INITIAL_SIZE);
  const start = writer.beginMessage(request.type, (request.flags ?? 0) | NLM_F_REQUEST | flags, sequence);
  request.write(writer);
  writer.endMessage(start);
  return writer.bytes();
}

/** An error of the request; `detail` is what the kernel said. */
export function failure(
  request: NetlinkRequest,
  detail: string,
  errno?: number,
  cause?: unknown,
): KernelError {
  return new KernelError({ operation: request.operation, object: request.object, detail, errno, cause });
}
