/** What the foundry remembers of services and of policies between apps. */
import type { Base } from './records.js';

export interface ServiceOffering extends Base {
  name: string;
  description: string;
  tags: string[];
  /** `route_forwarding`: its instances are route services. */
  requires: string[];
  /** The broker works on after its answer: provisioning, binding and their opposites are polled for. */
  asynchronous: boolean;
  /** The broker tells an instance's parameters. */
  instancesRetrievable: boolean;
  /** The broker tells a binding's parameters. */
  bindingsRetrievable: boolean;
}

export interface ServicePlan extends Base {
  name: string;
  offeringGuid: string;
}

export interface LastOperation {
  type: 'create' | 'update' | 'delete';
  state: 'initial' | 'in progress' | 'succeeded' | 'failed';
  description: string | null;
  createdMs: number;
  updatedMs: number;
}

/** Anything that a broker works on. */
export interface Operated extends Base {
  lastOperation: LastOperation;
}

export interface ServiceInstance extends Operated {
  name: string;
  spaceGuid: string;
  tags: string[];
  /** Absent: user-provided. */
  planGuid?: string;
  /** What its broker was given. */
  parameters: Record<string, unknown>;
  /** Of a user-provided one, as the user gave them. */
  credentials: Record<string, unknown>;
  syslogDrainUrl: string | null;
  routeServiceUrl: string | null;
  sharedSpaceGuids: string[];
}

/** Of an app, or a service key when it names none. */
export interface CredentialBinding extends Operated {
  /** null: called as its service instance. */
  name: string | null;
  instanceGuid: string;
  appGuid?: string;
  parameters: Record<string, unknown>;
  credentials: Record<string, unknown>;
}

export interface RouteBinding extends Operated {
  instanceGuid: string;
  routeGuid: string;
  routeServiceUrl: string | null;
  parameters: Record<string, unknown>;
}

/** An app may reach another one by its internal address. */
export interface NetworkPolicy {
  source: { id: string };
  destination: { id: string; protocol: 'tcp' | 'udp'; ports: { start: number; end: number } };
}
