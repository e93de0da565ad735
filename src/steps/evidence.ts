import type { App, CrashEvent } from '../model/cloud.js';
import { VersionFault } from '../model/errors.js';
import type { Platform } from '../platform/calls.js';

const LINES = 25;
/** Of so many, as the requests of its users are lines of its log as well. */
const LINES_READ = 1_000;
/** What the routers say of requests is not what the app says. */
const ROUTERS = 'RTR';
const CRASHES = 3;

/**
 * The same fault, told of the app that has it, with its last words behind the fault's own evidence: log lines and crash reasons,
 * oldest first. Untrusted text. Without them when the platform does not tell: they only inform, and no second fault hides the
 * real one.
 */
export async function withLastWords(
  fault: VersionFault,
  { name, guid, createdAtMs }: Pick<App, 'name' | 'guid' | 'createdAtMs'>,
  platform: Platform,
): Promise<VersionFault> {
  const [logs, crashes] = await Promise.all([
    platform.recentLogs(guid, LINES_READ).catch(() => []),
    platform.crashes(guid, createdAtMs).catch(() => []),
  ]);
  const words = logs.filter(({ source }) => source !== ROUTERS).slice(-LINES);
  const message = fault.message.includes(name) ? fault.message : `${name}: ${fault.message}`;
  return new VersionFault(message, fault.code, [
    ...fault.evidence,
    ...words.map(({ source, instance, text }) => `[${source}/${instance}] ${text}`),
    ...crashes.slice(0, CRASHES).reverse().map(crashText),
  ]);
}

export function crashText({ index, reason, exitDescription, exitStatus }: CrashEvent): string {
  const status = exitStatus === undefined ? '' : `, exit status ${exitStatus}`;
  return `instance ${index}: ${reason}${status}${exitDescription ? `: ${exitDescription}` : ''}`;
}
