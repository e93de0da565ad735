/** `INPUT_*` -> a readonly `Inputs`. Everything that is unknown, does not parse or contradicts itself is refused, all at once. */
import { useless, usualStrategy } from './inputs/by-command.js';
import { signIn } from './inputs/sign-in.js';
import { INPUTS, type InputName, type InputSpec, LATER_INPUTS } from './inputs/table.js';
import { didYouMean, nearest, Wrong } from './inputs/values.js';
import { circleIn, circleText } from './manifest/order.js';
import { likelySecrets } from './manifest/secrets.js';
import type { Inputs } from './model/asked.js';
import { InputError, type Problem } from './model/errors.js';
import { MINUTE_MS, type Strategy } from './model/words.js';

export type Environment = Readonly<Record<string, string | undefined>>;

/** As the cf CLI waits for staging when nothing else is said. */
const STAGING_TIMEOUT_MS = 15 * MINUTE_MS;

const NAMES = Object.keys(INPUTS) as InputName[];

type Given = {
  [Name in InputName]: (typeof INPUTS)[Name] extends InputSpec<infer T, infer Sure>
    ? Sure extends true
      ? T
      : T | undefined
    : never;
};
type Values = Omit<Given, 'strategy'> & { strategy: Strategy };

/**
 * @param env the step's environment: `INPUT_*` as the runner sets them (spaces and case folded, '' for what is not given),
 *   `CF_STAGING_TIMEOUT` and `CF_STARTUP_TIMEOUT` in minutes
 * @throws InputError with all that is wrong
 */
export function readInputs(env: Environment): Inputs {
  const { values, problems: unread } = parseAll(env);
  const { problems: unknown, warnings } = unknownInputs(env);
  const { credentials, problems: unsigned } = signIn(values);
  const minutes = {
    staging: timeoutOf(env, 'CF_STAGING_TIMEOUT'),
    startup: timeoutOf(env, 'CF_STARTUP_TIMEOUT'),
  };
  const problems = [
    ...unread,
    ...unknown,
    ...unsigned,
    ...contradictions(values),
    ...minutes.staging.problems,
    ...minutes.startup.problems,
  ];
  if (problems.length > 0 || !credentials) throw new InputError(problems);
  const startTimeoutMs = values['start-timeout'] ?? minutes.startup.ms;
  const given = NAMES.filter((name) => isGiven(env, name));
  return {
    command: values.command,
    plan: values.plan,
    api: values.api,
    org: values.org,
    space: values.space,
    skipSslValidation: values['skip-ssl-validation'],
    credentials,
    cfVersion: values['cf-version'],
    manifest: values.manifest,
    vars: values.vars ?? {},
    varsFiles: values['vars-files'] ?? [],
    env: values.env ?? {},
    docker: {
      ...present('image', values['docker-image']),
      ...present('username', values['docker-username']),
      ...present('password', values['docker-password']),
    },
    strategy: values.strategy,
    maxInFlight: values['max-in-flight'],
    ...(values.strategy === 'canary' ? { instanceSteps: values['instance-steps'] } : {}),
    workers: values.workers,
    carry: values.carry,
    scale: values.scale,
    smokeTest: values['smoke-test'] ?? [],
    hold: values.hold,
    bakeMs: values.bake,
    drainMs: values.drain,
    watch: values.watch,
    failureLimit: values['failure-limit'],
    keepPrevious: values['keep-previous'],
    keepFailed: values['keep-failed'],
    force: values.force,
    stagingTimeoutMs: values['staging-timeout'] ?? minutes.staging.ms ?? STAGING_TIMEOUT_MS,
    summary: values.summary,
    ...present('report', values.report),
    given,
    secrets: secretsOf(values),
    warnings: [...warnings, ...useless(values.command, given), ...unchecked(values)],
    ...present('caCertificate', values['ca-certificate']),
    ...present('router', values.router),
    ...present('cfChecksum', values['cf-checksum']),
    ...present('cfUrl', values['cf-url']),
    ...present('app', values.app),
    ...present('path', values.path),
    ...present('order', values.order),
    ...present('dropletGuid', values['droplet-guid']),
    ...present('trialDomain', values['trial-domain']),
    ...present('smokeScript', values['smoke-script']),
    ...present('task', values.task),
    ...present('watchPath', values['watch-path']),
    ...present('timeoutMs', values.timeout),
    ...present('startTimeoutMs', startTimeoutMs),
    ...present('to', values.to),
    ...present('githubToken', values['github-token']),
    preview: {
      ttlMs: values['preview-ttl'],
      max: values['preview-max'],
      services: values['preview-services'],
      allowFork: values['allow-fork'],
      ...present('idleMs', values['preview-idle']),
      ...present('id', values['preview-id']),
      ...present('domain', values['preview-domain']),
    },
    comment: values.comment,
    deployment: values.deployment,
  };
}

