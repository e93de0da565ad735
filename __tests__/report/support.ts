/** Outcomes as commands end, and a page as a reader sees it. */
import { marked } from 'marked';
import type { AppOutcome, Outcome } from '../../src/commands/outcome.js';
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

export const asIs = (text: string) => text;

/** As GitHub renders Markdown: links made of bare addresses, tables, HTML passed on. */
export function rendered(markdown: string): string {
  return marked.parse(markdown, { gfm: true, async: false });
}

/** The elements of a page, without any text: what of a text became structure shows here. */
export function skeleton(html: string): string[] {
  return html.match(/<[^>]*>/g) ?? [];
}
