import { resolve } from 'node:path';

/** Tests run as compiled ESM: no transformer stands between what is tested and what is shipped. */
export default {
  rootDir: resolve(import.meta.dirname ?? '.', process.env.BUILD_DIR ?? '.build'),
  testMatch: ['<rootDir>/__tests__/**/*.test.js'],
  testEnvironment: 'node',
  transform: {},
};
