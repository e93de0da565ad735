/** Keeps what happens for the end of the run. Nearly nothing, unless somebody asked for all of it. */
import type { Event, Fact } from '../model/ports.js';
import { ProbePoints } from './probe-points.js';
import type { Story, StoryCall, StoryInstances, StoryLine, StoryStep } from './story.js';

/** Of these, the first and the last ones are kept. */
export const MOST = { steps: 5_000, calls: 20_000, log: 20_000, instances: 2_000 };
/** Of one text. */
const LONGEST = 64 * 1024;

export class Recorder {
  private readonly startedAtMs: number;
  private readonly steps = new Ends<StoryStep>(MOST.steps);
  private readonly calls = new Ends<StoryCall>(MOST.calls);
  private readonly lines = new Ends<StoryLine>(MOST.log);
  private readonly instances = new Ends<StoryInstances>(MOST.instances);
  private readonly probes: ProbePoints;
  private keepsAll = false;
  private open: Omit<StoryStep, 'durationMs' | 'ok'> | undefined;

  /** @param now milliseconds since the epoch */
  constructor(private readonly now: () => number) {
    this.startedAtMs = now();
    this.probes = new ProbePoints(this.startedAtMs);
  }

  elapsedMs(): number {
    return this.now() - this.startedAtMs;
  }

  /** From here on every call, request of the watch and line of the log. */
  keepAll(): void {
    this.keepsAll = true;
    this.probes.keepAll();
  }

  tell(event: Event): void {
    const atMs = this.elapsedMs();
    if (event.type === 'group-start') {
      const { title, stage, way } = event;
      this.open = { title, startMs: atMs, ...(stage ? { stage } : {}), ...(way ? { way } : {}) };
      this.line({ atMs, type: 'step', text: title });
    } else if (event.type === 'group-end') {
      const { ok, durationMs } = event;
      this.steps.add({ ...(this.open ?? { title: '', startMs: 0 }), durationMs, ok });
      this.open = undefined;
    } else if (event.type === 'foreign') {
      this.line({ atMs, type: 'foreign', source: event.source, text: event.text });
    } else {
      this.line({ atMs, type: event.type, text: event.text });
    }
  }

  record(fact: Fact): void {
    if (fact.type === 'probe') {
      this.probes.add(fact);
      return;
    }
    const { type: _, atMs, ...seen } = fact;
    const last = this.instances.last();
    const same = last?.app === seen.app && last.ready === seen.ready && last.wanted === seen.wanted;
    if (!same || last.before !== seen.before)
      this.instances.add({ ...seen, atMs: Math.max(0, atMs - this.startedAtMs) });
  }

  /** @param call its `startMs` is in milliseconds since the epoch */
  call(call: StoryCall): void {
    if (this.keepsAll) this.calls.add({ ...call, startMs: Math.max(0, call.startMs - this.startedAtMs) });
  }

  story(): Story {
    return {
      startedAtMs: this.startedAtMs,
      steps: this.steps.all(),
      probes: this.probes.seen(),
      instances: this.instances.all(),
      calls: this.calls.all(),
      log: this.lines.all(),
      leftOut: { calls: this.calls.leftOut, log: this.lines.leftOut },
    };
  }

  private line(line: StoryLine): void {
    if (this.keepsAll) this.lines.add({ ...line, text: shortened(line.text) });
  }
}

/** Between lines, never in one: what is left of a secret would be hidden by nobody. */
function shortened(text: string): string {
  if (text.length <= LONGEST) return text;
  const end = text.lastIndexOf('\n', LONGEST);
  return `${text.slice(0, Math.max(0, end))}\n(${text.length - Math.max(0, end)} more characters)`;
}

/** A list that keeps its first and its last entries. */
class Ends<T> {
  private readonly first: T[] = [];
  private readonly rest: T[] = [];
  leftOut = 0;

  constructor(private readonly most: number) {}

  add(entry: T): void {
    const half = this.most / 2;
    if (this.first.length < half) {
      this.first.push(entry);
      return;
    }
    this.rest.push(entry);
    if (this.rest.length <= half) return;
    // Many at a time: each one alone would move the whole list.
    const over = Math.ceil(half / 4);
    this.rest.splice(0, over);
    this.leftOut += over;
  }

  last(): T | undefined {
    return this.rest.at(-1) ?? this.first.at(-1);
  }

  all(): readonly T[] {
    return [...this.first, ...this.rest];
  }
}
