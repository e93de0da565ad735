import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { describe, expect, test } from '@jest/globals';
import { projectRoot } from '../../runner/tools.js';

/** The set-up scripts are plain modules, as they run before anything is compiled. */
function tool(name: string) {
  return import(pathToFileURL(join(projectRoot(), 'tools', name)).href);
}

describe('import direction', () => {
  test.each([
    ['src/steps/map.ts', '../engine/run.js', undefined],
    ['src/steps/map.ts', './step.js', undefined],
    ['src/inputs.ts', './inputs/table.js', undefined],
    ['src/cli/cf.ts', '@actions/tool-cache', undefined],
    ['src/cli/cf.ts', 'node:fs', undefined],
    ['foundry/api/apps.ts', '../state/store.js', undefined],
    ['foundry/api/apps.ts', 'busboy', undefined],
    ['src/engine/run.ts', '../steps/step.js', 'goes down the list'],
    ['src/model/words.ts', '../system/clock.js', 'goes down the list'],
    ['src/main.ts', './post.js', 'goes down the list'],
    ['src/model/words.ts', '../util/x.js', 'not in the list'],
    ['src/util/x.ts', '../model/words.js', 'not in the list'],
    ['src/cli/cf.ts', '../../runner/tools.js', 'src/ imports from src/ alone'],
    ['src/cli/cf.ts', '../../foundry/ports.js', 'src/ imports from src/ alone'],
    ['foundry/api/apps.ts', '../../src/model/words.js', 'foundry/ imports from foundry/ alone'],
    ['src/cli/cf.ts', 'busboy', 'shipped packages only'],
    ['src/cli/cf.ts', '@jest/globals', 'shipped packages only'],
  ])('%s importing %s', async (path, target, fault) => {
    const { importFaults } = await tool('imports.mjs');
    const faults: string[] = importFaults([{ path, imports: [target] }], ['@actions/tool-cache']);
    expect(faults).toEqual(fault === undefined ? [] : [expect.stringContaining(fault)]);
  });

  test('every way to import is seen, comments are not', async () => {
    const { importsOf } = await tool('imports.mjs');
    const source = [
      "import a, { b } from './a.js';",
      "import type {\n  C,\n} from './c.js';",
      "export * from './d.js';",
      "import './e.js';",
      "const f = await import('./f.js');",
      "// import x from './comment.js';",
      " * import y from './docs.js';",
    ].join('\n');
    expect(importsOf(source)).toEqual(['./a.js', './c.js', './d.js', './e.js', './f.js']);
  });
});

describe('README', () => {
  const action = {
    inputs: {
      api: { description: 'Address\n  of the API.', required: true },
      drain: { description: 'a|b', default: '30s' },
    },
    outputs: { url: { description: 'Address.' } },
  };

  test('gets the tables and the workflow between its markers', async () => {
    const { withTables } = await tool('docs.mjs');
    const marks = ['workflow', 'inputs', 'outputs'].map((name) => `<!-- ${name} -->old<!-- /${name} -->`);
    const text: string = withTables(['top', ...marks, 'end'].join('\n'), action, 'on: push\n');
    expect(text).toContain('```yaml\non: push\n```');
    expect(text).toContain('| `api` | required | Address of the API. |\n| `drain` | `30s` | a\\|b |');
    expect(text).toContain('| `url` | Address. |');
    expect(text).not.toContain('old');
    expect(withTables(text, action, 'on: push\n')).toBe(text);
  });

  test('without a marker is refused', async () => {
    const { withTables } = await tool('docs.mjs');
    expect(() => withTables('<!-- inputs -->', action, '')).toThrow('README.md has no');
  });
});

describe('words', () => {
  const machine = `/${'root'}/x`;
  test.each([
    [`path ${machine}`, 1],
    [`see ${'issue'} #12`, 1],
    ['on host builder-77', 1],
    ['/home/vcap/app and /home/runner/work/x', 0],
    ['dist/root/a, issues of a run', 0],
  ])('%s', async (text, faults) => {
    const { wordFaults } = await tool('words.mjs');
    expect(wordFaults([{ path: 'src/a.ts', text }], ['builder-77'])).toHaveLength(faults);
  });
});

describe('closing line of the tests', () => {
  const none = {
    numPassedTests: 0,
    numFailedTests: 0,
    numPendingTests: 0,
    numTodoTests: 0,
    numRuntimeErrorTestSuites: 0,
  };
  test.each([
    [
      { ...none, numPassedTests: 3 },
      { passed: 3, failed: 0 },
    ],
    [
      { ...none, numPassedTests: 3, numFailedTests: 1 },
      { passed: 3, failed: 1 },
    ],
    [
      { ...none, numPassedTests: 3, numPendingTests: 1, numTodoTests: 1 },
      { passed: 3, failed: 2 },
    ],
    [
      { ...none, numPassedTests: 3, numRuntimeErrorTestSuites: 1 },
      { passed: 3, failed: 1 },
    ],
    [none, { passed: 0, failed: 1 }],
    [undefined, { passed: 0, failed: 1 }],
  ])('%j', async (results, counted) => {
    const { count } = await tool('test.mjs');
    expect(count(results)).toEqual(counted);
  });
});
