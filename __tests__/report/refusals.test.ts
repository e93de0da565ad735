import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { ApiError } from '../../foundry/api/errors.js';
import { projectRoot } from '../../runner/tools.js';
import { PlatformRefusal } from '../../src/model/errors.js';
import { explain } from '../../src/report/explain.js';

function refused({ status, code, title, detail }: ApiError): PlatformRefusal {
  const message = `The platform refused POST /v3/apps/quota/routes: ${detail} (${status})`;
  return new PlatformRefusal(message, status, code, title);
}

const unprocessable = (detail: string) => new ApiError(422, 10008, 'CF-UnprocessableEntity', detail);

/** The platform's own words (cloud_controller_ng), and a word of what is to be done. */
const CASES: [ApiError, RegExp][] = [
  [unprocessable('memory quota_exceeded for organization shop.'), /larger quota/],
  [unprocessable('memory space_quota_exceeded for space production.'), /larger quota/],
  [unprocessable('app_instance_limit_exceeded'), /larger quota/],
  [unprocessable("Routes quota exceeded for space 'production'."), /larger quota/],
  [unprocessable("organization's memory limit exceeded: staging requires 1024M memory"), /larger quota/],
  [unprocessable('log_rate_limit exceeds space log rate quota'), /larger quota/],
  [unprocessable("Route already exists with host 'shop' for domain 'example.com'."), /another app or space/],
  [unprocessable("Route conflicts with domain 'shop.example.com'."), /another app or space/],
  [unprocessable("Port '1024' is not available. Try a different port."), /another app or space/],
  [unprocessable("Invalid domain. Domain 'd' is not available in organization 'o'."), /another app or space/],
  [new ApiError(503, 170015, 'CF-RunnerUnavailable', 'Runner is unavailable'), /cells .* full/],
  [unprocessable('insufficient resources: memory'), /cells .* full/],
  [new ApiError(422, 170017, 'CF-StagingInProgress', 'Only one build can be STAGING.'), /build/],
  [new ApiError(400, 170003, 'CF-NoAppDetectedError', 'An app was not successfully detected'), /build/],
  [unprocessable('health_check_timeout Maximum exceeded: max 180s'), /health-check-type/],
  [
    new ApiError(403, 330002, 'CF-FeatureDisabled', 'Feature Disabled: app_scaling'),
    /switched this feature off/,
  ],
  [new ApiError(401, 1000, 'CF-InvalidAuthToken', 'Invalid Auth Token'), /sign in/],
  [new ApiError(403, 10003, 'CF-NotAuthorized', 'You are not authorized'), /SpaceDeveloper/],
  [new ApiError(429, 10013, 'CF-RateLimitExceeded', 'Rate Limit Exceeded'), /rate limit/],
  [
    new ApiError(422, 10016, 'CF-UniquenessError', "App with the name 'shop' already exists."),
    /Another hand/,
  ],
  [new ApiError(404, 10010, 'CF-ResourceNotFound', 'App not found'), /gone/],
  [new ApiError(422, 60016, 'CF-AsyncOperationInProgress', 'An operation is in progress.'), /broker/],
  [unprocessable('Something else.'), /says why/],
];

test.each(CASES.map(([error, next]) => [error.detail, error, next] as const))('%s', (_, error, next) => {
  const told = explain(refused(error));
  expect(told.code).toBe(`platform-${error.code}`);
  expect(told.what).toContain(error.detail);
  expect(told.next).toMatch(next);
});

test('the path of the call is none of the platform’s words', () => {
  expect(explain(refused(unprocessable('Something else.'))).next).not.toMatch(/quota/);
});

test('the page has the numbers of all of them', () => {
  const page = readFileSync(join(projectRoot(), 'docs', 'troubleshooting.md'), 'utf8');
  const table = /<!-- refusals -->\n([\s\S]*?)<!-- \/refusals -->/.exec(page)?.[1] ?? '';
  const numbers = CASES.map(([{ code }]) => code).filter((code) => code !== 10008);
  expect(numbers.filter((code) => !table.includes(`\`${code}\``))).toEqual([]);
});
