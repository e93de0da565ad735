import { expect, test } from '@jest/globals';
import { probePath } from '../../src/probe/path.js';
import { check } from './support.js';

const get = check({ target: { path: '/health' } });
const post = check({ target: { path: '/orders' }, method: 'POST' });
const url = check({ target: { url: 'https://gateway.example.org/x' } });

test.each([
  ['nothing is asked for', {}, [], '/'],
  ['the first check', {}, [get], '/health'],
  ['no probe repeats a POST', {}, [post, get], '/health'],
  ['only a POST', {}, [post], '/'],
  ['a URL is of another host', {}, [url], '/'],
  ['watch-path', { watchPath: '/live' }, [get], '/live'],
])('%s', (_what, wish, smokeTest, path) => {
  expect(probePath({ smokeTest, ...wish })).toBe(path);
});
