/** `node tools/run.mjs TASK [ARGS]`: the scripts of package.json. Each sets up what it needs, so that each works in a fresh clone. */
import { act, cf, cf6, k6, node24 } from './binaries.mjs';
import { become, run } from './child.mjs';
import { chromium } from './chromium.mjs';
import { once, touched } from './once.mjs';
import { page } from './page.mjs';
import { at } from './paths.mjs';
import { say, timed } from './say.mjs';
import { build, packages } from './setup.mjs';

const tasks = {
  build,

  async demo(args) {
    await build();
    const [cli, node] = [await cf({ release: true }), await node24()];
    return start('demo', await sabotaged(args), { CF_CLI: cli, NODE24: node });
  },

  async foundry(args) {
    await build();
    return start('foundry', args, {});
  },

  test(args) {
    return tested('tests', args, async () => {
      await page();
      // Each is brought in parts and linked by one core.
      const [CF_CLI, CF6, NODE24, K6, ACT] = await Promise.all([cf(), cf6(), node24(), k6(), act()]);
      return { CF_CLI, CF6, NODE24, K6, ACT };
    });
  },

  /** What people see, as a browser shows it. */
  'test:browser'(args) {
    return tested('browser', args, async () => {
      await page();
      return { CHROMIUM: await chromium(), NODE24: await node24() };
    });
  },

  /** Every point at which a deploy can be interrupted; `npm test` tries some. */
  async matrix(args) {
    await build();
    const node = await node24();
    // The action's own runtime, which also is the faster one.
    return start('__tests__/matrix', args, { CF_CLI: await cf(), CF6: await cf6(), NODE24: node }, node);
  },

  async bench(args) {
    await build();
    const env = { CF_CLI: await cf(), EMPTY_BUNDLE: await emptyBundle() };
    // It takes long to build, and only the soak sends requests.
    if (args.some((arg) => arg.startsWith('soak'))) env.K6 = await k6();
    const node = await node24();
    return start('bench', args, { ...env, NODE24: node }, node);
  },

  async package() {
    await packages();
    const { bundle } = await import('./bundle.mjs');
    await bundle(at('src'), at('dist'));
  },

  async check() {
    await packages();
    const { check } = await import('./check.mjs');
    return check();
  },

  async 'lint:workflows'() {
    const { lintWorkflows } = await import('./lint-workflows.mjs');
    return lintWorkflows();
  },

  async format() {
    await packages();
    const { format } = await import('./format.mjs');
    return format();
  },
};

/** @param programs gives those that the tests run, by the variables that name them */
async function tested(name, args, programs) {
  const { test } = await import('./test.mjs');
  try {
    await build();
    return await test(name, args, await programs());
  } catch (error) {
    say(error.message);
    console.log(`${name}: 0 passed, 1 failed`);
    return 1;
  }
}

/** `--sabotage` is nothing that the demo knows: it gets another bundle, and has to notice. */
async function sabotaged(args) {
  if (!args.includes('--sabotage')) return args;
  const { buildSabotage } = await import('./sabotage.mjs');
  return [
    ...args.filter((arg) => arg !== '--sabotage'),
    '--bundle',
    await timed('sabotaged bundle', () => buildSabotage('unmap-first')),
  ];
}

/** @returns path of the least that an action can be, bundled as a toolkit's action is by ncc alone */
async function emptyBundle() {
  const out = at('.cache', 'empty-bundle');
  const ncc = at('node_modules', '@vercel', 'ncc', 'dist', 'ncc', 'cli.js');
  const options = ['--no-cache', '--target', 'es2022', '--quiet'];
  const make = () =>
    run(process.execPath, [
      ncc,
      'build',
      at('.build', 'bench', 'empty', 'index.js'),
      '--out',
      out,
      ...options,
    ]);
  await once(
    'empty-bundle',
    () => touched([at('bench', 'empty')], [at('package-lock.json')]),
    out,
    () => timed('empty bundle', make),
  );
  return at('.cache', 'empty-bundle', 'index.js');
}

function start(room, args, env, node = process.execPath) {
  return become(node, [at('.build', room, 'main.js'), ...args], { ...process.env, ...env });
}

const [task, ...args] = process.argv.slice(2);
if (!Object.hasOwn(tasks, task ?? '')) {
  say(`Unknown task ${task}: one of ${Object.keys(tasks).join(', ')}`);
  process.exitCode = 2;
} else {
  try {
    process.exitCode = (await tasks[task](args)) ?? 0;
  } catch (error) {
    say(error.message);
    process.exitCode = 1;
  }
}
