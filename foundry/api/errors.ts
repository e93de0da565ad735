/** An answer of the API that is an error. `code` and `title` are the platform's own. */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly code: number,
    readonly title: string,
    readonly detail: string,
  ) {
    super(detail);
  }

  toBody(): { code: number; title: string; detail: string } {
    return { code: this.code, title: this.title, detail: this.detail };
  }
}

/** Several errors at once share one status. */
export class ApiErrors extends Error {
  constructor(readonly errors: readonly [ApiError, ...ApiError[]]) {
    super(errors.map((e) => e.detail).join(' '));
  }
}

export const unprocessable = (detail: string) => new ApiError(422, 10008, 'CF-UnprocessableEntity', detail);
export const uniqueness = (detail: string) => new ApiError(422, 10016, 'CF-UniquenessError', detail);
export const notFound = (what: string) =>
  new ApiError(404, 10010, 'CF-ResourceNotFound', `${what} not found`);
export const unknownRequest = () => new ApiError(404, 10000, 'CF-NotFound', 'Unknown request');
export const badQuery = (detail: string) =>
  new ApiError(400, 10005, 'CF-BadQueryParameter', `The query parameter is invalid: ${detail}`);
export const badRequest = (detail: string) =>
  new ApiError(400, 1004, 'CF-BadRequest', `Bad request: ${detail}`);
export const parseError = () =>
  new ApiError(400, 1001, 'CF-MessageParseError', 'Request invalid due to parse error: invalid request body');
export const invalidToken = () => new ApiError(401, 1000, 'CF-InvalidAuthToken', 'Invalid Auth Token');
export const notAuthorized = () =>
  new ApiError(403, 10003, 'CF-NotAuthorized', 'You are not authorized to perform the requested action');
export const notAuthenticated = () => new ApiError(401, 10002, 'CF-NotAuthenticated', 'Authentication error');
export const featureDisabled = (flag: string) =>
  new ApiError(403, 330002, 'CF-FeatureDisabled', `Feature Disabled: ${flag}`);
export const bitsUploaded = () =>
  new ApiError(
    400,
    150004,
    'CF-PackageBitsAlreadyUploaded',
    'Bits may be uploaded only once. Create a new package to upload different bits.',
  );
export const stagingInProgress = () =>
  new ApiError(
    422,
    170017,
    'CF-StagingInProgress',
    'Only one build can be STAGING at a time per application.',
  );
