/** Ports that write down each call beside doing it: of the platform, of other services, and of the cf CLI. */
import type { Ports } from '../commands/open.js';
import type { ChildCommand, Http, HttpRequest } from '../model/ports.js';
import type { Recorder } from './recorder.js';

/** Words of a command that are kept: the rest are names, files and flags of one call alone. */
const WORDS = 2;

/** What is run beside the CLI, whose program may have any name. */
const SHELLS = /^(ba|da)?sh$|^(cmd|powershell|pwsh)(\.exe)?$/i;

/** @param api address of the platform's API */
export function recording(ports: Ports, recorder: Recorder, api: string): Ports {
  const { clock, children } = ports;
  const timed = async <T>(
    work: () => Promise<T>,
    of: { method: string; path: string; status(done: T): number },
  ): Promise<T> => {
    const startMs = clock.now();
    const write = (status: number) =>
      recorder.call({ method: of.method, path: of.path, status, startMs, durationMs: clock.now() - startMs });
    try {
      const done = await work();
      write(of.status(done));
      return done;
    } catch (error) {
      write(0);
      throw error;
    }
  };
  const recorded = (http: Http): Http => ({
    request: (request) =>
      isProbe(request, api)
        ? http.request(request)
        : timed(() => http.request(request), {
            ...{ method: request.method, path: pathOf(request.url, api) },
            status: ({ status }) => status,
          }),
  });
  return {
    ...ports,
    http: recorded(ports.http),
    publicHttp: recorded(ports.publicHttp),
    children: {
      run: (command) =>
        timed(() => children.run(command), {
          ...programOf(command),
          status: ({ code }) => code ?? -1,
        }),
    },
  };
}

/** A request to an app has a connection of its own: the watch keeps account of its own ones. */
function isProbe({ fresh, url }: HttpRequest, api: string): boolean {
  return fresh === true && new URL(url).origin !== new URL(api).origin;
}

/** Neither user nor query, either may be secret. */
function pathOf(address: string, api: string): string {
  const { origin, pathname } = new URL(address);
  return origin === new URL(api).origin ? pathname : `${origin}${pathname}`;
}

/** `cf`, and `push shop-candidate`. Of a script of the user's no word is kept: it stands in the command line. */
function programOf({ file, args }: ChildCommand): { method: string; path: string } {
  const program = file.split(/[\\/]/).at(-1) ?? '';
  return SHELLS.test(program)
    ? { method: 'run', path: program }
    : { method: 'cf', path: args.slice(0, WORDS).join(' ') };
}
