import { readFlags } from './flags.js';
import { DEFAULTS, startFoundry } from './start.js';

const foundry = await startFoundry(readFlags(process.argv.slice(2), DEFAULTS));
const { api, router, edge, appsDomain, username, password, org, space } = foundry;
process.stdout.write(
  `${JSON.stringify({ api, router, edge, apps_domain: appsDomain, username, password, org, space })}\n`,
);
process.stderr.write(`foundry: seed ${foundry.seed}\n`);

let ending = false;
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    if (ending) return;
    ending = true;
    foundry.close().then(
      () => process.exit(0),
      (error: unknown) => {
        process.stderr.write(`foundry: ${String(error)}\n`);
        process.exit(1);
      },
    );
  });
}
