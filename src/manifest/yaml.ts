/**
 * YAML as the cf CLI reads it, with the place of everything in the text. The CLI parses with gopkg.in/yaml.v2: the plain
 * scalars of YAML 1.1 but no sexagesimals and no timestamps; merge keys take effect in the order of the text, so the last
 * writer of a key wins, be it a merge or not.
 */
import {
  Composer,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  Lexer,
  LineCounter,
  type Node,
  type ParseOptions,
  Parser,
  type SchemaOptions,
} from 'yaml';
import { InputError, type Problem } from '../model/errors.js';
import type { SourcePosition } from '../model/ports.js';

/** A manifest is a page or two; what is beyond these bounds was made to hurt. */
const MAX_CHARACTERS = 512 * 1024;
const MAX_DEPTH = 64;
/** Nodes when every alias is written out. */
const MAX_NODES = 100_000;

export interface Entry {
  key: Node;
  /** null: nothing is written after the colon. */
  value: Node | null;
  /** Written in the mapping itself, not merged into it. */
  own: boolean;
}

/** One YAML document that was found sound: no syntax error, aliases resolved, bounds kept. */
export class Yaml {
  constructor(
    readonly file: string,
    readonly text: string,
    readonly root: Node | null,
    private readonly lines: LineCounter,
    private readonly targets: ReadonlyMap<Node, Node>,
  ) {}

  at(node: Node): SourcePosition {
    return position(this.file, this.lines, node.range?.[0] ?? 0);
  }

  /** @returns what stands there once aliases are followed; null for nothing. */
  target(node: Node | null | undefined): Node | null {
    if (!node) return null;
    return isAlias(node) ? (this.targets.get(node) ?? null) : node;
  }

  /** @returns the mapping's entries by key, merges applied; undefined when it is no mapping. */
  entries(node: Node | null | undefined): ReadonlyMap<string, Entry> | undefined {
    const map = this.target(node);
    if (!isMap(map)) return undefined;
    const entries = new Map<string, Entry>();
    for (const pair of map.items) {
      const key = pair.key as Node;
      const value = (pair.value ?? null) as Node | null;
      if (isMergeKey(key)) {
        for (const [name, entry] of this.merged(value)) entries.set(name, { ...entry, own: false });
      } else {
        entries.set(String(this.value(key)), { key, value, own: true });
      }
    }
    return entries;
  }

  /** @returns the sequence's items; undefined when it is no sequence. */
  items(node: Node | null | undefined): readonly Node[] | undefined {
    const seq = this.target(node);
    return isSeq(seq) ? (seq.items as Node[]) : undefined;
  }

  /** @returns plain data; an integer beyond what a number holds exactly is a bigint. */
  value(node: Node | null | undefined): unknown {
    const found = this.target(node);
    const entries = this.entries(found);
    if (entries) {
      return Object.fromEntries([...entries].map(([name, entry]) => [name, this.value(entry.value)]));
    }
    const items = this.items(found);
    if (items) return items.map((item) => this.value(item));
    return isScalar(found) ? plain(found.value) : null;
  }

  /** @returns a scalar as it is written, quotes and blocks read (`1.10` is not `1.1`, `no` not `false`); undefined for the rest. */
  textOf(node: Node | null | undefined): string | undefined {
    const found = this.target(node);
    if (!isScalar(found)) return undefined;
    return typeof found.value === 'string' ? found.value : (found.source ?? '');
  }

  /** A map whose own keys are names, as they are written; undefined when it is no mapping. */
  named(node: Node | null | undefined): readonly (readonly [string, Node | null])[] | undefined {
    const entries = this.entries(node);
    return entries && [...entries].map(([key, entry]) => [this.textOf(entry.key) ?? key, entry.value]);
  }

  /** Every string in the text, keys too, each once, with where it stands. */
  *strings(node: Node | null = this.root): Generator<{ text: string; node: Node }> {
    if (isScalar(node) && typeof node.value === 'string') yield { text: node.value, node };
    if (isSeq(node)) for (const item of node.items) yield* this.strings(item as Node);
    if (isMap(node)) {
      for (const pair of node.items) {
        yield* this.strings(pair.key as Node);
        yield* this.strings((pair.value ?? null) as Node | null);
      }
    }
  }

  /** Of several merged mappings the first one wins. */
  private merged(node: Node | null): ReadonlyMap<string, Entry> {
    const several = this.items(node);
    if (!several) return this.entries(node) ?? new Map();
    return new Map([...several].reverse().flatMap((one) => [...(this.entries(one) ?? [])]));
  }
}

/**
 * @param file for messages, as the user named it
 * @param dialect `cf` as the CLI reads; `core` is YAML 1.2, in which `on` and `yes` are words like any other
 * @throws InputError with each problem's place: a syntax error, an unknown or circular alias, a key given twice, too much
 */
