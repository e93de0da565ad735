/** Platform facts A4: headers that name an instance. */
import { APP, OTHER_APP, PROCESS, type Town } from '../router/harness.js';
import { bodies, HOST, named, pair } from './a4-router.js';
import { row as rowOf } from './table.js';

const row = rowOf<Town>;
/** A GUID with letters in it. */
const LETTERS = 'abcdefab-cdef-4abc-8def-abcdefabcdef';

/** What a request with a header that names an instance gets; `a` is index 0, `b` is index 1. */
const asked = (source: string, fact: string, header: string, value: string, is: unknown) =>
  row(
    source,
    fact,
    async (t) => {
      await pair(t);
      const { status, headers, body } = await t.ask('/', { headers: { [header]: value } });
      return status === 200 ? body : [status, headers['x-cf-routererror'], body.trimEnd()];
    },
    is,
  );

const BY_APP = 'x-cf-app-instance';
const BY_PROCESS = 'x-cf-process-instance';
const absent = (what: string) => [
  400,
  'unknown_route',
  `400 Bad Request: Requested instance${what} does not exist for route ('${HOST}')`,
];
const malformed = (error: string, name: string) => [400, error, `400 Bad Request: Invalid ${name} Header`];

export const instanceRows = [
  asked('A4 row 11', 'the instance that is asked for', BY_APP, `${APP}:1`, 'b'),
  asked('A4 row 11', 'an index that is not there', BY_APP, `${APP}:7`, absent(` ('7') with guid ('${APP}')`)),
  asked('A4 row 11', 'another app', BY_APP, `${OTHER_APP}:0`, absent(` ('0') with guid ('${OTHER_APP}')`)),
  ...[APP, `${APP}:x`, `${APP}:1:2`, 'nonsense:0', `${APP}:-1`].map((value) =>
    asked(
      'A4 row 11',
      `malformed: ${value}`,
      BY_APP,
      value,
      malformed('invalid_cf_app_instance_header', 'X-CF-App-Instance'),
    ),
  ),
  asked('A4 line 3', 'an instance of a process', BY_PROCESS, `${PROCESS}:1`, 'b'),
  asked('A4 line 3', 'any instance of a process', BY_PROCESS, PROCESS, 'a'),
  asked(
    'A4 line 3',
    'an index that is not there',
    BY_PROCESS,
    `${PROCESS}:7`,
    absent(` ('7') with process guid ('${PROCESS}')`),
  ),
  asked('A4 line 3', 'a process that is not there', BY_PROCESS, APP, absent(` with process guid ('${APP}')`)),
  ...['x', `${PROCESS}:`, `${PROCESS}:x`, `${PROCESS}:0:1`, ':0', LETTERS.toUpperCase()].map((value) =>
    asked(
      'A4 line 3',
      `malformed: ${value}`,
      BY_PROCESS,
      value,
      malformed('invalid_cf_process_instance_header', 'X-CF-Process-Instance'),
    ),
  ),
  row(
    'A4 line 3',
    'two processes of one app have an index 0 each: the app header meets both, the process header one',
    async (t) => {
      const old = await t.backend(named('old'), { processGuid: APP, index: 0 });
      t.route([old, await t.backend(named('new'), { processGuid: LETTERS, index: 0 })]);
      const at = async (header: string, value: string) =>
        (await bodies(t, 2, { headers: { [header]: value } })).sort();
      return [await at(BY_APP, `${APP}:0`), await at(BY_PROCESS, `${LETTERS}:0`), await at(BY_PROCESS, APP)];
    },
    [
      ['new', 'old'],
      ['new', 'new'],
      ['old', 'old'],
    ],
  ),
  row(
    'A4 line 3',
    'the app header wins when both are sent, also over one that is malformed',
    async (t) => {
      await pair(t);
      const seen: string[] = [];
      for (const process of [`${PROCESS}:0`, 'x'])
        seen.push((await t.ask('/', { headers: { [BY_APP]: `${APP}:1`, [BY_PROCESS]: process } })).body);
      return seen;
    },
    ['b', 'b'],
  ),
];
