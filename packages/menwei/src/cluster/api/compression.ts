/** Whether an answer is worth compressing (cluster § 5.1). Pure. */

const MIN_BYTES = 128 * 1024;

/** @param peer the client's address: on this machine, bytes are cheaper than the time to compress them */
export function isCompressed(
  acceptEncoding: string | readonly string[] | undefined,
  peer: string | undefined,
  bytes: number,
): boolean {
  return bytes > MIN_BYTES && !isLoopback(peer ?? '') && acceptsGzip(String(acceptEncoding ?? ''));
}

function acceptsGzip(header: string): boolean {
  return header.split(',').some((each) => /^\s*gzip\s*(;\s*q=(1|0?\.0*[1-9]).*)?$/i.test(each));
}

function isLoopback(address: string): boolean {
  return address === '::1' || /^(::ffff:)?127\./.test(address);
}
