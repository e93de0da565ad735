import { describe, expect, test } from '@jest/globals';
import { CommandReader, parseCommand } from '../../runner/commands.js';
import { Masks } from '../../runner/masks.js';

const known = new Set(['error', 'group']);

describe('parseCommand', () => {
  test.each([
    ['::error::text', { command: 'error', properties: {}, message: 'text' }],
    ['  ::error::text', { command: 'error', properties: {}, message: 'text' }],
    ['::ERROR::text', { command: 'ERROR', properties: {}, message: 'text' }],
    [
      '::error file=a%2Cb.yml,line=3,title=x%3Ay::100%25%0Amore',
      { command: 'error', properties: { file: 'a,b.yml', line: '3', title: 'x:y' }, message: '100%\nmore' },
    ],
    ['::error file=,line=3::x', { command: 'error', properties: { line: '3' }, message: 'x' }],
    ['text ##[group]Title', { command: 'group', properties: {}, message: 'Title' }],
    [
      '##[error file=a%3Bb;line=2]x',
      { command: 'error', properties: { file: 'a;b', line: '2' }, message: 'x' },
    ],
  ])('%j is a command', (line, command) => {
    expect(parseCommand(line, known)).toEqual(command);
  });

  test.each([
    'plain',
    'text ::error::no',
    '::unknown::no',
    '::error no end',
    '##[unknown]no',
    '##[error',
    '',
  ])('%j is plain output', (line) => {
    expect(parseCommand(line, known)).toBeUndefined();
  });
});

function read(...lines: string[]) {
  const masks = new Masks();
  const reader = new CommandReader(masks, false);
  const shown = lines.map((line) => reader.take(line));
  return { reader, masks, shown };
}

describe('CommandReader', () => {
  test('keeps annotations with their place', () => {
    const { reader, shown } = read(
      '::warning file=m.yml,line=2,col=5,endLine=3,endColumn=9,title=T::careful',
    );
    expect(reader.annotations).toEqual([
      {
        level: 'warning',
        message: 'careful',
        title: 'T',
        file: 'm.yml',
        line: 2,
        column: 5,
        endLine: 3,
        endColumn: 9,
      },
    ]);
    expect(shown).toEqual(['##[warning]careful']);
  });

  test('masks a value and each of its lines from then on', () => {
    const { shown, reader } = read(
      's3cret',
      '::add-mask::s3cret%0Asecond line',
      'a s3cret b',
      'second line',
      '::error::s3cret',
    );
    expect(shown).toEqual(['s3cret', undefined, 'a *** b', '***', '##[error]***']);
    expect(reader.annotations).toEqual([{ level: 'error', message: '***' }]);
  });

  test('obeys nothing between stop-commands and its token', () => {
    const { reader, shown } = read(
      '::stop-commands::Tok',
      '::error::no',
      '::other::',
      '::tok::',
      '::error::yes',
    );
    expect(reader.annotations.map(({ message }) => message)).toEqual(['yes']);
    expect(reader.commands.map(({ command }) => command)).toEqual(['stop-commands', 'error']);
    expect(shown).toEqual(['::stop-commands::Tok', '::error::no', '::other::', '::tok::', '##[error]yes']);
  });

  test.each(['', 'error', 'pause-logging'])('refuses the stop token %j', (token) => {
    const { reader } = read(`::stop-commands::${token}`, '::error::still obeyed');
    expect(reader.failed).toBe(true);
    expect(reader.annotations.at(-1)?.message).toBe('still obeyed');
  });

  test('fails a step that uses set-env', () => {
    expect(read('::set-env name=A::b').reader.failed).toBe(true);
  });

  test('shows debug lines only when asked', () => {
    expect(read('::debug::x').shown).toEqual([undefined]);
    expect(new CommandReader(new Masks(), true).take('::debug::x')).toBe('##[debug]x');
  });
});
