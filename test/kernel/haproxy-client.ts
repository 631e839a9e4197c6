/** A client that says something and reads what comes until the other end has had enough. */
import { connect } from 'node:net';

/** @param lateMs when it says `late` instead, so long after it has connected */
export function readAll(
  host: string,
  port: number,
  words: string,
  from?: string,
  lateMs?: number,
): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const localAddress = from === undefined ? {} : { localAddress: from };
    const socket = connect({ host, port, ...localAddress });
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer in time')));
    socket.on('connect', () => {
      if (lateMs === undefined) socket.write(words);
      else setTimeout(() => socket.write('late'), lateMs);
    });
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    socket.on('error', (error) => resolve(`${answer}${'code' in error ? error.code : error.message}`));
    socket.on('close', () => resolve(answer));
  });
}
