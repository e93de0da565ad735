import type { Clock, RouteRecord, RouterEvents, Timer } from '../ports.js';

/** How publications reach one router: each after its own time; a later one overtakes those still under way. */
export interface Learning {
  publish(record: RouteRecord): void;
  withdraw(routeGuid: string): void;
  close(): void;
}

interface UnderWay {
  sequence: number;
  timer: Timer;
}

interface Known {
  newest: RouteRecord;
  underWay: UnderWay[];
}

export interface LearningOptions {
  clock: Clock;
  apply: (record: RouteRecord) => void;
  delayMs: () => number;
  applied: RouterEvents['applied'];
  router: number;
}

export function createLearning({ clock, apply, delayMs, applied, router }: LearningOptions): Learning {
  const routes = new Map<string, Known>();
  let sequence = 0;

  function send(known: Known, record: RouteRecord, forget: boolean): void {
    sequence += 1;
    const mine = sequence;
    const timer = clock.after(delayMs(), () => {
      for (const other of known.underWay) if (other.sequence < mine) other.timer.cancel();
      known.underWay = known.underWay.filter((other) => other.sequence > mine);
      apply(record);
      if (forget && known.underWay.length === 0) routes.delete(record.routeGuid);
      applied(router, record, clock.now());
    });
    known.underWay.push({ sequence: mine, timer });
  }

  return {
    publish(record) {
      const known = routes.get(record.routeGuid) ?? { newest: record, underWay: [] };
      known.newest = record;
      routes.set(record.routeGuid, known);
      send(known, record, false);
    },
    withdraw(routeGuid) {
      const known = routes.get(routeGuid);
      if (known) send(known, { ...known.newest, endpoints: [] }, true);
    },
    close() {
      for (const known of routes.values()) for (const one of known.underWay) one.timer.cancel();
      routes.clear();
    },
  };
}
