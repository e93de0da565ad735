import { describe, expect, test } from '@jest/globals';
import type { Outcome } from '../../src/commands/outcome.js';
import { InputError, PlatformFault, VersionFault } from '../../src/model/errors.js';
import { redactor } from '../../src/report/redact.js';
import { summaryOf } from '../../src/report/summary.js';
import { nothingFound } from '../../src/steps/world.js';
import {
  appOutcome,
  asIs,
  deployed,
  hostile,
  MARKDOWN_ATTACKS,
  NEW,
  OLD,
  oldLive,
  rendered,
  skeleton,
  storyOf,
} from './support.js';

const TIMELINE = [
  { title: 'shop: take the lock shop-candidate', startMs: 812, durationMs: 41, ok: true },
  { title: 'shop: stage the droplet', startMs: 900, durationMs: 61_300, ok: true },
];

function page(outcome: Outcome, timeline = TIMELINE): string {
  return summaryOf(outcome, storyOf(timeline), 62_400, asIs);
}

describe('whole pages', () => {
  test('deployed', () => {
    expect(page(deployed())).toBe(`## ✅ deployed: \`shop\`

The new version serves every production route. It took 1 min 2 s. Nobody noticed: none of the watch's 412 requests on the production routes failed.

### \`shop\`

| live now | \`shop\` |
| --- | --- |
| its version | \`${NEW}\` |
| its instances | 3 of 3 running |
| seen at | 08:16:03 UTC |
| address | [\`https://shop.example.com\`](https://shop.example.com) |
| live before | \`${OLD}\` |
| kept for a way back | \`shop-previous-${OLD}\` |

| route | served by |
| --- | --- |
| \`shop.example.com\` | \`shop\` |

### What to do next

To go back: run this action with command: rollback, app: shop and to: 20261101-100000-aaaaaaa.

\`\`\`text
command: rollback
app: shop
to: 20261101-100000-aaaaaaa
\`\`\`

### Did anybody notice?

| watch |  |
| --- | --- |
| requests | 412 |
| failed | 0 |
| longest gap | 0 ms |
| answers by version | \`${OLD}\`: 200, \`${NEW}\`: 212 |

### Proof of \`shop\`

- smoke check \`/health\` passed (every instance answered)
- \`shop.example.com\`: every instance answered

### Timeline

\`\`\`mermaid
gantt
  dateFormat x
  axisFormat %H:%M:%S
  tickInterval 15second
  1. take the lock shop-candidate (41 ms) :1795248900812, 1795248900862
  2. stage the droplet (1 min 1 s) :1795248900900, 1795248962200
\`\`\`

<details><summary>Figures</summary>

| after | step | took |
| --- | --- | --- |
| 812 ms | \`shop: take the lock shop-candidate\` | 41 ms |
| 900 ms | \`shop: stage the droplet\` | 1 min 1 s |

</details>
`);
  });

  test('reverted by a smoke check: why and what next stand before everything else', () => {
    const error = new VersionFault('Smoke check "/health" on the trial route: 500, wanted 2xx.', 'smoke', [
      'HTTP 500',
      'content-type: text/html',
      '<h1>boom</h1>',
    ]);
    const app = appOutcome({ live: oldLive(), previous: [], failed: [`shop-failed-${NEW}`] });
    delete app.found;
    expect(page({ result: 'reverted', error, apps: [app] }, [])).toBe(`## ↩️ reverted: \`shop\`

The version was taken back, and the state from before is back. It took 1 min 2 s.

### Why (\`smoke\`)

Smoke check "/health" on the trial route: 500, wanted 2xx.

\`\`\`text
HTTP 500
content-type: text/html
<h1>boom</h1>
\`\`\`

### What to do next

Mend what the check found, or the check, and run again.

### \`shop\`

| live now | \`shop\` |
| --- | --- |
| its version | \`${OLD}\` |
| its instances | 2 of 2 running |
| seen at | 08:16:03 UTC |
| address | [\`https://shop.example.com\`](https://shop.example.com) |
| version of this run, not live | \`${NEW}\` |
| kept for diagnosis | \`shop-failed-${NEW}\` |

| route | served by |
| --- | --- |
| \`shop.example.com\` | \`shop\` |
`);
  });

  test('refused inputs stand with their places', () => {
    const error = new InputError([
      { text: 'strategy: unknown', at: { file: 'ci/manifest.yml', line: 3, column: 7 } },
      { text: 'app: there is no "shp"' },
    ]);
    expect(page({ result: 'refused', error, apps: [] }, [])).toBe(`## ⛔ refused

It ended before anything was changed. It took 1 min 2 s.

### Why (\`input\`)

- \`ci/manifest.yml:3:7\` strategy: unknown
- app: there is no "shp"

### What to do next

Change what is named here, and run again.
`);
  });

  test('failed, with what failed on the way back, and with both versions on a route', () => {
    const routes = [
      { url: 'shop.example.com', by: ['shop'] },
      { url: 'api.example.com', by: ['shop', 'shop-candidate'] },
      { url: 'old.example.com', by: [] },
    ];
    const app = appOutcome({ live: { ...oldLive(), routes }, previous: [] });
    delete app.found;
    const shown = page(
      {
        result: 'failed',
        error: new VersionFault('It crashed 4 times.', 'start'),
        second: new PlatformFault('GET /v3/apps: no answer', false),
        apps: [app],
      },
      [],
    );
    expect(shown).toContain('## ❌ failed: `shop`\n\nIt did not come to a clean end: a person has to look.');
    expect(shown).toContain('### Why (`start`)\n\nIt crashed 4 times.\n');
    expect(shown).toContain('### And on the way back (`platform`)\n\nGET /v3/apps: no answer\n');
    expect(shown).toContain('### What to do next\n\nRun the same command again');
    // What is not as it should be comes first.
    expect(shown).toContain(`| \`api.example.com\` | \`shop and shop-candidate, together\` |
| \`old.example.com\` | \`nobody\` |
| \`shop.example.com\` | \`shop\` |`);
  });

  test('planned: each step with the calls that it stands for', () => {
    const plan = [
      {
        app: 'shop',
        title: 'push the bits',
        calls: ['cf push shop-candidate --no-start', 'PATCH /v3/apps/<candidate>'],
      },
      {
        app: 'shop',
        title: 'map shop.example.com to candidate',
        calls: ['POST /v3/routes/<x>/destinations a|b'],
      },
    ];
    const shown = page({ result: 'planned', apps: [], plan }, []);
    expect(shown).toBe(`## 📝 planned

This is what would be done. Nothing was changed. It took 1 min 2 s.

### What to do next

Run it without the input "plan" to do this.

### Plan

1. \`shop\`: push the bits
   - \`cf push shop-candidate --no-start\`
   - \`PATCH /v3/apps/<candidate>\`
2. \`shop\`: map shop.example.com to candidate
   - \`POST /v3/routes/<x>/destinations a|b\`
`);
    const many = {
      result: 'planned',
      apps: [],
      plan: Array.from({ length: 101 }, () => plan).flat(),
    } as const;
    const lists = skeleton(rendered(page(many, []))).filter((tag) => /^<[ou]l/.test(tag));
    expect(lists).toEqual(['<ol>', ...Array.from({ length: 200 }, () => '<ul>')]);
    expect(page(many, [])).toContain('\n\n2 more steps are in the log and in the output `plan`.');
  });

  test('shown: an app that was never deployed this way, and a deploy that is under way', () => {
    const { version: _, ...adopted } = oldLive();
    const {
      version: __,
      previousVersion: ___,
      found: ____,
      ...app
    } = appOutcome({ live: adopted, previous: [] });
    const shown = page(
      { result: 'shown', apps: [{ ...app, candidate: { version: NEW, phase: 'switching' } }] },
      [],
    );
    expect(shown).toContain('| its version | none: not deployed this way yet |');
    expect(shown).toContain(`| under way | \`${NEW}\`, switching |`);
  });

  test('nothing is live', () => {
    const live = { instances: { running: 0, wanted: 0 }, routes: [{ url: 'shop.example.com', by: [] }] };
    const shown = page({
      result: 'reverted',
      error: new VersionFault('no', 'start'),
      apps: [appOutcome({ live })],
    });
    expect(shown).toContain('| live now | nothing |');
    expect(shown).not.toContain('| its instances');
  });

  test('failed probes are an answer, and those of before the deploy are told apart', () => {
    const { watch } = deployed();
    const failing = {
      failures: 3,
      longestGapMs: 1_450.4,
      inconclusive: 2,
      failedBefore: 4,
      failingBefore: ['old.example.com'],
    };
    const shown = page(deployed({ ...(watch ? { watch: { ...watch, ...failing } } : {}) }));
    expect(shown).toContain(
      "Somebody noticed: 3 of the watch's 406 requests on the production routes failed.",
    );
    const unclear = { ...failing, failures: 0 };
    expect(page(deployed({ ...(watch ? { watch: { ...watch, ...unclear } } : {}) }))).toContain(
      "Nobody noticed, as far as could be told: none of the watch's 406 requests on the production routes failed that count, and 2 failed while the platform did not answer either.",
    );
    expect(shown).toContain('| longest gap | 1.5 s |');
    expect(shown).toContain('| inconclusive: the platform did not answer either | 2 |');
    expect(shown).toContain('| routes that failed before this run | `old.example.com` |');
  });

  test('the pauses of a canary: the real share of the instances, and what was seen of both', () => {
    const figures = { probes: 20, errors: 0, medianMs: 12.4 };
    const pauses = [
      { pause: 1, pauses: 2, canary: 1, live: 3, verdict: { canary: figures, live: figures } },
      {
        pause: 2,
        pauses: 2,
        canary: 3,
        live: 0,
        verdict: { canary: { probes: 60, errors: 60 }, live: { probes: 0, errors: 0 }, bad: 'it | fails' },
      },
    ];
    const shown = page(deployed({ apps: [appOutcome({ found: { ...nothingFound(), pauses } })] }));
    expect(shown).toContain('### Canary of `shop`');
    expect(shown).toContain(
      '| 1 of 2 | 1 of 4 | 25 % | 0 of 20 probes failed, median 12 ms | 0 of 20 probes failed, median 12 ms | as good as live |',
    );
    expect(shown).toMatch(
      /\| 2 of 2 \| 3 of 3 \| 100 % \| 60 of 60 probes failed \| none left \| it .*fails \|/,
    );
  });

  test('a proof that is not a full one says why', () => {
    const found = {
      ...nothingFound(),
      proofs: [
        { routeUrl: 'shop.example.com', proof: 'none' as const, requests: 0, because: 'no way there' },
      ],
      notes: ['Route old.example.com is dropped.'],
    };
    const shown = page(deployed({ apps: [appOutcome({ found })] }));
    expect(shown).toContain('- `shop.example.com`: could not be proven from here (no way there)');
    expect(shown).toContain('### Notes on `shop`\n\n- Route old.example.com is dropped.');
  });
});

describe('no text of others becomes structure', () => {
  const skeletonOf = (text: string) => {
    const { outcome, timeline, probes } = hostile(text);
    const pages = { repository: 'https://github.com/octo/shop', run: '' };
    return skeleton(rendered(summaryOf(outcome, storyOf(timeline, { probes }), 1, asIs, { pages }))).filter(
      (tag) => !/^<\/?span>$/.test(tag),
    );
  };
  const ours = skeletonOf('harmless');

  test('the page has what it has', () => expect(ours.length).toBeGreaterThan(80));
  test.each(MARKDOWN_ATTACKS)('%j', (text) => expect(skeletonOf(text)).toEqual(ours));
});

describe('secrets', () => {
  test.each(['s3cret_with*signs', 'p|pe<and>`tick`', 'https://u:pw@host', 'half\u202eturned'])(
    '%s',
    (secret) => {
      const { outcome, timeline } = hostile(`x ${secret} y`);
      const shown = summaryOf(outcome, storyOf(timeline), 1, redactor([secret]));
      const { outcome: empty, timeline: none } = hostile('x *** y');
      expect(shown).toBe(summaryOf(empty, storyOf(none), 1, asIs));
      expect(shown).toContain('x \\*\\*\\* y');
    },
  );
});