/** @returns whether a pattern `org/space`, in which `*` stands for any text, names the target. */
export function isAllowedTarget(patterns: readonly string[], org: string, space: string): boolean {
  const matches = (pattern: string, name: string) => {
    const parts = pattern.split('*').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${parts.join('.*')}$`, 's').test(name);
  };
  return patterns.some((pattern) => {
    const [orgPattern = '', spacePattern = ''] = pattern.split('/');
    return matches(orgPattern, org) && matches(spacePattern, space);
  });
}

function parseAll(env: Environment): { values: Values; problems: readonly Problem[] } {
  const problems: Problem[] = [];
  const values = NAMES.map((name) => {
    const spec: InputSpec<unknown> = INPUTS[name];
    const given = givenText(env, name) || spec.default;
    if (given === '') {
      if (spec.required) problems.push({ text: `The input "${name}" is missing.` });
      return [name, undefined];
    }
    try {
      return [name, spec.parse(given)];
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      problems.push(...error.texts.map((what) => ({ text: `The input "${name}" ${what}.` })));
      // A value that parses lets the other checks go on; the error is thrown after them.
      return [name, spec.default === '' ? undefined : spec.parse(spec.default)];
    }
  });
  const given = Object.fromEntries(values) as Given;
  return { values: { ...given, strategy: given.strategy ?? usualStrategy(given.command) }, problems };
}

function givenText(env: Environment, name: InputName): string {
  const given = env[variableOf(name)] ?? '';
  return INPUTS[name].raw ? given.replace(/\r?\n$/, '') : given.trim();
}

function isGiven(env: Environment, name: InputName): boolean {
  const { expression }: InputSpec<unknown> = INPUTS[name];
  if (expression !== undefined) return false;
  const given = givenText(env, name);
  return given !== '' && given !== INPUTS[name].default;
}

/** As the runner names it: only spaces are replaced, a hyphen stays. */
function variableOf(name: string): string {
  return `INPUT_${name.toUpperCase()}`;
}

/** A misspelled input is one without a value too: a secret that is not set is empty. */
function unknownInputs(env: Environment): { problems: readonly Problem[]; warnings: readonly string[] } {
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const known = new Set(NAMES.map(variableOf));
  for (const [variable, value] of Object.entries(env)) {
    if (!variable.startsWith('INPUT_') || known.has(variable) || value === undefined) continue;
    const name = variable.slice('INPUT_'.length).toLowerCase();
    if (LATER_INPUTS.includes(name)) {
      if (value !== '') problems.push({ text: `The input "${name}" is not available yet.` });
    } else if (nearest(name, NAMES) !== undefined) {
      problems.push({ text: `There is no input "${name}"${didYouMean(name, NAMES)}.` });
    } else if (nearest(name, LATER_INPUTS) !== undefined) {
      problems.push({
        text: `There is no input "${name}", and "${nearest(name, LATER_INPUTS)}" is not available yet.`,
      });
    } else {
      warnings.push(`There is no input "${name}"; it is ignored.`);
    }
  }
  return { problems, warnings };
}

function contradictions(values: Values): readonly Problem[] {
  const problems: Problem[] = [];
  if (values['skip-ssl-validation'] && values['ca-certificate'] !== undefined) {
    problems.push({
      text: '"ca-certificate" is of no use while "skip-ssl-validation" is true: give one of them.',
    });
  }
  if (values['docker-image'] !== undefined && values.path !== undefined) {
    problems.push({ text: '"docker-image" is instead of bits: leave out "path", or it.' });
  }
  if (!values.watch && values['watch-path'] !== undefined) {
    problems.push({ text: '"watch-path" is given, but "watch" is false: nothing would be watched there.' });
  }
  if (values.hold && values.command !== 'deploy') {
    problems.push({ text: `"hold" is for the command deploy: ${values.command} holds nothing.` });
  }
  if (values.hold && values.order !== undefined && values.strategy === 'canary') {
    problems.push({
      text: '"order" does not fit a canary with "hold": the canaries of all apps take requests while they are held, in no order. Leave one of the three out.',
    });
  }
  const circle = values.order && circleIn(values.order);
  // A manifest has the place of its apps, and refuses it with that.
  if (circle && !DEPLOYING.includes(values.command)) {
    problems.push({ text: circleText(circle) });
  }
  // A rollback in place has no other word for it.
  if (values['max-in-flight'] !== 1 && values.strategy === 'blue-green' && values.command !== 'rollback') {
    problems.push({
      text: `"max-in-flight" is for the strategies rolling and canary: ${values.strategy} replaces all instances at once.`,
    });
  }
  const { 'instance-steps': weights, strategy } = values;
  if (
    strategy !== 'canary' &&
    String(weights) !== String(INPUTS['instance-steps'].parse(INPUTS['instance-steps'].default))
  ) {
    problems.push({ text: `"instance-steps" is for the strategy canary: ${strategy} has no pauses.` });
  }
  if (values.workers === 'handover' && strategy !== 'blue-green' && CHANGING.includes(values.command)) {
    problems.push({
      text: `"workers: handover" is for the strategy blue-green: with ${strategy} the platform decides when processes are replaced.`,
    });
  }
  for (const name of ['path', 'docker-image'] as const) {
    if (values.command !== 'deploy' || values['droplet-guid'] === undefined || values[name] === undefined)
      continue;
    problems.push({
      text: `"droplet-guid" and "${name}" are both given, and a droplet holds its bits already: give one of them.`,
    });
  }
  const { org, space, 'allowed-targets': allowed } = values;
  if (allowed && org !== undefined && space !== undefined && !isAllowedTarget(allowed, org, space)) {
    problems.push({
      text: `The target ${org}/${space} is none of those in "allowed-targets": ${allowed.join(', ')}.`,
    });
  }
  return problems;
}

function unchecked(values: Values): readonly string[] {
  return values['skip-ssl-validation']
    ? [
        '"skip-ssl-validation" is true: whoever stands between here and the platform can read the sign-in and change the version. Give the certificate of its authority as "ca-certificate" instead.',
      ]
    : [];
}

/** Commands that read the manifest with the order. */
const DEPLOYING: readonly Values['command'][] = ['deploy', 'preview'];
/** Commands that have a strategy. */
const CHANGING: readonly Values['command'][] = ['deploy', 'restart', 'restage'];
/** The CLI's own variables, in minutes; fractions are legal. */
function timeoutOf(env: Environment, name: string): { ms?: number; problems: readonly Problem[] } {
  const given = (env[name] ?? '').trim();
  if (given === '') return { problems: [] };
  const minutes = Number(given);
  if (/^\d+(\.\d+)?$/.test(given) && minutes > 0)
    return { ms: Math.round(minutes * MINUTE_MS), problems: [] };
  return {
    problems: [
      { text: `The environment variable ${name} is "${given}"; it is a number of minutes above 0.` },
    ],
  };
}

const ORDINARY_HEADERS = /^(accept(-.*)?|cache-control|content-type|user-agent)$/i;

/** A value that is also shown on purpose (the target's name) is not hidden: it would hide the log itself. */
function secretsOf(values: Values): readonly string[] {
  const shown = new Set([values.org, values.space, values.app, values.username, values['client-id']]);
  const headers = (values['smoke-test'] ?? []).flatMap((check) =>
    Object.entries(check.headers)
      .filter(([name]) => !ORDINARY_HEADERS.test(name))
      .flatMap(([, value]) => [value, value.replace(/^(basic|bearer|token)\s+/i, '')]),
  );
  const likely = [
    ...headers,
    ...addressSecrets(values),
    ...likelySecrets(values.env ?? {}),
    ...likelySecrets(values.vars ?? {}),
  ];
  const { password, 'client-secret': secret, 'docker-password': ofRegistry, 'github-token': token } = values;
  const tokens = [password, secret, ofRegistry, token].filter((one) => one !== undefined);
  const found = likely.filter((value) => value !== '' && !shown.has(value));
  return [...new Set([...tokens, ...found])];
}

/** Of what the query of a check or of the watched path carries. */
function addressSecrets(values: Values): readonly string[] {
  const checked = (values['smoke-test'] ?? []).map(({ target }) =>
    'path' in target ? target.path : target.url,
  );
  return [...checked, values['watch-path'] ?? '/']
    .flatMap((address) => [...new URL(address, 'http://any').searchParams])
    .flatMap(([name, value]) => likelySecrets({ [name]: value }));
}

function present<Name extends string, T>(name: Name, value: T | undefined): { [N in Name]?: T } {
  return (value === undefined ? {} : { [name]: value }) as { [N in Name]?: T };
}
