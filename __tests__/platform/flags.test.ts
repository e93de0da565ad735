import { expect, test } from '@jest/globals';
import { refusal, scripted } from './scripted.js';

test('a switch of the platform is on, off, or not told', async () => {
  const { platform } = scripted((_request, { pathname }) => {
    const name = pathname.replace('/v3/feature_flags/', '');
    if (name === 'hidden') return refusal(403, 10003, 'CF-NotAuthorized', 'You are not authorized');
    if (name === 'unknown') return refusal(404, 10010, 'CF-ResourceNotFound', 'Feature flag not found');
    return { json: { name, enabled: name === 'diego_docker' } };
  });
  const told = await Promise.all(
    ['diego_docker', 'off', 'hidden', 'unknown'].map((one) => platform.isOn(one)),
  );
  expect(told).toEqual([true, false, undefined, undefined]);
});
