/** Asks by connecting. A reset ends the connection, so that no TIME_WAIT is left behind. */
import { connect } from 'node:net';
import { type Answer, type Asked, type Cancel, resultOfError } from './probe.ts';

export function probeTcp({ ip, port }: Asked, answer: Answer): Cancel {
  const socket = connect({ host: ip, port });
  socket.once('connect', () => {
    answer('ok', '');
    socket.resetAndDestroy();
  });
  socket.on('error', (error) => answer(...resultOfError(error)));
  return () => socket.destroy();
}
