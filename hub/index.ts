/**
 * A local GitHub: the API of one repository over real HTTP, for `GITHUB_API_URL`. Shapes as GitHub publishes them
 * (`openapi.json`, cut by `tools/openapi.mjs`); what is in it is set by tests, and requests change comments and deployments only.
 */
import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Gate, tokenOf } from './gate.js';
import { Places } from './places.js';
import { ACTIONS_BOT } from './present.js';
import { type Answer, notFound, type Permission, ROWS, refusal } from './rows.js';
import {
  type CommentRecord,
  type CommitRecord,
  type DeploymentRecord,
  type PullRequestRecord,
  type RunSetting,
  State,
} from './state.js';

export type { Permission } from './rows.js';
export type {
  CommentRecord,
  CommitRecord,
  DeploymentRecord,
  PullRequestRecord,
  RunSetting,
} from './state.js';

export interface HubOptions {
  /** `owner/name`. Default: that of the mini-runner. */
  repository?: string;
  token?: string;
  /** What the token may read in a private repository, and write in any. Default: all that the hub has. */
  permissions?: readonly Permission[];
  /** In a public one everybody reads everything. Default: true. */
  isPrivate?: boolean;
  /** Requests in an hour. Default: 1000. */
  rateLimit?: number;
  /** Where the API begins, such as `/api/v3` of an own GitHub server. Default: at the root. */
  path?: string;
}

/** What happens to requests instead of an answer of the hub. */
export interface Fault {
  /** Matches path and query after the API's beginning. */
  path: RegExp;
  /** How many requests it hits. */
  times: number;
  /** `reset`: the connection breaks. `lost`: so it does, and all is done. `silence`: no answer ever. A text as body is sent as it is. */
  instead: 'reset' | 'lost' | 'silence' | Partial<Answer>;
}

export interface RequestSeen {
  method: string;
  /** With its query. */
  path: string;
  /** 0: no answer was given. */
  status: number;
  /** Whose token came with it. */
  token: 'ours' | 'another' | 'none';
}

export interface Hub {
  /** Without a slash at its end. */
  apiUrl: string;
  repository: string;
  token: string;
  /** Throws for a new attempt of what has not ended. */
  setRun(run: RunSetting): void;
  /** All commits, parents first. Throws where a parent is missing. */
  setCommits(commits: readonly CommitRecord[]): void;
  setPullRequest(pull: PullRequestRecord): void;
  /** @returns its id */
  addComment(pull: number, author: string, body: string): number;
  deleteComment(id: number): void;
  /** The oldest first. */
  comments(pull: number): readonly CommentRecord[];
  /** The newest first. */
  deployments(): readonly DeploymentRecord[];
  /** The first one that matches and is not used up is taken. */
  fail(fault: Fault): void;
  requests(): readonly RequestSeen[];
  close(): Promise<void>;
}

const ALL_PERMISSIONS: readonly Permission[] = [
  ...(['actions', 'contents', 'pull_requests', 'pull_requests:write'] as const),
  ...(['deployments', 'deployments:write'] as const),
];

/** Listens on 127.0.0.1, on any port. */
export async function startHub(options: HubOptions = {}): Promise<Hub> {
  const { repository = 'octo/shop', token = `ghs_${randomBytes(18).toString('hex')}`, path = '' } = options;
  const { isPrivate = true, permissions = ALL_PERMISSIONS, rateLimit = 1000 } = options;
  const state = new State();
  const gate = new Gate({ token, isPrivate, permissions, rateLimit }, Date.now);
  const seen: RequestSeen[] = [];
  // Of an own server beside its `/v3`.
  const graphql = `${path.replace(/\/v3$/, '')}/graphql`;
  const faults: Fault[] = [];

  const server = createServer(async (request, response) => {
    const sent = await jsonOf(request);
    const given = tokenOf(request.headers);
    const record = (status: number) =>
      seen.push({
        ...{ method: request.method ?? '', path: request.url ?? '', status },
        token: given === undefined ? 'none' : given === token ? 'ours' : 'another',
      });
    const fault = faults.find(({ path: hit, times }) => times > 0 && hit.test(below(path, request.url)));
    if (fault) fault.times -= 1;
    if (typeof fault?.instead === 'string') {
      if (fault.instead === 'lost') answerTo(request, sent);
      record(0);
      if (fault.instead !== 'silence') request.socket.resetAndDestroy();
      return;
    }
    const answer = fault
      ? { ...refusal(fault.instead.status ?? 500, 'Server Error'), ...fault.instead }
      : answerTo(request, sent);
    record(answer.status);
    send(response, answer, gate.headers());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const apiUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
  const places = new Places(apiUrl, repository, isPrivate);

  function answerTo(request: IncomingMessage, sent: unknown): Answer {
    if (request.method === 'POST' && request.url === graphql) return whoAsks(request);
    const url = new URL(below(path, request.url), apiUrl);
    const rest = afterRepository(url.pathname, repository);
    const row = ROWS.find(
      ({ operation, pattern }) => operation.startsWith(`${request.method} `) && pattern.test(rest ?? ''),
    );
    const refused = gate.refuses(request.headers, row);
    if (refused) return refused;
    if (!row) return notFound();
    const parts = (row.pattern.exec(rest ?? '') ?? []).slice(1);
    return row.answer({ places, state, query: url.searchParams, sent, parts });
  }

  /** The one thing that is asked of GraphQL. A job's token may not ask REST who it is. */
  function whoAsks(request: IncomingMessage): Answer {
    const refused = gate.refuses(request.headers, undefined);
    if (refused) return refused;
    if (tokenOf(request.headers) === undefined) return refusal(401, 'Requires authentication');
    return { status: 200, body: { data: { viewer: { login: ACTIONS_BOT } } } };
  }

  return {
    ...{ apiUrl, repository, token },
    setRun: (run) => state.setRun(run),
    setCommits: (commits) => state.setCommits(commits),
    setPullRequest: (pull) => state.setPullRequest(pull),
    addComment: (pull, author, body) => state.addComment(pull, author, body).id,
    deleteComment: (id) => state.deleteComment(id),
    comments: (pull) => (state.commentsOf(pull) ?? []).map((comment) => ({ ...comment })),
    deployments: () => state.deployments(),
    fail: (fault) => void faults.push({ ...fault }),
    requests: () => [...seen],
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function jsonOf(request: IncomingMessage): Promise<unknown> {
  const parts: Buffer[] = [];
  try {
    for await (const part of request) parts.push(part as Buffer);
    return JSON.parse(Buffer.concat(parts).toString('utf8'));
  } catch {
    return undefined;
  }
}

/** The path after the beginning of the API; what is not there becomes a path that nothing has. */
function below(beginning: string, url = '/'): string {
  return url.startsWith(`${beginning}/`) ? url.slice(beginning.length) : '/none';
}

/** Names of owners and repositories are compared without case, as GitHub does. */
function afterRepository(path: string, repository: string): string | undefined {
  const start = `/repos/${repository}/`.toLowerCase();
  return path.toLowerCase().startsWith(start) ? path.slice(start.length - 1) : undefined;
}

function send(
  response: ServerResponse,
  { status, body, headers }: Answer,
  usual: Record<string, string>,
): void {
  const json = typeof body !== 'string';
  response.writeHead(status, {
    'content-type': json ? 'application/json; charset=utf-8' : 'text/html; charset=utf-8',
    ...usual,
    ...headers,
  });
  response.end(json ? JSON.stringify(body) : body);
}
