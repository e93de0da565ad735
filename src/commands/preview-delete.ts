/** `preview-delete`: the pull request is closed, and its preview goes with all that was made for it. Again and again is fine. */
import type { Inputs, RunContext } from '../model/asked.js';
import { selectorOfPreview } from '../platform/preview-names.js';
import { open, type Ports } from './open.js';
import type { Outcome } from './outcome.js';
import { eventOf } from './preview.js';
import { previewOf } from './preview-of.js';
import { removePreview } from './remove-previews.js';

/** Throws what forbids it before anything was changed; everything later is in the outcome. */
export async function previewDelete(inputs: Inputs, context: RunContext, ports: Ports): Promise<Outcome> {
  const of = previewOf(inputs, context, await eventOf(context, ports));
  const opened = await open(inputs, context, ports);
  try {
    return await removePreview(selectorOfPreview(of), opened, inputs, context, ports);
  } finally {
    await opened.close();
  }
}
