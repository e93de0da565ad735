import { spawn } from 'node:child_process';
import { constants } from 'node:os';

const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs a program to its end, silently.
 * @returns its standard output
 * @throws Error with all its output when it fails
 */
export function run(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let out = '';
    let all = '';
    child.stdout.setEncoding('utf8').on('data', (text) => {
      out += text;
      all += text;
    });
    child.stderr.setEncoding('utf8').on('data', (text) => {
      all += text;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (code === 0) resolve(out);
      else reject(new Error(`${command} ${args.join(' ')} ended with ${code ?? signal}\n${all.trim()}`));
    });
  });
}

/**
 * Runs a program in our place: its input and output are ours, signals are passed on.
 * @param started is given the child
 * @returns its exit code; 128 and the signal's number when a signal ended it
 */
export function become(command, args, env, started = () => {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: 'inherit', env });
    // A terminal sends its SIGINT to the whole group: passed on, the child would see it twice.
    const pass = (signal) => (signal === 'SIGINT' && process.stdin.isTTY) || child.kill(signal);
    for (const signal of PASSED_ON) process.on(signal, pass);
    child.on('error', reject);
    child.on('exit', (code, signal) => {
      for (const passed of PASSED_ON) process.off(passed, pass);
      resolve(code ?? 128 + (constants.signals[signal] ?? 0));
    });
    started(child);
  });
}