export function readYaml(file: string, text: string, dialect: 'cf' | 'core' = 'cf'): Yaml {
  const lines = new LineCounter();
  const refuse = (offset: number, what: string): never => {
    throw new InputError([{ text: what, at: position(file, lines, offset) }]);
  };
  if (text.length > MAX_CHARACTERS) {
    refuse(0, `The text is longer than ${MAX_CHARACTERS} characters.`);
  }
  const tokens = [];
  const parser = new Parser(lines.addNewLine);
  lines.addNewLine(0);
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme));
    // Composing is recursive: what is nested too deeply must not reach it.
    if (parser.stack.length > MAX_DEPTH) refuse(parser.offset, `Nested deeper than ${MAX_DEPTH} levels.`);
  }
  tokens.push(...parser.end());
  const documents: Document.Parsed[] = [...new Composer(OPTIONS[dialect]).compose(tokens, true, text.length)];
  const problems: Problem[] = documents.flatMap((one) =>
    one.errors.map((error) => ({
      text: `Not valid YAML: ${error.message.replace(/\s+/g, ' ')}.`,
      at: position(file, lines, error.pos[0]),
    })),
  );
  if (documents.length > 1) {
    problems.push({
      text: 'A second YAML document begins here; there has to be one.',
      at: position(file, lines, documents[1]?.range?.[0] ?? 0),
    });
  }
  if (problems.length > 0) throw new InputError(problems);
  const root = (documents[0]?.contents ?? null) as Node | null;
  const targets = new Survey((node, what) => {
    problems.push({ text: what, at: position(file, lines, node.range?.[0] ?? 0) });
  }).of(root);
  if (problems.length > 0) throw new InputError(problems);
  return new Yaml(file, text, root, lines, targets);
}

const COMMON: ParseOptions & SchemaOptions = {
  merge: false,
  intAsBigInt: true,
  // Compares each key with every other one; the survey looks them up instead.
  uniqueKeys: false,
  prettyErrors: false,
};

const OPTIONS: Record<'cf' | 'core', ParseOptions & SchemaOptions & { version: '1.1' | '1.2' }> = {
  /** Without YAML 1.1's times and binary types, which the CLI's parser reads as strings or not at all. */
  cf: {
    ...COMMON,
    version: '1.1',
    customTags: (tags) =>
      tags.filter(
        (tag) =>
          typeof tag === 'string' ||
          (tag.format !== 'TIME' &&
            !/^tag:yaml\.org,2002:(timestamp|binary|merge|omap|pairs|set)$/.test(tag.tag)),
      ),
  },
  core: { ...COMMON, version: '1.2' },
};

interface Extent {
  size: number;
  depth: number;
}

/** One walk in the order of the text: what aliases mean, keys given twice, and how large it all is when written out. */
class Survey {
  private readonly anchors = new Map<string, Node>();
  private readonly targets = new Map<Node, Node>();
  /** null while the node is being measured: an alias that meets it stands inside what it names. */
  private readonly extents = new Map<Node, Extent | null>();
  private tooMuch = false;

  constructor(private readonly report: (node: Node, what: string) => void) {}

  of(root: Node | null): ReadonlyMap<Node, Node> {
    this.measure(root);
    return this.targets;
  }

  private measure(node: Node | null): Extent {
    if (!node) return { size: 1, depth: 1 };
    if (isAlias(node)) return this.follow(node, node.source);
    if ('anchor' in node && typeof node.anchor === 'string') this.anchors.set(node.anchor, node);
    this.extents.set(node, null);
    const extent = isMap(node)
      ? this.sum(node, [...this.children(node)])
      : isSeq(node)
        ? this.sum(
            node,
            node.items.map((item) => this.measure(item as Node)),
          )
        : { size: 1, depth: 1 };
    this.extents.set(node, extent);
    return extent;
  }

  private follow(alias: Node, name: string): Extent {
    const target = this.anchors.get(name);
    const extent = target && this.extents.get(target);
    if (!target) this.report(alias, `The anchor "${name}" is not set before this alias.`);
    else if (!extent) this.report(alias, `The anchor "${name}" contains itself.`);
    else this.targets.set(alias, target);
    return extent ?? { size: 1, depth: 1 };
  }

  private *children(node: Node): Generator<Extent> {
    if (!isMap(node)) return;
    const seen = new Set<string>();
    for (const pair of node.items) {
      const key = pair.key as Node;
      if (!isScalar(key)) this.report(key, 'This key is neither text nor a number.');
      else if (!isMergeKey(key)) {
        const name = String(key.value);
        if (seen.has(name)) this.report(key, `The key "${name}" is given a second time.`);
        seen.add(name);
      }
      const value = (pair.value ?? null) as Node | null;
      yield this.measure(value);
      if (isMergeKey(key) && !this.isMergeable(value)) this.report(key, 'Only a mapping can be merged.');
    }
  }

  private isMergeable(node: Node | null): boolean {
    const found = node && isAlias(node) ? this.targets.get(node) : node;
    if (isSeq(found)) {
      return found.items.every((item) => isMap(isAlias(item) ? this.targets.get(item) : item));
    }
    return isMap(found);
  }

  private sum(node: Node, parts: readonly Extent[]): Extent {
    const extent = { size: 1, depth: 1 };
    for (const part of parts) {
      extent.size += part.size;
      extent.depth = Math.max(extent.depth, part.depth + 1);
    }
    if (!this.tooMuch && (extent.size > MAX_NODES || extent.depth > MAX_DEPTH)) {
      this.tooMuch = true;
      this.report(
        node,
        `More than ${MAX_NODES} values or ${MAX_DEPTH} levels once the aliases are written out.`,
      );
    }
    return extent;
  }
}

function isMergeKey(key: Node): boolean {
  return isScalar(key) && key.value === '<<' && key.type === 'PLAIN';
}

function plain(value: unknown): unknown {
  return typeof value === 'bigint' && Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function position(file: string, lines: LineCounter, offset: number): SourcePosition {
  const { line, col } = lines.linePos(offset);
  return { file, line: Math.max(line, 1), column: Math.max(col, 1) };
}
