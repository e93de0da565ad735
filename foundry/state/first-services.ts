import type { Store } from './store.js';

/**
 * The marketplace: `database` answers at once and tells parameters, `queue` works asynchronously, `mail` never tells the
 * parameters of a binding, `gateway` is a route service,
 * `app-autoscaler` is one by its name alone: it scales nothing.
 */
export function firstServices(store: Store): void {
  const usual = { requires: [], asynchronous: false, instancesRetrievable: true, bindingsRetrievable: true };
  const offerings = [
    { ...usual, name: 'database', description: 'Tables', tags: ['sql'], plans: ['small', 'large'] },
    {
      ...usual,
      name: 'queue',
      description: 'Messages',
      tags: ['messaging'],
      asynchronous: true,
      plans: ['small'],
    },
    {
      ...usual,
      name: 'mail',
      description: 'Mail',
      tags: [],
      instancesRetrievable: false,
      bindingsRetrievable: false,
      plans: ['free'],
    },
    {
      ...usual,
      name: 'gateway',
      description: 'A route service',
      tags: [],
      requires: ['route_forwarding'],
      plans: ['free'],
    },
    { ...usual, name: 'app-autoscaler', description: 'Scales apps', tags: [], plans: ['free'] },
  ];
  for (const { plans, ...offering } of offerings) {
    const made = store.serviceOfferings.add({ ...store.base(), ...offering });
    for (const name of plans) store.servicePlans.add({ ...store.base(), name, offeringGuid: made.guid });
  }
}
