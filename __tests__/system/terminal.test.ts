import { describe, expect, jest, test } from '@jest/globals';
import { Log } from '../../src/report/log.js';
import { reportingTo } from '../../src/system/runner.js';
import { inTerminal } from '../../src/system/terminal.js';

const summary = {} as Parameters<typeof reportingTo>[0]['summary'];

/** What a run prints, and what it says to the runner. */
function startedWith(env: Readonly<Record<string, string>>) {
  const printed: string[] = [];
  const commands = {
    error: jest.fn(),
    notice: jest.fn(),
    saveState: jest.fn(),
    setOutput: jest.fn(),
    setSecret: jest.fn(),
  };
  return {
    printed,
    commands,
    core: reportingTo({ ...commands, summary }, env, (line) => printed.push(line)),
  };
}

describe('in a terminal', () => {
  test('the log has no commands of the runner, and says the same', () => {
    const { printed, core } = startedWith({});
    const clock = { now: () => 0, sleep: async () => undefined };
    const log = new Log({ clock, write: core.write, redact: (text) => text });
    log.tell({ type: 'group-start', title: 'shop: 100% of it, stage' });
    log.tell({ type: 'foreign', source: 'app', text: '::error::mine\n##[group]x' });
    log.tell({ type: 'group-end', ok: true, durationMs: 7 });
    const at = { file: 'a:b,c%3A.yml', line: 3, column: 7 };
    log.tell({ type: 'warning', text: 'One: 50%\ntwo', at });
    log.tell({ type: 'warning', text: 'Three' });
    expect(printed).toEqual([
      '> shop: 100% of it, stage',
      '00:00.0  app | ::error::mine',
      '00:00.0  app | ## [group]x',
      '00:00.0  done after 7 ms',
      '',
      'Warning (a:b,c%3A.yml:3:7): One: 50%',
      '  two',
      'Warning: Three',
    ]);
  });

  test('an error has its place, outputs are lines, and nothing is kept for a post step', () => {
    const { printed, commands, core } = startedWith({});
    core.error('No.\nNext: this.', { title: 'input', file: 'manifest.yml', startLine: 3, startColumn: 7 });
    core.error('No.', {});
    core.notice('Live.', { title: 'deployed' });
    core.setOutput('result', 'deployed');
    core.setOutput('plan', '');
    core.saveState('is-post', 'true');
    core.setSecret('hunter2');
    expect(printed).toEqual([
      'Error input (manifest.yml:3:7): No.',
      '  Next: this.',
      'Error: No.',
      'result: deployed',
    ]);
    for (const command of Object.values(commands)) expect(command).not.toHaveBeenCalled();
  });

  test('a line of the log that only looks like a command stays as it is', () => {
    expect(inTerminal('00:01.0  ::group::x')).toEqual(['00:01.0  ::group::x']);
    expect(inTerminal('::notice::x')).toEqual(['::notice::x']);
  });
});

describe('on a runner', () => {
  test('everything goes to it', () => {
    const { printed, commands, core } = startedWith({ GITHUB_ACTIONS: 'true' });
    core.write('::group::x');
    core.error('No.', { title: 'input' });
    core.notice('Live.', { title: 'deployed' });
    core.setOutput('plan', '');
    core.saveState('is-post', 'true');
    core.setSecret('hunter2');
    expect(printed).toEqual(['::group::x']);
    for (const command of Object.values(commands)) expect(command).toHaveBeenCalledTimes(1);
  });

  test('a file that it names gets the outputs, whatever runs the step', () => {
    const { commands, core } = startedWith({ GITHUB_OUTPUT: '/x', GITHUB_STATE: '/y' });
    core.setOutput('result', 'deployed');
    core.saveState('a', 'b');
    expect(commands.setOutput).toHaveBeenCalledWith('result', 'deployed');
    expect(commands.saveState).toHaveBeenCalledWith('a', 'b');
  });
});
