/** Runs a child that has a child, says both their ids, and waits to be killed. */
import { createChildren } from '../../src/system/children.js';

await createChildren(process.argv[2] as NodeJS.Platform | undefined).run({
  file: 'sh',
  args: ['-c', "trap '' TERM HUP INT; sleep 600 & echo $$ $!; wait"],
  env: { PATH: process.env.PATH ?? '' },
  onLine: (_stream, line) => console.log(line),
});
