/** Workflow commands in a step's output, read as actions/runner reads them (ActionCommand.cs, ActionCommandManager.cs). */
import type { Masks } from './masks.js';

export interface WorkflowCommand {
  command: string;
  properties: Readonly<Record<string, string>>;
  message: string;
}

export interface Annotation {
  level: 'error' | 'warning' | 'notice';
  message: string;
  title?: string;
  file?: string;
  line?: number;
  endLine?: number;
  column?: number;
  endColumn?: number;
}

/** Commands that the runner knows; a line with any other name between the colons is plain output. */
const KNOWN = [
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'internal-set-repo-path',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
];

const DISABLED = ['set-env', 'add-path'];

/**
 * Reads one line as `::name key=value,key=value::message` (after leading blanks), or as `##[name key=value;key=value]message`
 * anywhere in the line.
 * @param known names in lower case
 * @returns undefined for plain output
 */
export function parseCommand(line: string, known: ReadonlySet<string>): WorkflowCommand | undefined {
  return parseColons(line.trimStart(), known) ?? parseBrackets(line, known);
}

function parseColons(line: string, known: ReadonlySet<string>): WorkflowCommand | undefined {
  const end = line.startsWith('::') ? line.indexOf('::', 2) : -1;
  if (end < 0) return undefined;
  return commandOf(line.slice(2, end), ',', unescapeProperty, unescapeData(line.slice(end + 2)), known);
}

function parseBrackets(line: string, known: ReadonlySet<string>): WorkflowCommand | undefined {
  const start = line.indexOf('##[');
  const end = start < 0 ? -1 : line.indexOf(']', start);
  if (end < 0) return undefined;
  return commandOf(
    line.slice(start + 3, end),
    ';',
    unescapeBracket,
    unescapeBracket(line.slice(end + 1)),
    known,
  );
}

function commandOf(
  info: string,
  separator: string,
  decode: (text: string) => string,
  message: string,
  known: ReadonlySet<string>,
): WorkflowCommand | undefined {
  const space = info.indexOf(' ');
  const command = space < 0 ? info : info.slice(0, space);
  if (!known.has(command.toLowerCase())) return undefined;
  const properties: Record<string, string> = {};
  for (const pair of space > 0
    ? info
        .slice(space + 1)
        .trim()
        .split(separator)
    : []) {
    const equals = pair.indexOf('=');
    if (equals > 0 && equals < pair.length - 1)
      properties[pair.slice(0, equals)] = decode(pair.slice(equals + 1));
  }
  return { command, properties, message };
}

function unescapeData(text: string): string {
  return text.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}

function unescapeProperty(text: string): string {
  const lines = text.replaceAll('%0D', '\r').replaceAll('%0A', '\n');
  return lines.replaceAll('%3A', ':').replaceAll('%2C', ',').replaceAll('%25', '%');
}

function unescapeBracket(text: string): string {
  const lines = text.replaceAll('%3B', ';').replaceAll('%0D', '\r').replaceAll('%0A', '\n');
  return lines.replaceAll('%5D', ']').replaceAll('%25', '%');
}

/** Reads one step's output, both streams, line by line; keeps what the commands did. */
export class CommandReader {
  /** Commands that were obeyed, in order; those between `stop-commands` and its token are not. */
  readonly commands: WorkflowCommand[] = [];
  readonly annotations: Annotation[] = [];
  /** Set by the old `set-output` and `save-state` commands; files win over them. */
  readonly outputs: Record<string, string> = {};
  readonly state: Record<string, string> = {};
  /** A command could not be processed, which fails the step. */
  failed = false;
  private readonly known = new Set(KNOWN);
  private stopToken: string | undefined;

  constructor(
    private readonly masks: Masks,
    private readonly debug: boolean,
  ) {}

  /** @returns the line as the log shows it, masked; undefined when it shows nothing */
  take(line: string): string | undefined {
    const shown = this.obey(line);
    return shown === undefined ? undefined : this.masks.apply(shown);
  }

  /** Adds an error of the runner itself, which fails the step. */
  fail(message: string): void {
    this.failed = true;
    this.annotations.push({ level: 'error', message: this.masks.apply(message) });
  }

  private obey(line: string): string | undefined {
    const command = parseCommand(line, this.known);
    if (!command) return line;
    const name = command.command.toLowerCase();
    if (this.stopToken !== undefined) {
      if (name !== this.stopToken) return line;
      this.known.delete(this.stopToken);
      this.stopToken = undefined;
      return line;
    }
    this.commands.push(command);
    if (name === 'stop-commands') return this.stop(command.message, line);
    return this.process(name, command);
  }

  private stop(token: string, line: string): string {
    if (token === '' || token.toLowerCase() === 'pause-logging' || this.known.has(token.toLowerCase())) {
      this.fail(`Unable to process command '${line}' successfully.`);
      return line;
    }
    this.stopToken = token.toLowerCase();
    this.known.add(this.stopToken);
    if (token.length > 6) this.masks.add(token);
    return line;
  }

  private process(name: string, { command, properties, message }: WorkflowCommand): string | undefined {
    switch (name) {
      case 'error':
      case 'warning':
      case 'notice':
        this.annotations.push(annotation(name, properties, this.masks.apply(message)));
        return `##[${name}]${message}`;
      case 'debug':
        return this.debug ? `##[debug]${message}` : undefined;
      case 'group':
      case 'endgroup':
        return `##[${name}]${message}`;
      case 'add-mask':
        this.masks.add(message);
        return undefined;
      case 'set-output':
        this.outputs[properties.name ?? ''] = message;
        return undefined;
      case 'save-state':
        this.state[properties.name ?? ''] = message;
        return undefined;
      default:
        if (DISABLED.includes(name)) this.fail(`The \`${command}\` command is disabled.`);
        return undefined;
    }
  }
}

function annotation(
  level: Annotation['level'],
  properties: Readonly<Record<string, string>>,
  message: string,
): Annotation {
  const { title, file, line, endLine, col, endColumn } = properties;
  return {
    level,
    message,
    ...(title !== undefined && { title }),
    ...(file !== undefined && { file }),
    ...(line !== undefined && { line: Number(line) }),
    ...(endLine !== undefined && { endLine: Number(endLine) }),
    ...(col !== undefined && { column: Number(col) }),
    ...(endColumn !== undefined && { endColumn: Number(endColumn) }),
  };
}
