/**
 * Smoke checks of an app that only others inside the platform reach: `curl` asks in a task, each instance by its own internal name
 * (`INDEX.HOST.DOMAIN`, as the platform's service discovery answers it), and writes down what it got. Pure.
 */
import type { SmokeCheck } from '../model/asked.js';
import type { LogLine } from '../model/cloud.js';
import { HttpFailure } from '../model/errors.js';
import type { Outcome } from './answer.js';

/** Begins each line that the task writes for us. */
const MARK = 'zero-downtime-check';
/** Of a body; a line of the log holds 60 KiB. */
const BODY_BYTES = 16 * 1024;
const ONE_REQUEST_S = 10;

export interface AskInside {
  check: SmokeCheck & { target: { path: string } };
  /** Internal route of the candidate alone. */
  host: string;
  /** Of the container: inside nobody maps it to another one. */
  port: number;
  indexes: readonly number[];
}

/** What the check says that no task can do; undefined: it can be asked inside. */
export function notInside({ headers, follow, on, target }: SmokeCheck): string | undefined {
  if ('url' in target) return undefined;
  if (on === 'production') return 'runs after the switch, when no task has a route to the new version alone';
  // Whoever may read the app's tasks could read them.
  if (Object.keys(headers).length > 0) return 'has headers, which would stand in the command of a task';
  return follow ? 'follows redirects' : undefined;
}

/**
 * The command of the task, for any POSIX shell: it asks each instance until it has been answered as often in a row as the check wants,
 * or its time is over. It exits with 0 when the status was right for all.
 */
export function commandInside({ check, host, port, indexes }: AskInside): string {
  const { method, status, attemptsInARow, withinMs, target } = check;
  const fine = status === 'success' ? '2??' : status.join('|');
  const how = method === 'HEAD' ? '-I' : `-X ${quoted(method)}`;
  return [
    `f="\${TMPDIR:-/tmp}/answer"; bad=0; end=$(($(date +%s)+${Math.ceil(withinMs / 1_000)}))`,
    `command -v curl >/dev/null || { echo '${MARK} no curl'; exit 1; }`,
    `for i in ${indexes.join(' ')}; do n=0`,
    `while [ $n -lt ${attemptsInARow} ]; do`,
    `c=$(curl -s -g -o "$f" -w '%{http_code}' ${how} -m ${ONE_REQUEST_S} "http://$i."${quoted(`${host}:${port}${target.path}`)}); e=$?`,
    `case $c in ${fine}) n=$((n+1));; *) n=0; [ $(date +%s) -lt $end ] || break; sleep 1;; esac`,
    'done',
    `[ $n -ge ${attemptsInARow} ] || bad=1`,
    `echo "${MARK} $i $c $e $(head -c ${BODY_BYTES} "$f" 2>/dev/null | base64 | tr -d '\\n')"; rm -f "$f"`,
    'done',
    'exit $bad',
  ].join('\n');
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

export interface ToldInside {
  /** By index: the last answer of that instance. */
  answers: ReadonlyMap<number, Outcome>;
  /** The root file system of the droplet has none. */
  hasNoCurl: boolean;
}

/** @param task name of the task, by which its lines are known among the app's */
export function readInside(lines: readonly LogLine[], task: string): ToldInside {
  const told = lines.flatMap(({ source, text }) =>
    source.endsWith(`/TASK/${task}`) && text.startsWith(`${MARK} `)
      ? [text.slice(MARK.length + 1).trim()]
      : [],
  );
  const answers = told.flatMap((line): [number, Outcome][] => {
    const [, index, code, exit, body = ''] = /^(\d+) (\d{3}) (\d+)(?: ([A-Za-z0-9+/=]*))?$/.exec(line) ?? [];
    if (index === undefined) return [];
    const took = { startedMs: 0, durationMs: 0 };
    if (code === '000') {
      const failure = new HttpFailure(`curl ended with ${exit}`, 'other', false);
      return [[Number(index), { failure, ...took }]];
    }
    const bodyStart = Buffer.from(body, 'base64').toString('utf8');
    return [[Number(index), { status: Number(code), headers: {}, bodyStart, ...took }]];
  });
  return { answers: new Map(answers), hasNoCurl: told.includes('no curl') };
}
