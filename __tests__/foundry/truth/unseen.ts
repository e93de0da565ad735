/** Facts that no client of the foundry can see, or only in part: nothing here is checked, and each says why. */
import type { Unseen } from './table.js';

const unseen = (source: string, fact: string, why: string): Unseen => ({ source, fact, why });

export const UNSEEN: readonly Unseen[] = [
  unseen(
    'A1.2 row 14',
    '403 390014 while deployments are switched off',
    'a setting of the installation, which has no API',
  ),
  unseen(
    'A1.2 row 15',
    '403 while organization or space is suspended',
    'nobody here is an administrator who suspends',
  ),
  unseen(
    'A1.5 line 9',
    'an unreachable Diego is swallowed',
    'instances are known without a Diego in between',
  ),
  unseen('A1.6 line 1', 'what platforms before 3.170.0 showed', 'none so old is played'),
  unseen('A2 line 7', 'no copy of a cnb droplet', 'no app of that lifecycle can be made'),
  unseen(
    'A3 routes 1',
    'a host of the system, and a quota of the space',
    'the API has no host, and no call makes a quota',
  ),
  unseen(
    'A3 routes 6',
    'hash as load balancing, and the size of options',
    'of 3.210.0, later than what is played',
  ),
  unseen('A3 routes 8', 'route policies', 'of 3.225.0, later than what is played'),
  unseen('A3 destinations 7', 'a repair within 30 s when Diego was away', 'there is no Diego that goes away'),
  unseen(
    'A3 names 2',
    '503 with 220002, 170015, 10015',
    'nothing behind the API is ever away; tests order such answers',
  ),
  unseen('A4 defaults 1', 'times of registration, pruning and draining', 'routes are told without NATS'),
  unseen('A4 row 2', '503 no_endpoints', 'a pool that is empty is dropped at once, as by default'),
  unseen('A4 row 14', 'a stale endpoint is pruned', 'routes are told without NATS, and none becomes stale'),
  unseen(
    'A4 line 2',
    'endpoints by TLS: 496, 499, 525, 526, a wrong identity',
    'instances are reached without TLS',
  ),
  unseen(
    'A4 order 2',
    'an invalid certificate for five seconds, which prunes the endpoint',
    'as above; the routers are told',
  ),
  unseen('A4 order 4', 'how many of 3,000 requests fail', 'a measurement; what it is made of are rows'),
  unseen('A5 line 2', 'a check every two seconds', 'shortened like all times of cells'),
  unseen('A5 line 4', 'UNKNOWN', 'instances are known without a Diego in between'),
  unseen('A5 line 7', 'statistics while the log cache or Diego is away', 'neither ever is'),
  unseen(
    'A7 line 1',
    'administrators and addresses have limits of their own',
    'nobody here is one, and all come from loopback',
  ),
  unseen('A7 line 4', 'recursive deletion of an app', 'inside of the job'),
  unseen('A7 line 7', 'a staging of 900 s fails', 'a staging here always ends by itself'),
  unseen('A8 line 3', 'options of cf auth', 'of the CLI, not of the platform'),
  unseen('A8 line 4', 'what is documented, and who offers it', 'nothing that a platform answers'),
];
