/** What the command says of inputs: the strategy where none is named, and those that it has no use for. */
import type { Command, Strategy } from '../model/words.js';
import type { InputName } from './table.js';

/** What is started once more is the same app still. */
export function usualStrategy(command: Command): Strategy {
  return STARTED_ANEW.includes(command) ? 'rolling' : 'blue-green';
}

const STARTED_ANEW: readonly Command[] = ['restart', 'restage'];

/** What a command has no use for. One workflow may have all commands: it is no error. */
export function useless(command: Command, given: readonly InputName[]): readonly string[] {
  return [...ofMaking(command, given), ...ofTask(command, given)];
}

function ofTask(command: Command, given: readonly InputName[]): string[] {
  return !given.includes('task') || command === 'deploy' || command === 'preview'
    ? []
    : [`"task" is of no use to ${command}: it runs once for each version, when that is deployed.`];
}

function ofMaking(command: Command, given: readonly InputName[]): readonly string[] {
  if (command === 'promote') {
    return given
      .filter((name) => MAKING.includes(name))
      .map((name) => `"${name}" is of no use to promote: the version goes live as it was held.`);
  }
  if (!STARTED_ANEW.includes(command)) return [];
  return given
    .filter((name) => BRINGING.includes(name) || (name === 'manifest' && given.includes('app')))
    .map(
      (name) => `"${name}" is of no use to ${command}: the bits are live's, and so is what a manifest says.`,
    );
}

const MAKING: readonly InputName[] = [
  'path',
  'docker-image',
  'docker-username',
  'docker-password',
  'droplet-guid',
  'env',
  'workers',
  'trial-domain',
  'force',
];

/** What says which version it is, or what it has beside live. */
const BRINGING: readonly InputName[] = [
  'path',
  'vars',
  'vars-files',
  'docker-image',
  'docker-username',
  'docker-password',
  'droplet-guid',
  'carry',
  'scale',
  'to',
];
