/** Did anybody notice? What the watch on the production routes counted, and how it went over time. Pure. */
import type { WatchFigures } from '../probe/watch.js';
import { duration } from './log.js';
import { type Markdown, section, table } from './markdown.js';
import { watchPicture } from './picture.js';
import { type Story, switchOf } from './story.js';

/** Routes and versions that are named. */
const MOST = 30;

/** In a sentence. */
export function noticed({ requests, failures, failedBefore, inconclusive }: WatchFigures): string {
  const counted = requests - failedBefore - inconclusive;
  if (counted <= 0) return 'The watch met no production route that answered before.';
  if (failures > 0)
    return `Somebody noticed: ${failures} of the watch's ${counted} requests on the production routes failed.`;
  const none = `none of the watch's ${counted} requests on the production routes failed`;
  return inconclusive === 0
    ? `Nobody noticed: ${none}.`
    : `Nobody noticed, as far as could be told: ${none} that count, and ${inconclusive} failed while the platform did not answer either.`;
}

/** '' without a watch. */
export function watchPart(
  watch: WatchFigures | undefined,
  { probes, steps }: Pick<Story, 'probes' | 'steps'>,
  md: Markdown,
): string {
  if (!watch) return '';
  const versions = Object.entries(watch.byVersion).map(([version, count]) => `${md.code(version)}: ${count}`);
  const before = watch.failingBefore.slice(0, MOST).map((url) => md.code(url));
  const rows: [string, string][] = [
    ['requests', String(watch.requests)],
    ['failed', String(watch.failures)],
    ['longest gap', duration(watch.longestGapMs)],
    ['answers by version', versions.slice(0, MOST).join(', ')],
    ['inconclusive: the platform did not answer either', some(watch.inconclusive)],
    ['failed where a route failed, or was not there, before this run', some(watch.failedBefore)],
    ['routes that failed before this run', before.join(', ')],
  ];
  const picture = watchPicture(probes, [
    ['switch', switchOf(steps)],
    ['back', switchOf(steps, true)],
  ]);
  return section(
    'Did anybody notice?',
    [
      ...(picture.length > 0 ? [md.codeBlock(picture)] : []),
      table(
        ['watch', ''],
        rows.filter(([, value]) => value !== ''),
      ),
    ].join('\n\n'),
  );
}

function some(number: number): string {
  return number > 0 ? String(number) : '';
}
