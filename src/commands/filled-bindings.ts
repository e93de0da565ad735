/** Of services that the manifest names: what live's bindings were given by hand, and the manifest does not say. */
import { likelySecrets } from '../manifest/secrets.js';
import type { Binding } from '../model/cloud.js';
import type { FilledBindings, Named } from '../model/intent.js';
import { isBound, isTold } from '../steps/carried.js';
import type { World } from '../steps/world.js';

export interface Filled {
  /** undefined: nothing. */
  filled?: FilledBindings;
  /** For people, with no value. */
  what: readonly string[];
  warnings: readonly string[];
}

/**
 * Throws where a broker cannot be asked now: nobody knows then what is to be carried.
 * @param named what the manifest and the one before name: neither is carried
 * @param brokered guids of instances with a broker
 */
export async function filledOf(
  app: string,
  bindings: readonly Binding[],
  named: Named,
  brokered: ReadonlySet<string>,
  { platform, hide }: Pick<World, 'platform' | 'hide'>,
): Promise<Filled> {
  const own = bindings.filter((one) => isBound(one) && named.services.includes(one.instance));
  const found = await Promise.all(
    own.map(async (one) => {
      const { guid, instance, instanceGuid = '', name } = one;
      const keys = named.bindings?.[instance] ?? [];
      const asks = brokered.has(instanceGuid) && isTold(one) && !keys.includes('parameters');
      const parameters = (asks && (await platform.bindingParameters(guid))) || {};
      hide(likelySecrets(parameters));
      // The cf CLI would take it for a variable of the manifest.
      const isReadable = !JSON.stringify(parameters).includes('((');
      const parts = {
        ...(name === undefined || keys.includes('binding_name') ? {} : { name }),
        ...(Object.keys(parameters).length > 0 && isReadable ? { parameters } : {}),
      };
      return { instance, parts, isReadable };
    }),
  );
  const some = found.filter(({ parts }) => Object.keys(parts).length > 0);
  return {
    ...(some.length > 0
      ? { filled: Object.fromEntries(some.map(({ instance, parts }) => [instance, parts])) }
      : {}),
    what: some.flatMap(({ instance, parts }) => [
      ...('name' in parts ? [`name of the binding to service instance ${instance}`] : []),
      ...('parameters' in parts ? [`parameters of the binding to service instance ${instance}`] : []),
    ]),
    warnings: found
      .filter(({ isReadable }) => !isReadable)
      .map(
        ({ instance }) =>
          `The parameters of the binding of ${app} to ${instance} hold "((", which stands for a variable in a manifest: they are not carried. Name them in the manifest.`,
      ),
  };
}
