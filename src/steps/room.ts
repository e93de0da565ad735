/** What the platform says while no cell of it has room (diego auctioneer; CC failure_reason_sanitizer.rb, placement errors of instances). Pure. */

/** The platform tries again for a while by itself. */
export const ROOM_WAIT_MS = 60_000;

const NO_ROOM = /insufficient ?resources|no ?compatible ?cell/i;
/** What its updater says while somebody else has taken what the quota had left (CC deployment_create.rb, process policies). */
const OVER_QUOTA = /quota_exceeded|limit_exceeded|exceeds \w+ (log rate|memory|instance memory) quota/i;

export function saysNoRoom(text: string): boolean {
  return NO_ROOM.test(text);
}

export function saysOverQuota(text: string): boolean {
  return OVER_QUOTA.test(text);
}
