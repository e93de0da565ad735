/**
 * `node tools/openapi.mjs`: cuts the shapes that `hub/` answers with out of GitHub's published description of its API and writes
 * them, as plain JSON Schema, to `hub/openapi.json`. Run again when the hub answers more, or to follow GitHub.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './child.mjs';
import { at } from './paths.mjs';
import { biome } from './setup.mjs';

/** Far too large to be a dependency: it is unpacked into a temporary folder. Its licence is MIT. */
const SOURCE = '@octokit/openapi@23.0.2';
const DESCRIPTION = 'package/generated/api.github.com.json';
const OPERATIONS = [
  'GET /repos/{owner}/{repo}/actions/runs/{run_id}',
  'GET /repos/{owner}/{repo}/actions/runs/{run_id}/attempts/{attempt_number}',
  'GET /repos/{owner}/{repo}/compare/{basehead}',
  'GET /repos/{owner}/{repo}/commits/{commit_sha}/pulls',
  'GET /repos/{owner}/{repo}/issues/{issue_number}/comments',
  'POST /repos/{owner}/{repo}/issues/{issue_number}/comments',
  'PATCH /repos/{owner}/{repo}/issues/comments/{comment_id}',
  'GET /repos/{owner}/{repo}/pulls',
  'GET /repos/{owner}/{repo}/deployments',
  'POST /repos/{owner}/{repo}/deployments',
  'GET /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
  'POST /repos/{owner}/{repo}/deployments/{deployment_id}/statuses',
];
/** What every refusal looks like; most operations do not name their refusals one by one. */
const ERROR = 'basic-error';

const COMPONENT = '#/components/schemas/';
const PROSE = ['title', 'description', 'example', 'examples', 'externalDocs', 'deprecated', 'default'];

/**
 * @param description GitHub's OpenAPI 3.0 description, parsed
 * @param operations `METHOD /path`, as in the description
 * @returns `operations`: the schema of each one's 200, or 201; `error`: of every refusal; `$defs`: every schema that those lead to
 * @throws Error for an operation that is not described
 */
export function cut(description, operations) {
  const answers = Object.fromEntries(
    operations.map((operation) => [operation, answerOf(description, operation)]),
  );
  const error = { $ref: COMPONENT + ERROR };
  const names = [...reached(description.components.schemas, [answers, error])].sort();
  return {
    operations: plain(answers, true),
    error: plain(error),
    $defs: Object.fromEntries(names.map((name) => [name, plain(description.components.schemas[name])])),
  };
}

function answerOf(description, operation) {
  const [method, path] = operation.split(' ');
  const responses = description.paths[path]?.[method.toLowerCase()]?.responses;
  const schema = (responses?.[200] ?? responses?.[201])?.content['application/json'].schema;
  if (!schema) throw new Error(`${operation} is not described`);
  return schema;
}

function reached(schemas, from, names = new Set()) {
  for (const [, name] of JSON.stringify(from).matchAll(new RegExp(`"\\$ref":"${COMPONENT}([^"]+)"`, 'g'))) {
    if (names.has(name)) continue;
    names.add(name);
    reached(schemas, schemas[name], names);
  }
  return names;
}

/** OpenAPI 3.0 to JSON Schema: without prose, `nullable` as a type, a reference alone. `named`: the keys are names, no keywords. */
function plain(node, named = false) {
  if (Array.isArray(node)) return node.map((one) => plain(one));
  if (typeof node !== 'object' || node === null) return node;
  if (named) return Object.fromEntries(Object.entries(node).map(([name, value]) => [name, plain(value)]));
  if (typeof node.$ref === 'string') return { $ref: node.$ref.replace(COMPONENT, '#/$defs/') };
  const { nullable, ...rest } = node;
  const kept = Object.entries(rest).filter(([key]) => !PROSE.includes(key) && !key.startsWith('x-'));
  const schema = Object.fromEntries(kept.map(([key, value]) => [key, plain(value, key === 'properties')]));
  if (!nullable) return schema;
  if (typeof schema.type !== 'string') return { anyOf: [{ type: 'null' }, schema] };
  return { ...schema, type: [schema.type, 'null'], ...(schema.enum && { enum: [...schema.enum, null] }) };
}

async function download() {
  const folder = mkdtempSync(join(tmpdir(), 'openapi-'));
  try {
    const archive = await run('npm', ['pack', SOURCE, '--silent'], { cwd: folder });
    await run('tar', ['-xzf', archive.trim(), DESCRIPTION], { cwd: folder });
    return JSON.parse(readFileSync(join(folder, DESCRIPTION), 'utf8'));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const target = at('hub', 'openapi.json');
  writeFileSync(target, JSON.stringify({ source: SOURCE, ...cut(await download(), OPERATIONS) }));
  await biome('format', '--write', target);
}
