/** The text edit behind a candidate's manifest. */
import { isAlias, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import type { CandidateWish } from './candidate.js';
import type { Yaml } from './yaml.js';

export const ROUTE_KEYS = ['routes', 'no-route', 'random-route', 'default-route'];

interface Change {
  from: number;
  to: number;
  text: string;
}

/** Changes of the text, by position. It does what can be done simply; whoever asks compares the meaning. */
export class Edit {
  private readonly changes: Change[] = [];
  private readonly source: string;

  constructor(
    private readonly yaml: Yaml,
    private readonly item: Node,
    private readonly wish: CandidateWish,
    private readonly path: string | undefined,
  ) {
    // Whatever is put at the end begins on a line of its own; positions stay true.
    this.source = yaml.text.endsWith('\n') ? yaml.text : `${yaml.text}\n`;
  }

  /** @returns undefined where the app is not written as a block of its own */
  text(): string | undefined {
    const list = this.yaml.target(this.yaml.entries(this.yaml.root)?.get('applications')?.value);
    const app = this.item;
    if (!isSeq(list) || list.flow || !isMap(app) || app.flow) return undefined;
    for (const other of list.items as Node[]) if (other !== app) this.removeItem(other);
    this.editApp(app);
    return this.apply();
  }

  private editApp(app: YAMLMap): void {
    const added: string[] = [];
    const set = (key: string, text: string) => {
      const own = ownPair(app, key);
      if (own) this.replaceValue(own, text);
      else added.push(`${key}:${text.startsWith('\n') ? '' : ' '}${text}`);
    };
    const indent = ' '.repeat(this.column(app));
    this.editRoutes(app, set, indent);
    set('name', asScalar(this.wish.candidateName));
    if (this.path !== undefined) set('path', asScalar(this.path));
    this.editInstances(app, set, added, indent);
    if (added.length > 0) this.append(app, added, indent);
  }

  private processesOf(app: YAMLMap): readonly Node[] {
    return this.yaml.items(this.yaml.entries(app)?.get('processes')?.value) ?? [];
  }

  private editRoutes(app: YAMLMap, set: (key: string, text: string) => void, indent: string): void {
    const entries = this.yaml.entries(app);
    const [wanted, text] =
      this.wish.trialRoute === undefined
        ? ['no-route', 'true']
        : ['routes', `\n${indent}- route: ${asScalar(this.wish.trialRoute)}`];
    for (const key of ROUTE_KEYS) {
      const entry = entries?.get(key);
      if (key === wanted || !entry) continue;
      const own = ownPair(app, key);
      if (own && !this.isFirstOfItem(own)) this.removeLines(own);
      else if (key !== 'routes') set(key, 'false');
    }
    set(wanted, text);
  }

  private editInstances(
    app: YAMLMap,
    set: (key: string, text: string) => void,
    added: string[],
    indent: string,
  ): void {
    const { instances = {} } = this.wish;
    const entries = this.yaml.entries(app);
    const processes = this.processesOf(app);
    const types = processes.map((process) => this.yaml.value(this.yaml.entries(process)?.get('type')?.value));
    if (instances.web !== undefined && (!types.includes('web') || entries?.has('instances'))) {
      set('instances', String(instances.web));
    }
    processes.forEach((process, i) => {
      const count = instances[String(types[i])];
      if (count === undefined || !isMap(process)) return;
      const own = ownPair(process, 'instances');
      if (own) this.replaceValue(own, String(count));
      else if (!process.flow) this.append(process, [`instances: ${count}`], ' '.repeat(this.column(process)));
    });
    const missing = Object.entries(instances).filter(([type]) => type !== 'web' && !types.includes(type));
    if (missing.length > 0 && !entries?.has('processes')) {
      added.push(
        'processes:',
        ...missing.flatMap(([type, count]) => [`- type: ${asScalar(type)}`, `  instances: ${count}`]),
      );
    } else if (missing.length > 0) {
      const last = processes.at(-1);
      const dash = last && this.lineStart(startOf(last));
      if (last && dash !== undefined) {
        const lead = this.source.slice(dash).match(/^ */)?.[0] ?? indent;
        const lines = missing.flatMap(([type, count]) => [
          `${lead}- type: ${asScalar(type)}`,
          `${lead}  instances: ${count}`,
        ]);
        this.insertAfter(last, lines);
      }
    }
  }

  private replaceValue(pair: Pair, text: string): void {
    const key = pair.key as Node;
    const value = (pair.value ?? null) as Node | null;
    const keyEnd = endOf(key);
    const colon = this.source.indexOf(':', keyEnd) + 1;
    const inline = value !== null && (isScalar(value) || isAlias(value)) && !text.startsWith('\n');
    const from = inline && startOf(value) > colon ? startOf(value) : colon;
    const to = value === null ? colon : Math.max(colon, endOf(value));
    const space = from === colon && !text.startsWith('\n') ? ' ' : '';
    this.changes.push({ from, to, text: `${space}${text}${this.tail(to)}` });
  }

  /** A block scalar's end is the start of the next line: the line that takes its place still needs an end. */
  private tail(to: number): string {
    return this.source[to - 1] === '\n' ? '\n' : '';
  }

  private append(map: YAMLMap, lines: readonly string[], indent: string): void {
    this.insertAfter(
      map,
      lines.map((line) => `${indent}${line}`),
    );
  }

  private insertAfter(node: Node, lines: readonly string[]): void {
    const at = this.lineEnd(endOf(node));
    this.changes.push({ from: at, to: at, text: `${lines.join('\n')}\n` });
  }

  private removeLines(pair: Pair): void {
    const last = (pair.value ?? pair.key) as Node;
    this.changes.push({
      from: this.lineStart(startOf(pair.key as Node)),
      to: this.lineEnd(Math.max(endOf(pair.key as Node), endOf(last))),
      text: '',
    });
  }

  private removeItem(item: Node): void {
    const dash = this.source.lastIndexOf('-', startOf(item) - 1);
    this.changes.push({
      from: this.lineStart(dash),
      to: this.lineEnd(Math.max(dash + 1, endOf(item))),
      text: '',
    });
  }

  private isFirstOfItem(pair: Pair): boolean {
    const start = startOf(pair.key as Node);
    return this.source.slice(this.lineStart(start), start).trim() !== '';
  }

  private column(node: Node): number {
    return startOf(node) - this.lineStart(startOf(node));
  }

  private lineStart(offset: number): number {
    return this.source.lastIndexOf('\n', offset - 1) + 1;
  }

  /** Start of the line after the one that holds the character before `offset`. */
  private lineEnd(offset: number): number {
    if (offset > 0 && this.source[offset - 1] === '\n') return offset;
    const end = this.source.indexOf('\n', offset);
    return end < 0 ? this.source.length : end + 1;
  }

  private apply(): string {
    // Where something is put in front of what is taken out, putting comes first.
    const ordered = [...this.changes].sort((one, other) => one.from - other.from || one.to - other.to);
    let text = '';
    let done = 0;
    for (const { from, to, text: put } of ordered) {
      text += this.source.slice(done, from) + put;
      done = to;
    }
    return text + this.source.slice(done);
  }
}

function ownPair(map: YAMLMap, key: string): Pair | undefined {
  return map.items.findLast((pair) => isScalar(pair.key) && pair.key.value === key);
}

function startOf(node: Node): number {
  return node.range?.[0] ?? 0;
}

/** Where the last character that means something ends: a collection's own range takes in what follows it. */
function endOf(node: Node): number {
  if ((isMap(node) || isSeq(node)) && !node.flow) {
    const last = node.items.at(-1);
    const inner = isMap(node) ? ((last as Pair | undefined)?.value ?? (last as Pair | undefined)?.key) : last;
    return inner ? endOf(inner as Node) : (node.range?.[1] ?? 0);
  }
  return node.range?.[1] ?? 0;
}

/** Plain where nobody can misread it, else in quotes. */
function asScalar(text: string): string {
  return /^[A-Za-z/][\w./-]{5,}$/.test(text) ? text : escapeLineEnds(JSON.stringify(text));
}

/** Characters that end a line in YAML 1.1, and in nothing else: only inside double quotes can they stand in `text`. */
export function escapeLineEnds(text: string): string {
  return text.replace(
    /[\x85\u2028\u2029]/g,
    (end) => `\\u${end.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
