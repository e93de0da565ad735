/** Whether live's own app gets the version by a deployment of the platform, and what forbids that. Pure. */
import type { Inputs, ManifestApp } from '../model/asked.js';
import type { AppState, Snapshot } from '../model/cloud.js';
import type { InPlace, WantedRoute } from '../model/intent.js';
import { isOlderThan } from '../platform/api-version.js';
import { sharesText } from '../steps/canary.js';
import { destinationsOf, routeOf } from './view.js';

export interface InPlaceParts {
  inputs: Pick<Inputs, 'strategy' | 'maxInFlight' | 'instanceSteps' | 'hold' | 'dropletGuid'>;
  app: Pick<ManifestApp, 'name' | 'lifecycle' | 'docker' | 'path'>;
  snapshot: Snapshot;
  /** Names of live's sidecars that came with its buildpacks. */
  brought: readonly string[];
  /** The cf CLI has `v3-zdt-push`. Default: it has not. */
  canZdtPush?: boolean;
}

export interface InPlaceChoice {
  /** undefined: blue-green is the way. */
  inPlace?: InPlace;
  /** Each one forbids the deploy. */
  problems: readonly string[];
  notes: readonly string[];
}

export function chooseInPlace({
  inputs,
  app,
  snapshot,
  brought,
  canZdtPush = false,
}: InPlaceParts): InPlaceChoice {
  if (inputs.strategy === 'blue-green') return { problems: [], notes: [] };
  const { live } = snapshot;
  const why = whyNoInstances(live);
  if (!live || why) {
    const note = `${app.name} has nothing to roll, as ${why}: this time it is deployed the way of blue-green.`;
    return { problems: [], notes: [note] };
  }
  const { maxInFlight, instanceSteps } = inputs;
  const instances = live.processes
    .filter(({ type }) => type === 'web')
    .reduce((sum, process) => sum + process.instances, 0);
  const stagesAgain = inputs.strategy === 'zdt-push' && canZdtPush;
  const inPlace: InPlace = {
    maxInFlight,
    ...(instanceSteps ? { instanceSteps, instances } : {}),
    ...(stagesAgain ? { stagesAgain } : {}),
  };
  return {
    inPlace,
    problems: [
      ...tooOld(snapshot.apiVersion, inPlace),
      ...lifecycles(app, live),
      ...(stagesAgain
        ? notByZdtPush(inputs, app)
        : brought.map(
            (name) =>
              `${app.name} has the sidecar ${name} from a buildpack, and the copy of a droplet has none: ${OTHER_WAY}`,
          )),
    ],
    notes: [
      ...(stagesAgain
        ? [
            `${app.name} is built twice: what is proven is one droplet, and what goes live is another one, which cf v3-zdt-push stages of the same bits.`,
          ]
        : []),
      ...(instanceSteps
        ? [`The canary of ${app.name} pauses with ${sharesText(inPlace)} of the new version.`]
        : []),
      ...withoutIntegrity(live),
    ],
  };
}

/** Of what the deploys in place can do, the command of cf v6 does the least: it takes bits, and nothing else. */
function notByZdtPush(
  { maxInFlight, hold, dropletGuid }: InPlaceParts['inputs'],
  { name, docker, path }: InPlaceParts['app'],
): string[] {
  const what = (text: string, way: string) => `strategy: zdt-push of cf v6 ${text}: ${way}`;
  return [
    ...(maxInFlight > 1
      ? [what('replaces one instance at a time', 'leave max-in-flight out, or take strategy: rolling.')]
      : []),
    ...(hold
      ? [
          what(
            'pushes the bits once more at the end, and promote has none',
            'take strategy: rolling to hold a deploy.',
          ),
        ]
      : []),
    ...(docker || path === undefined || dropletGuid !== undefined
      ? [what(`pushes bits, and ${name} comes without`, 'take strategy: rolling or blue-green.')]
      : []),
  ];
}

/** What is said once of a deploy, however many apps it has. */
export function meaningOfZdtPush({
  inputs,
  canZdtPush,
}: Pick<InPlaceParts, 'inputs' | 'canZdtPush'>): string[] {
  return inputs.strategy === 'zdt-push' && !canZdtPush
    ? ['strategy: zdt-push is the same as rolling here: only cf v6, from 6.40.0 on, has v3-zdt-push.']
    : [];
}

