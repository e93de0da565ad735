import { describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../src/commands/outcome.js';
import { Cancelled, InputError, PlatformFault, Refused, VersionFault } from '../../src/model/errors.js';
import { report } from '../../src/report/index.js';
import { Log } from '../../src/report/log.js';
import { redactor } from '../../src/report/redact.js';
import { appOutcome, deployed, NEW, OLD, oldLive } from './support.js';

interface Shown {
  failed: boolean;
  outputs: Record<string, string>;
  errors: { text: string; at: object }[];
  pages: string[];
  lines: string[];
  notices: { text: string; at: unknown }[];
}

async function reported(
  outcome: Outcome,
  { secrets = [] as string[], wantsSummary = true, page = async () => {} } = {},
): Promise<Shown> {
  const shown: Shown = { failed: false, outputs: {}, errors: [], notices: [], pages: [], lines: [] };
  const redact = redactor(secrets);
  const clock = { now: () => 0, sleep: async () => undefined };
  const log = new Log({ clock, write: (line) => shown.lines.push(line), redact });
  shown.failed = await report(
    outcome,
    log,
    {
      redact,
      setOutput: (name, value) => {
        shown.outputs[name] = value;
      },
      error: (text, at) => shown.errors.push({ text, at }),
      notice: (text, at) => shown.notices.push({ text, at }),
      summary: async (markdown) => {
        await page();
        shown.pages.push(markdown);
      },
    },
    wantsSummary,
  );
  return shown;
}

describe('success', () => {
  test('is told in the log, with who serves what', async () => {
    const { failed, errors, lines, pages, outputs } = await reported(deployed());
    expect([failed, errors]).toEqual([false, []]);
    expect(lines).toEqual([
      '00:00.0  The new version serves every production route.',
      '00:00.0  shop.example.com: shop',
      expect.stringMatching(
        /^00:00.0 {2}Next: To go back: run this action with command: rollback, app: shop/,
      ),
    ]);
    expect(pages).toHaveLength(1);
    expect(outputs.result).toBe('deployed');
  });

  test('is a notice on the page of the run, where it changed what is live', async () => {
    const { notices } = await reported(deployed());
    expect(notices).toEqual([
      {
        text: [
          "The new version serves every production route. It took 0 ms. Nobody noticed: none of the watch's 412 requests on the production routes failed.",
          `shop: version ${NEW} is live at https://shop.example.com`,
        ].join('\n'),
        at: { title: 'deployed' },
      },
    ]);
    expect((await reported({ result: 'planned', apps: [] })).notices).toEqual([]);
    expect((await reported({ result: 'unchanged', apps: [appOutcome()] })).notices).toEqual([]);
    const error = new Cancelled();
    expect((await reported({ result: 'reverted', error, apps: [appOutcome()] })).notices).toEqual([]);
  });

  test('no summary is written where none is wanted', async () => {
    expect((await reported(deployed(), { wantsSummary: false })).pages).toEqual([]);
  });

  test('a plan can be read in the log and in an output, and holds no secret', async () => {
    const plan = [
      { app: 'shop', title: 'smoke-script', calls: ['run check --key hunter2-hunter2', 'POST /x'] },
      { app: 'shop', title: 'start candidate', calls: ['POST /v3/apps/<candidate>/actions/start'] },
    ];
    const shown = await reported({ result: 'planned', apps: [], plan }, { secrets: ['hunter2-hunter2'] });
    expect(shown.lines).toEqual([
      '00:00.0  This is what would be done. Nothing was changed.',
      '00:00.0  Next: Run it without the input "plan" to do this.',
      '00:00.0  shop: smoke-script',
      '00:00.0      run check --key ***',
      '00:00.0      POST /x',
      '00:00.0  shop: start candidate',
      '00:00.0      POST /v3/apps/<candidate>/actions/start',
    ]);
    expect(JSON.parse(shown.outputs.plan ?? '')).toEqual([
      { ...plan[0], calls: ['run check --key ***', 'POST /x'] },
      plan[1],
    ]);
    expect(JSON.stringify(shown)).not.toContain('hunter2');
  });

  test('of 500 routes the log names some, those that are not as they should be first', async () => {
    const routes = Array.from({ length: 500 }, (_, at) => ({
      url: `r${at}.example.com`,
      by: at === 400 ? [] : ['shop'],
    }));
    const { lines } = await reported({
      result: 'shown',
      apps: [appOutcome({ live: { ...oldLive(), routes } })],
    });
    expect(lines).toHaveLength(52);
    expect(lines[1]).toBe('00:00.0  r400.example.com: nobody');
    expect(lines[51]).toBe('00:00.0  and 450 more, each served by shop');
  });
});

describe('failure', () => {
  test('says what is live, why, and what next, in one annotation', async () => {
    const error = new VersionFault('Smoke check "/health": 500.', 'smoke', ['<h1>boom</h1>']);
    const { failed, errors, lines } = await reported({
      result: 'reverted',
      error,
      apps: [appOutcome({ live: oldLive() })],
    });
    expect(failed).toBe(true);
    expect(errors).toEqual([
      {
        text: `The version was taken back, and the state from before is back. Smoke check "/health": 500.
Live, seen at 08:16:03 UTC:
shop.example.com: shop
Next: Mend what the check found, or the check, and run again.`,
        at: { title: 'smoke' },
      },
    ]);
    expect(lines).toEqual(['00:00.0  evidence | <h1>boom</h1>']);
  });

  test('each problem of the inputs is an annotation at its place', async () => {
    const error = new InputError([
      { text: 'no such strategy', at: { file: 'manifest.yml', line: 3, column: 5 } },
      { text: 'app: unknown' },
    ]);
    const { errors, lines, failed } = await reported({ result: 'refused', error, apps: [] });
    expect(failed).toBe(true);
    expect(errors).toEqual([
      {
        text: 'no such strategy',
        at: { title: 'input', file: 'manifest.yml', startLine: 3, startColumn: 5 },
      },
      { text: 'app: unknown', at: { title: 'input' } },
    ]);
    expect(lines).toEqual([
      '00:00.0  It ended before anything was changed. Next: Change what is named here, and run again.',
    ]);
  });

  test('a second error is an annotation of its own, and not the result', async () => {
    const { errors, outputs } = await reported({
      result: 'failed',
      error: new VersionFault('It crashed.', 'start'),
      second: new PlatformFault('No answer.', false),
      apps: [appOutcome()],
    });
    expect(errors.map(({ text }) => text.split('\n')[0])).toEqual([
      'It did not come to a clean end: a person has to look. It crashed.',
      'On the way back, too: No answer.',
    ]);
    expect(outputs.error).toBe('start');
  });

  test('a summary that cannot be written keeps no error from being shown, and fails nothing', async () => {
    const page = async () => {
      throw new Error('no space left');
    };
    const error = new Refused('Not this one.', 'Take another.');
    const shown = await reported({ result: 'refused', error, apps: [] }, { page });
    expect(shown.errors).toHaveLength(1);
    expect(shown.lines).toEqual(['::warning::The job summary could not be written: no space left']);
    expect((await reported(deployed(), { page })).failed).toBe(false);
  });

  test('what others said issues no command from an annotation', async () => {
    const { errors, lines } = await reported({
      result: 'failed',
      error: new VersionFault('said ##[error]x\u001b[31m\r\u2028::warning::y', 'start', [
        '::stop-commands::x',
      ]),
      apps: [],
    });
    const text = errors[0]?.text ?? '';
    expect(text).not.toMatch(/##\[|\p{Cc}(?<!\n)|\p{Zl}/u);
    expect(lines).toEqual(['00:00.0  evidence | ::stop-commands::x']);
  });
});

test('a secret is hidden in every byte, whatever holds it', async () => {
  const secret = 'p@ss|w*rd&<x>"';
  const app = appOutcome({
    app: secret,
    url: `https://${secret}/`,
    live: { ...oldLive(), app: secret, routes: [{ url: secret, by: [secret, 'b'] }] },
    previous: [secret],
  });
  const problem = { text: secret, at: { file: 'm.yml', line: 1, column: 1 } };
  for (const error of [
    new VersionFault(secret, 'smoke', [secret]),
    new InputError([problem]),
    new Error(secret),
  ]) {
    const shown = await reported(
      { result: 'failed', error, second: new Refused(secret, secret, secret as 'refused'), apps: [app] },
      { secrets: [secret] },
    );
    const all = [
      shown.lines,
      shown.pages,
      Object.values(shown.outputs),
      shown.errors.map(({ text }) => text),
    ].flat();
    all.push(...shown.errors.map(({ at }) => Object.values(at).join()));
    expect(all.length).toBeGreaterThan(20);
    // In no spelling: these letters stand in none of our texts.
    for (const text of all) expect(text).not.toMatch(/p@\u200b?ss|w\\?\*rd/);
  }
});

test('a secret that is an ordinary word leaves the JSON of the outputs readable, and the figures', async () => {
  const apps = [appOutcome({ live: { ...oldLive(), app: 'shop-live-4120' } })];
  const plan = [{ app: 'shop', title: 'live goes', calls: [] }];
  const secrets = ['live', 'version', '412', 'title', 'by'];
  const { outputs } = await reported(deployed({ apps, plan }), { secrets });
  expect(JSON.parse(outputs.live ?? '')).toMatchObject({
    app: 'shop-***-***0',
    version: OLD,
    instances: { running: 2 },
  });
  expect(JSON.parse(JSON.parse(outputs.apps ?? '')[0].live)).toMatchObject({ app: 'shop-***-***0' });
  expect(JSON.parse(outputs.plan ?? '')).toEqual([{ app: 'shop', title: '*** goes', calls: [] }]);
  expect(outputs).toMatchObject({ result: 'deployed', requests: '412' });
});
