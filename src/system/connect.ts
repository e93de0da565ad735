/** TCP connections, as they are: no proxy stands between. */
import { connect as open } from 'node:net';
import { HttpFailure } from '../model/errors.js';
import type { Connect } from '../model/ports.js';
import { kindOf } from './http.js';

export const connect: Connect = ({ host, port, openMs, timeoutMs, signal }) =>
  new Promise((resolve, reject) => {
    const socket = open({ host, port });
    let isOpen = false;
    const settle = (act: () => void) => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      socket.destroy();
      act();
    };
    const fail = (kind: HttpFailure['kind'], why: string) =>
      settle(() => reject(new HttpFailure(`TCP ${host}:${port}: ${why}`, kind, isOpen)));
    const abort = () => fail('aborted', 'given up');
    let timer = setTimeout(() => fail('timeout', `not open within ${timeoutMs} ms`), timeoutMs);
    signal?.addEventListener('abort', abort, { once: true });
    socket.once('connect', () => {
      isOpen = true;
      clearTimeout(timer);
      timer = setTimeout(() => settle(resolve), openMs);
    });
    socket.once('data', () => settle(resolve));
    socket.once('end', () => fail('reset', 'closed by the other side without a word'));
    // What comes after the end of this has nothing to tell any more.
    socket.on('error', (error: NodeJS.ErrnoException) =>
      fail(kindOf(error), error.message || String(error.code)),
    );
    if (signal?.aborted) abort();
  });
