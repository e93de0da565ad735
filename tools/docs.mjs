import { readFileSync } from 'node:fs';
import { at } from './paths.mjs';

/** js-yaml is loaded late: this module is loaded before packages are there. */
async function readAction() {
  const { load } = await import('js-yaml');
  return load(readFileSync(at('action.yml'), 'utf8'));
}

/** @returns README as `action.yml` and the example want it */
export async function wanted(readme) {
  return withTables(readme, await readAction(), readFileSync(at('examples', 'deploy.yml'), 'utf8'));
}

/**
 * @param readme text with the markers `<!-- inputs -->` … `<!-- /inputs -->` and the same for outputs and workflow
 * @param action content of action.yml
 * @param workflow YAML of the shortest workflow
 * @returns the text with the tables as action.yml has them, and the workflow
 * @throws Error when a marker is missing
 */
export function withTables(readme, action, workflow) {
  const inputs = Object.entries(action.inputs).map(([name, { default: value, required, description }]) => [
    code(name),
    required ? 'required' : value ? code(value) : '',
    description,
  ]);
  const outputs = Object.entries(action.outputs).map(([name, { description }]) => [code(name), description]);
  const parts = {
    workflow: `\n\`\`\`yaml\n${workflow}\`\`\`\n`,
    inputs: table(['input', 'default', 'meaning'], inputs),
    outputs: table(['output', 'meaning'], outputs),
  };
  return Object.entries(parts).reduce((text, [name, content]) => between(text, name, content), readme);
}

function between(text, name, content) {
  const [open, close] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const [start, end] = [text.indexOf(open), text.indexOf(close)];
  if (start < 0 || end < start) throw new Error(`README.md has no ${open} … ${close}`);
  return `${text.slice(0, start + open.length)}\n${content}\n${text.slice(end)}`;
}

function table(head, rows) {
  const line = (cells) => `| ${cells.map(cell).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function cell(text) {
  return String(text ?? '')
    .trim()
    .replace(/\s+/g, ' ')
    .replaceAll('|', '\\|');
}

function code(text) {
  return `\`${text}\``;
}
