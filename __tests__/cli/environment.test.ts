/** What children see of the environment, also where the names of variables have no case. */
import { expect, test } from '@jest/globals';
import { scriptEnvironment, toolEnvironment } from '../../src/cli/environment.js';

/** As Node shows the environment on Windows: every spelling of a name leads to the one that is there. */
const windows = new Proxy<Record<string, string>>(
  {
    Path: 'C:\\Windows',
    SystemRoot: 'C:\\Windows',
    TEMP: 'C:\\Temp',
    Https_Proxy: 'http://p',
    CF_TRACE: '1',
  },
  {
    get: (own, name) =>
      Object.entries(own).find(([one]) => one.toUpperCase() === String(name).toUpperCase())?.[1],
  },
);

test('on Windows a tool finds its PATH and what the system needs, and nothing else', () => {
  expect(toolEnvironment(windows, { CF_HOME: 'home' })).toEqual({
    ...{ Path: 'C:\\Windows', PATH: 'C:\\Windows', SystemRoot: 'C:\\Windows', TEMP: 'C:\\Temp' },
    ...{ Https_Proxy: 'http://p', LANG: 'en_US.UTF-8', LC_ALL: 'en_US.UTF-8', CF_HOME: 'home' },
  });
  expect(scriptEnvironment(windows, {}).PATH).toBe('C:\\Windows');
});

test('elsewhere a name is its spelling', () => {
  const env = { PATH: '/bin', INPUT_PASSWORD: 'x', http_proxy: 'http://p', HOME: '/root' };
  const english = { LANG: 'en_US.UTF-8', LC_ALL: 'en_US.UTF-8' };
  expect(toolEnvironment(env)).toEqual({ PATH: '/bin', http_proxy: 'http://p', ...english });
});