/** A destination of one app has one protocol: routers would ask the old version's instances by the new one, too. */
export function otherProtocols(named: readonly WantedRoute[], snapshot: Snapshot): string[] {
  return named.flatMap(({ url, protocol, ...name }) => {
    const has = destinationsOf(routeOf(snapshot, { url, ...name }), snapshot.live);
    const web = has.filter(({ processType }) => processType === 'web');
    const now = web.map((one) => one.protocol ?? 'http1').find((one) => one !== protocol);
    if (protocol === undefined || now === undefined) return [];
    return [
      `Route ${url} is asked by ${now} and the manifest names ${protocol}: live's own app would be asked by it before its instances are of the new version. Deploy this change with strategy: blue-green.`,
    ];
  });
}

/**
 * Platform facts A4: routers go on sending requests to an instance that is scaled down until it is gone, unless they see from its
 * certificate that it ends. Which of both it is only shows at an instance that runs.
 */
function withoutIntegrity({ name, processes }: AppState): string[] {
  const isBare = processes.some(({ instancesSeen }) =>
    instancesSeen.some(({ hasTlsProxy }) => hasTlsProxy === false),
  );
  return isBare
    ? [
        `This platform runs without route integrity: each old instance of ${name} is sent requests until it has ended. Whatever it does not answer between SIGTERM and its end is lost; where the app does not go on answering then, ${OTHER_WAY}`,
      ]
    : [];
}

/** What forbids that a droplet of live's own is deployed to it once more. */
export function notDeployable({ apiVersion, name }: Snapshot, live: AppState, inPlace: InPlace): string[] {
  const why = whyNoInstances(live);
  return [
    ...tooOld(apiVersion, inPlace),
    ...(why ? [`${name} cannot be rolled back in place, as ${why}: start it first.`] : []),
    ...(live.lifecycle.type === 'cnb' ? lifecycleText(name) : []),
  ];
}

const OTHER_WAY = 'deploy it with strategy: blue-green.';

/** The platform starts a stopped app without rolling; with no instance there is none to be replaced. */
export function whyNoInstances(live: AppState | undefined): string | undefined {
  if (!live) return 'it is not live yet';
  if (live.state === 'STOPPED') return 'live is stopped';
  const instances = live.processes.find(({ type }) => type === 'web')?.instances ?? 0;
  return instances > 0 ? undefined : 'live has no web instance';
}

/** Since when (docs of the v3 API): a deployment's value and reason, how many instances it may replace at a time, a canary's steps. */
const NEEDED = { deployments: '3.74.0', maxInFlight: '3.173.0', steps: '3.189.0' };

function tooOld(version: string, { maxInFlight, instanceSteps }: InPlace): string[] {
  const text = (what: string, needed: string) =>
    `${what} needs version ${needed} of the platform's API, and this one has ${version}`;
  if (instanceSteps && isOlderThan(version, NEEDED.steps))
    return [`${text('strategy: canary', NEEDED.steps)}: deploy with strategy: rolling or blue-green.`];
  if (isOlderThan(version, NEEDED.deployments))
    return [`${text('strategy: rolling', NEEDED.deployments)}: deploy with strategy: blue-green.`];
  return maxInFlight > 1 && isOlderThan(version, NEEDED.maxInFlight)
    ? [`${text('max-in-flight above 1', NEEDED.maxInFlight)}: leave it out.`]
    : [];
}

/** The platform copies a droplet to an app of the same lifecycle only, and none of cloud native buildpacks. */
function lifecycles(app: InPlaceParts['app'], live: AppState): string[] {
  const wanted = app.lifecycle ?? (app.docker ? 'docker' : undefined);
  const now = live.lifecycle.type;
  if (now === 'cnb' || wanted === 'cnb') return lifecycleText(app.name);
  const isMixed = (now === 'docker') !== (wanted === 'docker');
  return isMixed
    ? [`${app.name}: live has the lifecycle ${now}, and the new version another one: ${OTHER_WAY}`]
    : [];
}

function lifecycleText(name: string): string[] {
  return [`${name} has the lifecycle cnb, of which the platform copies no droplet: ${OTHER_WAY}`];
}
