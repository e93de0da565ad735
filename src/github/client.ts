/** What GitHub knows of workflow runs and commits. It only informs: what it does not say is undefined, never an error. */
import type { Clock, Http, HttpResponse } from '../model/ports.js';
import {
  type Age,
  ageOf,
  commitOf,
  type Outcome,
  type Run,
  repositoryAddress,
  runOf,
  verdictOf,
} from './answers.js';
import { callGitHub, jsonOf, WAITS_MS } from './call.js';
import { COMMITS_PER_PAGE, type CommitsBetween, commitsIn } from './commits.js';

export type { Age, Run } from './answers.js';

/** Every answer may be undefined: GitHub does not say, was not asked, or is not there. Rejects with the signal's reason only. */
export interface GitHub {
  /**
   * A run of the repository's workflows.
   * @param id `GITHUB_RUN_ID`; of what is no number nothing is known
   * @param attempt that attempt; else the newest
   */
  run(id: string, attempt?: number): Promise<Run | undefined>;
  /** How the commit `head` stands to the commit `base`, both in full: `newer` when head has all of base and more. */
  compare(base: string, head: string): Promise<Age | undefined>;
  /** The commits, both in full, that `head` has and `base` has not: the newest ones, where they are many. */
  between(base: string, head: string): Promise<CommitsBetween | undefined>;
}

export interface GitHubOptions {
  http: Http;
  clock: Clock;
  /** `GITHUB_API_URL`; asked only over https, or on this machine. */
  apiUrl?: string | undefined;
  /** Without one nothing is asked. */
  token?: string | undefined;
  /** `owner/name`. */
  repository?: string | undefined;
  signal?: AbortSignal;
  /** Is told why something is not known, each reason once. */
  tell?(text: string): void;
}

type Permission = 'actions' | 'contents';

export function createGitHub(options: GitHubOptions): GitHub {
  const { http, clock, token, signal } = options;
  const address = repositoryAddress(options.apiUrl ?? '', options.repository ?? '');
  const told = new Set<string>();
  const refused = new Set<Permission>();
  const ages = new Map<string, Promise<Age | undefined>>();

  function tell(text: string): void {
    if (told.has(text)) return;
    told.add(text);
    options.tell?.(text);
  }

  /** @returns the answer's JSON, or undefined */
  async function read(path: string, permission: Permission): Promise<unknown> {
    if (!token || refused.has(permission)) return undefined;
    if (address === undefined) {
      if (options.apiUrl) tell('GitHub is not asked: its address is neither https nor on this machine.');
      return undefined;
    }
    for (let attempt = 0; ; attempt++) {
      const response = await callGitHub({ http, token, signal }, { method: 'GET', url: address + path });
      const outcome: Outcome = response ? { kind: 'answered', response } : { kind: 'lost' };
      const verdict = verdictOf(outcome);
      if (response && verdict.kind === 'answer') return jsonOf(response);
      const waitMs = WAITS_MS[attempt];
      if (verdict.kind === 'again' && waitMs !== undefined) {
        await clock.sleep(Math.max(waitMs, verdict.afterMs), signal);
        continue;
      }
      if (verdict.kind === 'no') refused.add(permission);
      tell(reasonOf(permission, response));
      return undefined;
    }
  }

  /** Only how they stand is wanted: of the commits between them the fewest that can be asked for. */
  async function ask(from: string, to: string): Promise<Age | undefined> {
    return ageOf(await read(`/compare/${from}...${to}?per_page=1`, 'contents'), from);
  }

  return {
    async run(id, attempt) {
      if (!/^\d+$/.test(id)) return undefined;
      const path = `/actions/runs/${id}${attempt === undefined ? '' : `/attempts/${attempt}`}`;
      return runOf(await read(path, 'actions'), id, attempt);
    },
    async compare(base, head) {
      const [from, to] = [commitOf(base), commitOf(head)];
      if (from === undefined || to === undefined) return undefined;
      if (from === to) return 'same';
      // Two commits never stand otherwise: they are asked for once.
      const known = ages.get(`${from} ${to}`) ?? ask(from, to);
      ages.set(`${from} ${to}`, known);
      return known;
    },
    async between(base, head) {
      const [from, to] = [commitOf(base), commitOf(head)];
      if (from === undefined || to === undefined) return undefined;
      if (from === to) return { commits: [], total: 0, missing: 0 };
      const pageOf = async (page: number) => {
        const query = `per_page=${COMMITS_PER_PAGE}&page=${page}`;
        return commitsIn(await read(`/compare/${from}...${to}?${query}`, 'contents'), from);
      };
      const first = await pageOf(1);
      // The oldest come first.
      const last = Math.ceil((first?.total ?? 0) / COMMITS_PER_PAGE);
      return last > 1 ? ((await pageOf(last)) ?? first) : first;
    },
  };
}

const ABOUT = {
  actions: 'whether a workflow run has ended',
  contents: 'which of two commits is the newer one',
};

function reasonOf(permission: Permission, response: HttpResponse | undefined): string {
  const what = `GitHub does not say ${ABOUT[permission]}`;
  if (!response) return `${what}: it cannot be reached.`;
  const { status, headers } = response;
  if (headers['x-ratelimit-remaining'] === '0' && status !== 200)
    return `${what}: the token's rate limit is used up (${status}).`;
  if (status === 401) return `${what}: it does not accept the token (401).`;
  if (status === 403) return `${what}: the token needs the permission "${permission}: read" (403).`;
  if (status === 404)
    return `${what}: it knows none such, or the token has no permission "${permission}: read" (404).`;
  return `${what} (${status}).`;
}
