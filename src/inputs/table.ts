/** Every input of the action, in the order of `action.yml`: its default there, and how its text becomes a value. */
import { COMMANDS, STRATEGIES } from '../model/words.js';
import { environment, variables } from './maps.js';
import { order } from './order.js';
import { previewServices } from './preview-services.js';
import { smokeTest } from './smoke-test.js';
import {
  aboveZero,
  boolean,
  cliVersion,
  domainName,
  downloadUrl,
  duration,
  githubToken,
  guid,
  imageName,
  integer,
  list,
  oneOf,
  type Parse,
  pem,
  percents,
  platformUrl,
  previewId,
  reportFile,
  router,
  sha256,
  targetPatterns,
  taskCommand,
  text,
  webPath,
} from './values.js';

/** `default` is what `action.yml` has, '' for none. A raw input comes as it is: spaces may belong to a password. */
export interface InputSpec<T, Sure extends boolean = boolean> {
  default: string;
  required: boolean;
  raw: boolean;
  parse: Parse<T>;
  /** There is always a value, or an error. */
  sure: Sure;
  /** `action.yml` has this expression for a default: the runner puts its value in, and whether it was given cannot be seen. */
  expression?: string;
}

const required = <T>(parse: Parse<T>): InputSpec<T, true> => ({
  default: '',
  required: true,
  raw: false,
  parse,
  sure: true,
});
const optional = <T>(parse: Parse<T>): InputSpec<T, false> => ({
  default: '',
  required: false,
  raw: false,
  parse,
  sure: false,
});
const by = <T>(value: string, parse: Parse<T>): InputSpec<T, true> => ({
  default: value,
  required: false,
  raw: false,
  parse,
  sure: true,
});
const secret: InputSpec<string, false> = { ...optional(text), raw: true };

export const INPUTS = {
  command: by('deploy', oneOf(COMMANDS)),
  plan: by('false', boolean),
  api: required(platformUrl),
  org: required(text),
  space: required(text),
  'allowed-targets': optional(targetPatterns),
  'skip-ssl-validation': by('false', boolean),
  'ca-certificate': optional(pem),
  router: optional(router),
  username: optional(text),
  password: secret,
  origin: optional(text),
  'client-id': optional(text),
  'client-secret': secret,
  oidc: by('false', boolean),
  'oidc-audience': optional(text),
  'cf-version': by('8.18.4', cliVersion),
  'cf-checksum': optional(sha256),
  'cf-url': optional(downloadUrl),
  manifest: by('manifest.yml', text),
  app: optional(text),
  path: optional(text),
  order: optional(order),
  vars: optional(variables),
  'vars-files': optional(list),
  env: optional(environment),
  'docker-image': optional(imageName),
  'docker-username': optional(text),
  'docker-password': secret,
  'droplet-guid': optional(guid),
  strategy: optional(oneOf(STRATEGIES)),
  'max-in-flight': by('1', integer(1, 10_000)),
  'instance-steps': by('10 50', percents),
  workers: by('overlap', oneOf(['overlap', 'handover'])),
  carry: by('all', oneOf(['all', 'manifest'])),
  scale: by('keep', oneOf(['keep', 'manifest'])),
  'trial-domain': optional(domainName),
  'smoke-test': optional(smokeTest),
  'smoke-script': optional(text),
  task: { ...optional(taskCommand), raw: true },
  hold: by('false', boolean),
  bake: by('0s', duration),
  drain: by('30s', duration),
  watch: by('true', boolean),
  'watch-path': optional(webPath),
  'failure-limit': by('2', integer(0, 1000)),
  'keep-previous': by('1', integer(0, 100)),
  'keep-failed': by('true', boolean),
  to: optional(text),
  force: by('false', boolean),
  timeout: optional(aboveZero(duration)),
  'staging-timeout': optional(aboveZero(duration)),
  'start-timeout': optional(aboveZero(duration)),
  'preview-id': optional(previewId),
  'preview-domain': optional(domainName),
  'preview-ttl': by('14d', aboveZero(duration)),
  'preview-idle': optional(aboveZero(duration)),
  'preview-max': by('20', integer(1, 10_000)),
  'preview-services': by('shared', previewServices),
  'allow-fork': by('false', boolean),
  comment: by('true', boolean),
  deployment: by('true', boolean),
  'github-token': { ...optional(githubToken), expression: 'github.token' },
  summary: by('true', boolean),
  report: optional(reportFile),
} satisfies Record<string, InputSpec<unknown>>;

export type InputName = keyof typeof INPUTS;

/** Inputs that come with later work: refused by name, never ignored. */
export const LATER_INPUTS: readonly string[] = ['warm-up'];
