/** Outcomes as commands end, and a page as a reader sees it. */
import { marked } from 'marked';
import type { AppOutcome, Outcome } from '../../src/commands/outcome.js';
import { InputError, VersionFault } from '../../src/model/errors.js';
import type { Story } from '../../src/report/story.js';
import { nothingFound } from '../../src/steps/world.js';

export const OLD = '20261101-100000-aaaaaaa';
export const NEW = '20261121-081500-bbbbbbb';
export const SEEN_AT_MS = Date.parse('2026-11-21T08:16:03Z');

export function appOutcome(more: Partial<AppOutcome> = {}): AppOutcome {
  return {
    app: 'shop',
    live: {
      app: 'shop',
      guid: 'guid-of-shop',
      version: NEW,
      dropletGuid: 'droplet-1',
      instances: { running: 3, wanted: 3 },
      routes: [{ url: 'shop.example.com', by: ['shop'] }],
    },
    seenAtMs: SEEN_AT_MS,
    url: 'https://shop.example.com',
    trialUrl: 'https://shop-candidate-abc123.example.com',
    version: NEW,
    previousVersion: OLD,
    previousAppGuid: 'guid-of-old',
    previousApp: `shop-previous-${OLD}`,
    previous: [`shop-previous-${OLD}`],
    failed: [],
    found: {
      ...nothingFound(),
      proofs: [{ routeUrl: 'shop.example.com', proof: 'every-instance', requests: 18 }],
      smoke: {
        passed: [
          {
            label: '/health',
            asked: 'shop-candidate-abc123.example.com/health',
            shows: 'every-instance',
            requests: 3,
          },
        ],
      },
    },
    ...more,
  };
}

/** Live as it was before the deploy. */
export function oldLive(): AppOutcome['live'] {
  return {
    app: 'shop',
    guid: 'guid-of-old',
    version: OLD,
    instances: { running: 2, wanted: 2 },
    routes: [{ url: 'shop.example.com', by: ['shop'] }],
  };
}

export function deployed(more: Partial<Outcome> = {}): Outcome {
  return {
    result: 'deployed',
    apps: [appOutcome()],
    watch: {
      requests: 412,
      failures: 0,
      inconclusive: 0,
      failedBefore: 0,
      longestGapMs: 0,
      byVersion: { [OLD]: 200, [NEW]: 212 },
      failingBefore: [],
    },
    cfVersion: '8.18.4',
    ...more,
  };
}

/** Of a run that began at the time of `NEW`. */
export function storyOf(steps: Story['steps'] = [], more: Partial<Story> = {}): Story {
  return {
    startedAtMs: Date.parse('2026-11-21T08:15:00Z'),
    steps,
    probes: { routes: [], versions: [], bucketMs: 1_000, buckets: [] },
    instances: [],
    calls: [],
    log: [],
    leftOut: { calls: 0, log: 0 },
    ...more,
  };
}

export const asIs = (text: string) => text;

/** As GitHub renders Markdown: links made of bare addresses, tables, HTML passed on. */
export function rendered(markdown: string): string {
  return marked.parse(markdown, { gfm: true, async: false });
}

/** The elements of a page, without any text: what of a text became structure shows here. */
export function skeleton(html: string): string[] {
  return html.match(/<[^>]*>/g) ?? [];
}

/** An outcome in which everything that comes from elsewhere is this text. */
export function hostile(text: string): {
  outcome: Outcome;
  timeline: Story['steps'];
  probes: Story['probes'];
} {
  const app = appOutcome({
    app: text,
    live: {
      app: text,
      version: text,
      instances: { running: 1, wanted: 1 },
      routes: [{ url: text, by: [`${text}2`] }],
    },
    url: text,
    version: `${text}3`,
    previousVersion: `${text}4`,
    candidate: { version: text, phase: 'made' },
    previous: [text],
    failed: [text],
    changes: {
      sameBits: false,
      settings: [{ what: text, before: text, after: text }],
      variables: { added: [text], removed: [text], changed: [text] },
      routes: { added: [text], removed: [text] },
    },
    commits: { before: 'a'.repeat(40), after: 'b'.repeat(40), come: commitsOf(text), leave: commitsOf(text) },
    found: {
      ...nothingFound(),
      notes: [text],
      proofs: [{ routeUrl: text, proof: 'none', requests: 0, because: text }],
      smoke: { passed: [{ label: text, asked: text, shows: 'nothing', because: text, requests: 1 }] },
    },
  });
  const { watch } = deployed();
  const outcome: Outcome = {
    result: 'failed',
    // One problem each: a text of several lines is a list, which is ours.
    error: new InputError([{ text, at: { file: text, line: 1, column: 1 } }]),
    second: new VersionFault(text.replaceAll('\n', ' '), 'smoke', [text]),
    apps: [app],
    plan: [{ app: text, title: text, calls: [text] }],
    ...(watch ? { watch: { ...watch, byVersion: { [text]: 1 }, failingBefore: [text] } } : {}),
  };
  const step = { title: text, startMs: 0, durationMs: 1, ok: true };
  const buckets = [0, 1, 2].map((at) => ({
    ...{ startMs: at * 1_000, failed: 1, others: 0, slowestMs: 1 },
    passed: [1],
  }));
  return {
    outcome,
    timeline: [step, { ...step, way: 'back' }],
    probes: { routes: [text], versions: [text], bucketMs: 1_000, buckets },
  };
}

function commitsOf(title: string) {
  return { commits: [{ sha: 'a'.repeat(40), title, pull: 12 }], total: 3, missing: 0 };
}

/** What names, log lines and answers may hold that Markdown or GitHub would heed. */
export const MARKDOWN_ATTACKS = [
  '<img src=x onerror=alert(1)>',
  '</details></code></pre><script>alert(1)</script>',
  '<!-- ',
  '<a href="https://evil.example">x</a>',
  '![x](https://evil.example/x.png)',
  '[click](https://evil.example)',
  '[ref]: https://evil.example',
  '<https://evil.example>',
  'https://evil.example and http://evil.example',
  'www.evil.example WWW.evil.example',
  'mail a.b@evil.example now',
  '@octocat @org/team',
  '`code` ``code`` ```code```',
  '``',
  '`',
  'ends with `',
  '` begins',
  '\\',
  'ends with \\',
  'a | b || c',
  'a \\| b \\\\| c',
  '`|` \\`| <b>x</b>',
  '| --- | --- |',
  '# heading',
  'x\n# heading',
  'x\n---',
  'x\n===',
  '- item',
  '+ item',
  '* item',
  '1. item',
  '12) item',
  '> quote',
  '- [ ] task',
  '*em* **strong** _em_ __strong__ ~~gone~~',
  '```\n```mermaid\ngraph TD\n```',
  '~~~mermaid\ngraph TD\n~~~',
  '    indented',
  '\tindented',
  '&lt;img src=x&gt; &#60;b&#62; &amp;',
  '$x^2$ $$y$$',
  '[^1] [^1]: note',
  '\u202eevil\u202c \u001b[31mred',
  '\u2028# heading',
  'a<br>b',
  ':+1: #1 GH-1',
];
