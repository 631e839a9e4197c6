/**
 * Generic netlink (linux/genetlink.h): many families share one protocol, and each gets the type of its messages when the
 * kernel makes it. What is asked of a family is a command in a header of its own.
 */
import { constants } from 'node:os';
import { decodeAttributes } from './attribute.ts';
import type { NetlinkConnection } from './connection.ts';
import { CTRL_ATTR, CTRL_CMD, CTRL_VERSION, GENERIC_HEADER_SIZE, GENL_ID_CTRL } from './generic-constants.ts';
import { KernelError } from './kernel-error.ts';
import { IS_LITTLE_ENDIAN, viewOf } from './message.ts';
import type { MessageWriter } from './message-writer.ts';

/** struct genlmsghdr. */
export function encodeGenericHeader(writer: MessageWriter, command: number, version: number): void {
  writer.raw(new Uint8Array([command, version, 0, 0]));
}

/**
 * The type of all messages to and from the family of this name. It is another one after the family's module was loaded
 * anew. Throws KernelError, with ENOENT where the kernel has no such family.
 */
export function observeGenericFamily(connection: NetlinkConnection, name: string): number {
  const [operation, object] = ['find', `generic netlink family ${name}`];
  try {
    const [answer] = connection.request({
      operation,
      object,
      type: GENL_ID_CTRL,
      write(writer) {
        encodeGenericHeader(writer, CTRL_CMD.GETFAMILY, CTRL_VERSION);
        writer.text(CTRL_ATTR.FAMILY_NAME, name);
      },
    });
    const attributes = decodeAttributes(answer?.payload.subarray(GENERIC_HEADER_SIZE) ?? new Uint8Array());
    const id = attributes.get(CTRL_ATTR.FAMILY_ID);
    if (id?.length === 2) return viewOf(id).getUint16(0, IS_LITTLE_ENDIAN);
  } catch (cause) {
    if (!(cause instanceof KernelError) || cause.errno !== constants.errno.ENOENT) throw cause;
    const detail = 'this kernel has no such family (ENOENT)';
    throw new KernelError({ operation, object, detail, errno: cause.errno, cause });
  }
  throw new KernelError({ operation, object, detail: 'the answer has no number of two bytes in it' });
}
