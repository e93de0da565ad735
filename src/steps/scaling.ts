/** An autoscaler pauses while two versions serve: it would read the load of one of them alone. */
import type { AppState, Snapshot } from '../model/cloud.js';
import type { Step } from './step.js';
import { appOn, type StepKind } from './world.js';

/** Any value of this label pauses the autoscaler of the open-source project, and SAP's (app-autoscaler, its acceptance tests). */
export const PAUSES = 'app-autoscaler.cloudfoundry.org/disable-autoscaling';
/** Ours: whoever paused it by hand gave another one, and that one stays. */
export const PAUSED = 'cf-zero-downtime';

/** Names of offerings that scale the apps which are bound to their instances. */
export function isAutoscaler(offering: string): boolean {
  return /auto-?scal/i.test(offering);
}

export const pauseScaling: StepKind<Step & { do: 'pause-scaling' }> = {
  title: ({ side }) => `pause the autoscaler of ${side}`,
  plan: ({ side }) => [`PATCH /v3/apps/<${side}> label ${PAUSES}=${PAUSED}`],
  run: async ({ side }, app, { platform }) => {
    await platform.updateApp(appOn(side, app).guid, { labels: { [PAUSES]: PAUSED } });
  },
};

export const resumeScaling: StepKind<Step & { do: 'resume-scaling' }> = {
  title: ({ name }) => `let the autoscaler of ${name} go on`,
  plan: ({ name }) => [`PATCH /v3/apps/<${name}> without label ${PAUSES}`],
  run: async ({ guid }, _app, { platform }) => {
    await platform.updateApp(guid, { labels: { [PAUSES]: null } });
  },
};

/** Of these, whose autoscaler nobody has paused yet. */
export function unpaused(app: AppState | undefined): boolean {
  return app !== undefined && !(PAUSES in app.labels);
}

/** Whoever is paused by us goes on, whatever came of the deploy that did it. */
export function resumes({ live, candidate }: Pick<Snapshot, 'live' | 'candidate'>): Step[] {
  return [live, candidate].flatMap((app): Step[] =>
    app?.labels[PAUSES] === PAUSED ? [{ do: 'resume-scaling', name: app.name, guid: app.guid }] : [],
  );
}
