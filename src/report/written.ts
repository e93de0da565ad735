/** Writes the report and its JSON into the workspace. Whether that goes well changes nothing of the run itself. */
import { join, relative, resolve, sep } from 'node:path';
import type { Outcome } from '../commands/outcome.js';
import { InputError } from '../model/errors.js';
import type { Reports } from '../model/ports.js';
import type { Log } from './log.js';
import { type Asked, type RunRecord, recordOf } from './record.js';
import type { Redact } from './redact.js';

export interface Writing {
  /** As the user named it. */
  path: string;
  asked: Asked;
  reports: Reports;
  log: Log;
  redact: Redact;
}

/**
 * @param path of the HTML file, as the user named it: relative ones are the workspace's
 * @returns relative to the workspace
 * @throws InputError when it leads out of the workspace
 */
export function reportPath(path: string, workspace: string): string {
  const inside = relative(workspace, resolve(workspace, path));
  if (inside === '' || inside.split(sep)[0] === '..' || resolve(inside) === inside) {
    const text = `"report" is "${path}", which is no file in the workspace: name one in it.`;
    throw new InputError([{ text }]);
  }
  return inside;
}

/** `report.json` for `report.html`. */
export function jsonPath(path: string): string {
  return `${path.replace(/\.html?$/i, '')}.json`;
}

/** @returns the path as it was named; undefined: it could not be written, which was told */
export async function writeReport(
  outcome: Outcome,
  { path, asked, reports, log, redact }: Writing,
): Promise<string | undefined> {
  const { workspace } = asked.context;
  try {
    const inside = reportPath(path, workspace);
    const record = recordOf(outcome, log.recorder.story(), log.elapsedMs(), asked, redact);
    const html = withRecord(await reports.page(), record);
    await reports.write(workspace, jsonPath(inside), `${JSON.stringify(record)}\n`);
    await reports.write(workspace, inside, html);
    return join(workspace, inside);
  } catch (error) {
    const text = `The report ${path} could not be written: ${(error as Error).message}`;
    log.tell({ type: 'warning', text });
    return undefined;
  }
}

const PLACE = '>{{record}}<';

/** No text of a record can end the element that it stands in. */
export function withRecord(page: string, record: RunRecord): string {
  const at = page.indexOf(PLACE);
  if (at === -1) throw new Error('its page has no place for a record');
  const json = JSON.stringify(record).replaceAll('<', '\\u003c');
  return `${page.slice(0, at)}>${json}<${page.slice(at + PLACE.length)}`;
}
