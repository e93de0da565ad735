/** The ports: everything that touches the world is passed in through one of these. The real sides are in `system/`. */

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with `signal.reason` as soon as the signal is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export interface HttpRequest {
  method: string;
  url: string;
  headers?: Readonly<Record<string, string>>;
  /** A stream is read as fast as it can be sent, once. */
  body?: string | Buffer | AsyncIterable<Buffer>;
  /** Whole request, connect to last byte. */
  timeoutMs: number;
  /** Connect here instead of to the URL's own address; `Host` and SNI stay those of the URL. */
  connectTo?: { protocol: 'http:' | 'https:'; host: string; port: number };
  /** A connection of its own, closed afterwards. Default: keep-alive. */
  fresh?: boolean;
  /** Longer bodies are cut here. Default 16 MiB. */
  maxBytes?: number;
  signal?: AbortSignal;
}

export interface HttpResponse {
  status: number;
  /** Names in lower case; repeated ones joined by a comma and a space. */
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  /** The body was longer than `maxBytes`. */
  cut: boolean;
  durationMs: number;
}

export interface Http {
  /** Follows no redirect. Throws `HttpFailure` (model/errors.ts) when no complete answer came. */
  request(request: HttpRequest): Promise<HttpResponse>;
}

export interface Connecting {
  host: string;
  port: number;
  /** How long a connection has to stay open where nothing is said on it. */
  openMs: number;
  /** Until it has to be open. */
  timeoutMs: number;
  signal?: AbortSignal;
}

/**
 * Opens a TCP connection, and closes it as soon as the other side said something, or left it open for so long. Throws `HttpFailure`:
 * a router that knows nobody behind it closes at once what it has just accepted (`connected`).
 */
export type Connect = (to: Connecting) => Promise<void>;

export interface ChildCommand {
  file: string;
  args: readonly string[];
  /** The whole environment of the child: nothing is inherited. */
  env: Readonly<Record<string, string>>;
  cwd?: string;
  stdin?: string;
  timeoutMs?: number;
  signal?: AbortSignal;
  onLine?: (stream: 'stdout' | 'stderr', line: string) => void;
}

export interface ChildResult {
  /** null when a signal ended it. */
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
  timedOut: boolean;
}

export interface Children {
  /** Runs to the end. The child and its process group cannot outlive us. Throws only when it cannot be started. */
  run(command: ChildCommand): Promise<ChildResult>;
}

/** What happens, told to whoever shows it (log, summary). Texts may hold untrusted bytes: the listener makes them safe. */
export type Event =
  | { type: 'group-start'; title: string; stage?: string; way?: string }
  | { type: 'group-end'; ok: boolean; durationMs: number }
  /** One line when something changed. */
  | { type: 'note'; text: string }
  | { type: 'warning'; text: string; at?: SourcePosition }
  /** Lines of other programs: the CLI, apps, staging. */
  | { type: 'foreign'; source: string; text: string };

/** What happened, in figures, for whoever draws it. Times are milliseconds since the epoch. Texts may hold untrusted bytes. */
export type Fact =
  /** A request of the watch. `status`: 0 where no HTTP answer came; `version`: as the app tells it. */
  | {
      type: 'probe';
      route: string;
      startedMs: number;
      durationMs: number;
      status: number;
      version?: string;
      /** As the watch counts it (probe/watch-account.ts). */
      end: ProbeEnd;
    }
  /** Web instances of live while its version is replaced in place: that can serve, and that there are to be. */
  | { type: 'instances'; app: string; atMs: number; ready: number; wanted: number; before: number };

export type ProbeEnd = 'passed' | 'failed' | 'inconclusive' | 'before';

export interface Listener {
  tell(event: Event): void;
  /** undefined: nobody keeps it. */
  record?(fact: Fact): void;
}

/** Lines and columns count from 1. `file` is as the user named it, relative to the workspace. */
export interface SourcePosition {
  file: string;
  line: number;
  column: number;
}

/** Files that nobody else on the machine may read. */
export interface Files {
  /** A new folder in `parent`, mode 0700. */
  privateFolder(parent: string, prefix: string): Promise<string>;
  /** Mode 0600; an old file is replaced in one go, and the last folder of the path is made when it is not there, mode 0700. */
  writePrivate(path: string, content: string | Buffer): Promise<void>;
  /** undefined: there is none. */
  read(path: string): Promise<Buffer | undefined>;
  /** A symbolic link at `path`, or a copy where there are none; its folder is made when it is not there, mode 0700. */
  link(target: string, path: string): Promise<void>;
  /** A file or a folder with all in it; none there is fine. */
  remove(path: string): Promise<void>;
}

/** A listener on this machine, for our children. */
export interface Loopback {
  /** Answers what is asked at a port of its own. Where `answer` throws, the connection breaks off without one. */
  serve(answer: (request: LocalRequest) => Promise<LocalAnswer>): Promise<{ origin: string; close(): void }>;
}

export interface LocalRequest {
  method: string;
  /** With its query. */
  path: string;
  /** Names in lower case. */
  headers: Readonly<Record<string, string>>;
  body: AsyncIterable<Buffer>;
  /** Whoever asked is gone. */
  signal: AbortSignal;
}

export interface LocalAnswer {
  status: number;
  headers: Readonly<Record<string, string>>;
  body: string | Buffer;
}

/** Where the report of a run comes from and goes to. */
export interface Reports {
  /** HTML with a place for the record. */
  page(): Promise<string>;
  /** @param path relative to the workspace, and never outside of it; folders that are missing are made */
  write(workspace: string, path: string, text: string): Promise<void>;
}

export interface Random {
  /** Lower-case letters and digits. */
  token(length: number): string;
}
