import { describe, expect, test } from '@jest/globals';
import { markdown } from '../../src/report/markdown.js';
import { outlookParts, overview, statusLines } from '../../src/report/status.js';
import type { Outlook } from '../../src/strategies/outlook.js';
import { appOutcome, asIs, MARKDOWN_ATTACKS, NEW, OLD, rendered, SEEN_AT_MS, skeleton } from './support.js';

const NOTHING: Outlook = {
  previous: [],
  earlier: [],
  failed: [],
  leftovers: [],
  nextDeploy: { settles: 'nothing', adopts: false, told: [], commands: [] },
};
const REFUSED: Outlook = {
  ...NOTHING,
  underWay: {
    what: 'deploy',
    version: NEW,
    commit: 'c0ffee1',
    phase: 'switching',
    owner: '7-1-abc',
    actor: 'ann',
    sinceMs: SEEN_AT_MS - 90_000,
    lastSignMs: SEEN_AT_MS - 5_000,
    life: 'alive',
  },
  previous: [{ app: `shop-previous-${OLD}`, guid: 'g', version: OLD, withdrawn: true }],
  leftovers: [
    { app: 'shop-old', guid: 'o', state: 'STARTED', running: 2, routes: ['shop.example.com'], ours: false },
  ],
  nextDeploy: { settles: 'refuse', adopts: false, told: ['It is refused.'], commands: ['cf rename a b'] },
};
const { previousVersion: _, ...SEEN } = appOutcome();

describe('the log', () => {
  test('has one app as it is', () => {
    expect(statusLines([{ ...SEEN, outlook: REFUSED }], 10)).toEqual([
      'shop.example.com: shop',
      `under way: deploy of ${NEW}, commit c0ffee1, switching, by ann, owner 7-1-abc, since 2026-11-21T08:14:33Z; its run was alive a moment ago (last sign of life 5.0 s ago)`,
      `can be rolled back to: ${OLD} (shop-previous-${OLD}), taken from live by a rollback`,
      'left over: shop-old, not ours, started, 2 running, on shop.example.com',
      'next deploy: It is refused.',
      '  cf rename a b',
    ]);
  });

  test('has a table of several, then each one', () => {
    const apps = [
      { ...SEEN, outlook: REFUSED },
      { ...SEEN, app: 'api', outlook: NOTHING },
    ];
    const lines = statusLines(apps, 10);
    expect(lines.slice(0, 3)).toEqual([
      'app   live                     instances  under way                            next deploy',
      `shop  ${NEW}  3 of 3     ${NEW} (switching)  is refused`,
      `api   ${NEW}  3 of 3                                          goes on at once`,
    ]);
    expect(lines.slice(-3)).toEqual([
      'api:',
      '  shop.example.com: shop',
      '  next deploy: It has nothing to settle.',
    ]);
  });

  test('says so where nothing is ours', () => {
    expect(statusLines([], 10)).toEqual(['No app of this space was deployed this way.']);
  });
});

describe('the page', () => {
  const md = markdown(asIs);

  test('has an overview where there are several', () => {
    expect(overview([{ ...SEEN, outlook: NOTHING }], md)).toBe('');
    const apps = ['api', 'shop'].map((app) => ({ ...SEEN, app, outlook: NOTHING }));
    expect(overview(apps, md).split('\n')).toHaveLength(4);
    expect(overview([SEEN, SEEN], md)).toBe('');
  });

  test.each(MARKDOWN_ATTACKS)('takes no name for Markdown: %j', (name) => {
    const page = (text: string) => {
      const outlook: Outlook = {
        ...REFUSED,
        previous: [{ app: text, guid: 'g', version: text, commit: text, withdrawn: false }],
        leftovers: [{ app: text, guid: 'o', state: 'STOPPED', running: 0, routes: [text], ours: true }],
        nextDeploy: { ...REFUSED.nextDeploy, told: [text], commands: [`cf rename ${text}`] },
      };
      return [
        ...outlookParts({ ...SEEN, outlook }, md),
        overview(
          [
            { ...SEEN, app: text, outlook },
            { ...SEEN, outlook },
          ],
          md,
        ),
      ].join('\n\n');
    };
    expect(skeleton(rendered(page(name).replaceAll('<span>$</span>', '$')))).toEqual(
      skeleton(rendered(page('x'))),
    );
  });
});
