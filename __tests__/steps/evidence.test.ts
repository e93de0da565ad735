import { describe, expect, test } from '@jest/globals';
import { PlatformFault, VersionFault } from '../../src/model/errors.js';
import { crashText, withLastWords } from '../../src/steps/evidence.js';
import { candidateAt } from '../strategies/support.js';
import { platformOf } from './scripted.js';

const CANDIDATE = candidateAt('made', { createdAtMs: 7 });
const FAULT = new VersionFault('It does not answer.', 'smoke', ['HTTP 500']);

describe('the last words of an app', () => {
  test("stand behind the fault's own evidence, and name the app", async () => {
    const asked: number[] = [];
    const platform = platformOf({
      recentLogs: async () => [{ atMs: 0, source: 'APP/PROC/WEB', instance: '1', text: 'out of luck' }],
      crashes: async (_guid, sinceMs) => {
        asked.push(sinceMs);
        return [
          { atMs: 2, index: 0, reason: 'CRASHED', exitStatus: 1, exitDescription: 'second' },
          { atMs: 1, index: 0, reason: 'CRASHED', exitDescription: 'first' },
        ];
      },
    });
    const told = await withLastWords(FAULT, CANDIDATE, platform);
    expect(told.message).toBe('shop-candidate: It does not answer.');
    expect(told.code).toBe('smoke');
    expect(told.evidence).toEqual([
      'HTTP 500',
      '[APP/PROC/WEB/1] out of luck',
      'instance 0: CRASHED: first',
      'instance 0: CRASHED, exit status 1: second',
    ]);
    expect(asked).toEqual([7]);
  });

  test('are its own, however many requests its users made since', async () => {
    const line = { atMs: 0, instance: '0' };
    const recentLogs = async () => [
      { ...line, source: 'APP/PROC/WEB', text: 'out of luck' },
      ...Array.from({ length: 500 }, () => ({ ...line, source: 'RTR', text: 'GET /' })),
    ];
    const told = await withLastWords(FAULT, CANDIDATE, platformOf({ recentLogs, crashes: async () => [] }));
    expect(told.evidence).toEqual(['HTTP 500', '[APP/PROC/WEB/0] out of luck']);
  });

  test('are missing when the platform does not tell: the fault stays the fault', async () => {
    const away = () => Promise.reject(new PlatformFault('away', false));
    const told = await withLastWords(FAULT, CANDIDATE, platformOf({ recentLogs: away, crashes: away }));
    expect(told.evidence).toEqual(['HTTP 500']);
  });

  test('a crash without any detail', () => {
    expect(crashText({ atMs: 0, index: 2, reason: 'CRASHED' })).toBe('instance 2: CRASHED');
  });
});
