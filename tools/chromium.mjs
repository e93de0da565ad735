/**
 * The browser that tests look through: the one that `CHROMIUM` names, one that is installed, or Debian's package `chromium`, which
 * is installed where this machine has none.
 */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { aptInstall } from './apt.mjs';
import { linked } from './binaries.mjs';
import { missing } from './once.mjs';
import { timed } from './say.mjs';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome'];
/** What a page of GitHub needs to look like one: its signs, and letters of the widths that it is laid out for. */
const PACKAGES = ['chromium', 'fonts-noto-color-emoji', 'fonts-liberation'];

/**
 * @returns path of Chromium
 * @throws Error when there is none, and none can be installed
 */
export async function chromium() {
  if (process.env.CHROMIUM) return process.env.CHROMIUM;
  await missing('chromium', () => installed() !== undefined, install);
  const found = installed();
  if (found) return linked('chromium', found);
  throw new Error('Chromium was installed, and is not on the PATH: name it in CHROMIUM');
}

function installed() {
  const folders = (process.env.PATH ?? '').split(delimiter);
  return NAMES.flatMap((name) => folders.map((folder) => join(folder, name))).find(isProgram);
}

function isProgram(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function install() {
  await timed('Chromium', () => aptInstall(...PACKAGES)).catch((error) => {
    throw new Error(`Chromium is needed: install it, or name it in CHROMIUM\n${error.message}`);
  });
}
