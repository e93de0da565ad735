import type * as r from '../state/records.js';
import { isSince } from './api-version.js';
import { dig, related, text } from './body.js';
import type { Core } from './core.js';
import { unprocessable } from './errors.js';
import { isObject } from './metadata.js';

/** What `POST /v3/deployments` asks for. */
export interface WantedDeployment {
  appGuid?: string;
  dropletGuid?: string;
  revisionGuid?: string;
  strategy: r.Deployment['strategy'];
  options: r.Deployment['options'];
  metadata: unknown;
}

const MOST = 2 ** 31;
const STEPS = 'Options canary steps';
const WEIGHT = `${STEPS} instance weight`;

/** Options by the API version that brought them (platform facts A1.6). */
const OPTIONS: readonly [name: string, since: string][] = [
  ['canary', '3.189.0'],
  ['max_in_flight', '3.173.0'],
  ['web_instances', '3.190.0'],
  ['memory_in_mb', '3.191.0'],
  ['disk_in_mb', '3.191.0'],
  ['log_rate_limit_in_bytes_per_second', '3.191.0'],
];

/** Reads and checks the body alone. Throws 422 with all that is wrong with it (CC deployment_create_message.rb). */
export function readDeployment(core: Core, body: Record<string, unknown>): WantedDeployment {
  const problems: string[] = [];
  const known = ['relationships', 'droplet', 'revision', 'strategy', 'metadata'];
  const hasOptions = isSince(core, '3.173.0');
  if (hasOptions) known.push('options');
  const unknown = Object.keys(body).filter((key) => !known.includes(key));
  if (unknown.length > 0) problems.push(`Unknown field(s): '${unknown.join("', '")}'`);
  const strategies = hasOptions ? ['rolling', 'canary'] : ['rolling'];
  const strategy = body.strategy ?? 'rolling';
  if (!strategies.includes(String(strategy))) {
    problems.push(`Strategy '${String(strategy)}' is not a supported deployment strategy`);
  }
  if (isSet(body.droplet) && isSet(body.revision)) {
    problems.push("Droplet Cannot set both fields 'droplet' and 'revision'");
  }
  const options = readOptions(core, hasOptions ? body.options : undefined, strategy === 'canary', problems);
  if (problems.length > 0) throw unprocessable(problems.join(', '));
  const appGuid = related(body, 'app');
  const dropletGuid = text(dig(body.droplet, 'guid'));
  const revisionGuid = text(dig(body.revision, 'guid'));
  return {
    ...(appGuid === undefined ? {} : { appGuid }),
    ...(dropletGuid === undefined ? {} : { dropletGuid }),
    ...(revisionGuid === undefined ? {} : { revisionGuid }),
    strategy: strategy === 'canary' ? 'canary' : 'rolling',
    options,
    metadata: body.metadata,
  };
}

function isSet(value: unknown): boolean {
  return isObject(value) && Object.keys(value).length > 0;
}

function readOptions(
  core: Core,
  given: unknown,
  isCanary: boolean,
  problems: string[],
): WantedDeployment['options'] {
  const options: WantedDeployment['options'] = { maxInFlight: 1 };
  if (given === undefined || given === null) return options;
  if (!isObject(given)) {
    problems.push('Options must be an object');
    return options;
  }
  const allowed = OPTIONS.filter(([, since]) => isSince(core, since)).map(([name]) => name);
  const unknown = Object.keys(given).filter((key) => !allowed.includes(key));
  if (unknown.length > 0) problems.push(`Options has unsupported key(s): ${unknown.join(', ')}`);
  const whole = (name: string, what: string, least: number): number | undefined => {
    const value = given[name];
    if (value === undefined || value === null) return undefined;
    if (Number.isInteger(value) && Number(value) >= least && Number(value) < MOST) return Number(value);
    problems.push(
      typeof value !== 'number'
        ? `${what} is not a number`
        : !Number.isInteger(value)
          ? `${what} must be an integer`
          : `${what} must be ${least === 1 ? 'greater than 0' : `greater than or equal to ${least}`}`,
    );
    return undefined;
  };
  const webInstances = whole('web_instances', 'Web instances', 0);
  const memoryMb = whole('memory_in_mb', 'Memory in mb', 1);
  const diskMb = whole('disk_in_mb', 'Disk in mb', 1);
  const logRateBps = whole('log_rate_limit_in_bytes_per_second', 'Log rate limit in bytes per second', -1);
  if (webInstances !== undefined) options.webInstances = webInstances;
  if (memoryMb !== undefined) options.memoryMb = memoryMb;
  if (diskMb !== undefined) options.diskMb = diskMb;
  if (logRateBps !== undefined) options.logRateBps = logRateBps;
  const maxInFlight = given.max_in_flight ?? 1;
  if (Number.isInteger(maxInFlight) && Number(maxInFlight) >= 1) options.maxInFlight = Number(maxInFlight);
  else problems.push('Max in flight must be an integer greater than 0');
  const steps = readCanary(given.canary, isCanary, problems);
  if (steps) options.canarySteps = steps;
  return options;
}

function readCanary(given: unknown, isCanary: boolean, problems: string[]): number[] | undefined {
  if (given === undefined || given === null || given === false) return undefined;
  if (!isObject(given)) {
    problems.push('Options canary must be an object');
    return undefined;
  }
  if (!isCanary) {
    problems.push('Options canary are only valid for Canary deployments');
    return undefined;
  }
  const { steps } = given;
  if (steps === undefined || steps === null) return undefined;
  if (!Array.isArray(steps) || !steps.every(isObject)) {
    problems.push(`${STEPS} must be an array of objects`);
    return undefined;
  }
  for (const step of steps) {
    const unknown = Object.keys(step).filter((key) => key !== 'instance_weight');
    if (unknown.length > 0) problems.push(`${STEPS} has unsupported key(s): ${unknown.join(', ')}`);
  }
  if (steps.some((step) => !('instance_weight' in step))) {
    problems.push(`${STEPS} missing key: "instance_weight"`);
  }
  const weights = steps.map((step) => step.instance_weight);
  if (!weights.every((w): w is number => Number.isInteger(w) && Number(w) >= 1 && Number(w) <= 100)) {
    problems.push(`${WEIGHT} must be an Integer between 1-100 (inclusive)`);
    return undefined;
  }
  if (weights.some((weight, i) => i > 0 && weight < (weights[i - 1] ?? 0))) {
    problems.push(`${WEIGHT} must be sorted in ascending order`);
  }
  return weights;
}
