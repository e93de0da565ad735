import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { projectRoot } from '../../runner/tools.js';

const ref = (name: string) => ({ $ref: `#/components/schemas/${name}` });
const DESCRIPTION = {
  paths: {
    '/things': { get: { responses: { 200: { content: { 'application/json': { schema: ref('thing') } } } } } },
  },
  components: {
    schemas: {
      thing: {
        type: 'object',
        title: 'Thing',
        description: 'Prose.',
        'x-own': true,
        properties: {
          description: { type: 'string', nullable: true, example: 'x' },
          title: ref('word'),
          kind: { type: 'string', enum: ['a'], nullable: true },
          by: { nullable: true, oneOf: [ref('word'), { type: 'integer' }] },
          parent: { ...ref('thing'), description: 'Prose beside a reference.' },
        },
        required: ['description'],
      },
      word: { type: 'string' },
      'basic-error': { type: 'object', properties: { message: { type: 'string' } } },
      unused: ref('word'),
    },
  },
};

async function cut(operations: readonly string[]) {
  const tool = await import(pathToFileURL(join(projectRoot(), 'tools', 'openapi.mjs')).href);
  return tool.cut(DESCRIPTION, operations);
}

test('what is used, without prose, as JSON Schema', async () => {
  expect(await cut(['GET /things'])).toEqual({
    operations: { 'GET /things': { $ref: '#/$defs/thing' } },
    error: { $ref: '#/$defs/basic-error' },
    $defs: {
      'basic-error': { type: 'object', properties: { message: { type: 'string' } } },
      thing: {
        type: 'object',
        properties: {
          description: { type: ['string', 'null'] },
          title: { $ref: '#/$defs/word' },
          kind: { type: ['string', 'null'], enum: ['a', null] },
          by: { anyOf: [{ type: 'null' }, { oneOf: [{ $ref: '#/$defs/word' }, { type: 'integer' }] }] },
          parent: { $ref: '#/$defs/thing' },
        },
        required: ['description'],
      },
      word: { type: 'string' },
    },
  });
});

test('an operation that is not described is refused', async () => {
  await expect(cut(['GET /nothing'])).rejects.toThrow('GET /nothing is not described');
  await expect(cut(['POST /things'])).rejects.toThrow('POST /things is not described');
});
