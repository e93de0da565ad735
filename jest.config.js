import { resolve } from 'node:path';

const here = import.meta.dirname ?? '.';

/** Tests run as compiled ESM: no transformer stands between what is tested and what is shipped. */
export default {
  rootDir: resolve(here, process.env.BUILD_DIR ?? '.build'),
  testMatch: ['<rootDir>/__tests__/**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
  testSequencer: resolve(here, 'tools', 'sequencer.mjs'),
};
