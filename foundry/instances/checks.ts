import { request } from 'node:http';
import { connect } from 'node:net';
import type { HealthCheckSpec } from '../ports.js';

/** Where a check looks: the real loopback port, and the app port that its words name. */
export interface CheckTarget {
  port: number;
  appPort: number;
}

/**
 * One health or readiness check. Resolves with nothing when it passes, else with the platform's words for the failure
 * (wording of the cell's health checker). http passes on 200 alone (platform facts A5).
 */
export function check(spec: HealthCheckSpec, target: CheckTarget | undefined): Promise<string | undefined> {
  if (spec.type === 'process' || target === undefined) return Promise.resolve(undefined);
  return spec.type === 'port' ? checkPort(spec, target) : checkHttp(spec, target);
}

function checkPort(spec: HealthCheckSpec, { port, appPort }: CheckTarget): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1', timeout: spec.invocationTimeoutS * 1000 });
    const end = (failure?: string) => {
      socket.destroy();
      resolve(failure && `Failed to make TCP connection to port ${appPort}: ${failure}`);
    };
    socket.on('connect', () => end());
    socket.on('timeout', () => end(timedOut(spec)));
    socket.on('error', (error: NodeJS.ErrnoException) => end(reason(error)));
  });
}

function checkHttp(spec: HealthCheckSpec, { port, appPort }: CheckTarget): Promise<string | undefined> {
  const path = spec.endpoint ?? '/';
  const began = Date.now();
  return new Promise((resolve) => {
    const call = request({
      port,
      host: '127.0.0.1',
      path,
      agent: false,
      headers: { 'User-Agent': 'diego-healthcheck' },
    });
    const end = (failure?: string) => {
      clearTimeout(timer);
      call.destroy();
      resolve(failure && `Failed to make HTTP request to '${path}' on port ${appPort}: ${failure}`);
    };
    // A timer, not the socket's idle timeout: an app that dribbles bytes is not healthy.
    const timer = setTimeout(() => end(timedOut(spec)), spec.invocationTimeoutS * 1000);
    call.on('response', ({ statusCode }) => {
      end(statusCode === 200 ? undefined : `received status code ${statusCode} in ${Date.now() - began}ms`);
    });
    call.on('error', (error: NodeJS.ErrnoException) => end(reason(error)));
    call.end();
  });
}

function timedOut(spec: HealthCheckSpec): string {
  return `timed out after ${spec.invocationTimeoutS.toFixed(2)} seconds`;
}

function reason(error: NodeJS.ErrnoException): string {
  if (error.code === 'ECONNREFUSED') return 'connection refused';
  if (error.code === 'ECONNRESET') return 'connection reset by peer';
  return error.message;
}
