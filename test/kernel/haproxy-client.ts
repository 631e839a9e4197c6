/** A client that says something and reads what comes until the other end has had enough. */
import { connect } from 'node:net';

/** @param until when it says `late` instead */
export function readAll(
  host: string,
  port: number,
  words: string,
  from?: string,
  until?: Promise<void>,
): Promise<string> {
  return new Promise((resolve) => {
    let answer = '';
    const localAddress = from === undefined ? {} : { localAddress: from };
    const socket = connect({ host, port, ...localAddress });
    socket.setTimeout(5_000, () => socket.destroy(new Error('no answer in time')));
    socket.on('connect', () => {
      if (until === undefined) socket.write(words);
      else void until.then(() => socket.write('late'));
    });
    socket.on('data', (data) => {
      answer += data.toString('latin1');
    });
    socket.on('error', (error) => resolve(`${answer}${'code' in error ? error.code : error.message}`));
    socket.on('close', () => resolve(answer));
  });
}
