import type { CrashEvent } from '../model/cloud.js';
import type { Platform } from '../platform/calls.js';

const LINES = 25;

/**
 * The app's last words for an error: log lines and crash reasons, oldest first. Untrusted text. Empty when the platform does
 * not tell: evidence only informs, so that the real fault is never hidden by a second one.
 */
export async function evidenceOf(platform: Platform, appGuid: string, crashes: readonly CrashEvent[] = []) {
  const logs = await platform.recentLogs(appGuid, LINES).catch(() => []);
  return [
    ...logs.map(({ source, instance, text }) => `[${source}/${instance}] ${text}`),
    ...crashes.slice(0, 3).reverse().map(crashText),
  ];
}

export function crashText({ index, reason, exitDescription, exitStatus }: CrashEvent): string {
  const status = exitStatus === undefined ? '' : `, exit status ${exitStatus}`;
  return `instance ${index}: ${reason}${status}${exitDescription ? `: ${exitDescription}` : ''}`;
}
