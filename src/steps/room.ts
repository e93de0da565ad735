/** What the platform says while no cell of it has room (diego auctioneer; CC failure_reason_sanitizer.rb, placement errors of instances). Pure. */

/** The platform tries again for a while by itself. */
export const ROOM_WAIT_MS = 60_000;

/** How long each look in a row has found no room: that of a moment, late in a slow start, is no end of it. */
export class Shortage {
  private sinceMs: number | undefined;

  /** Until `nowMs`; 0 where the last look found none. Milliseconds. */
  lasts(nowMs: number): number {
    return this.sinceMs === undefined ? 0 : nowMs - this.sinceMs;
  }

  /** @param full what the platform says of it; undefined: there is room */
  note(full: string | undefined, nowMs: number): void {
    this.sinceMs = full === undefined ? undefined : (this.sinceMs ?? nowMs);
  }
}

const NO_ROOM = /insufficient ?resources|no ?compatible ?cell/i;
/** What its updater says while somebody else has taken what the quota had left (CC deployment_create.rb, process policies). */
const OVER_QUOTA = /quota_exceeded|limit_exceeded|exceeds \w+ (log rate|memory|instance memory) quota/i;

export function saysNoRoom(text: string): boolean {
  return NO_ROOM.test(text);
}

export function saysOverQuota(text: string): boolean {
  return OVER_QUOTA.test(text);
}
