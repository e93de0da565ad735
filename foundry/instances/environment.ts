import { delimiter, join } from 'node:path';
import type { DesiredProcess } from '../ports.js';

export interface InstanceFacts {
  index: number;
  instanceGuid: string;
  /** The instance's own copy of the droplet. */
  appDir: string;
  tmpDir: string;
  /** App port -> loopback port. */
  ports: Readonly<Record<number, number>>;
  /** Search path of the machine. */
  path: string;
}

/** The environment of one instance: what the process asks for, below what the platform sets (DDG environment variables). */
export function instanceEnvironment(
  process: Pick<DesiredProcess, 'env' | 'memoryMb' | 'ports' | 'vcapApplication'>,
  facts: InstanceFacts,
): Record<string, string> {
  const first = process.ports[0];
  const port = first === undefined ? undefined : facts.ports[first];
  return {
    LANG: 'en_US.UTF-8',
    USER: 'vcap',
    ...process.env,
    PATH: [join(facts.appDir, 'node_modules', '.bin'), facts.path].join(delimiter),
    HOME: facts.appDir,
    PWD: facts.appDir,
    TMPDIR: facts.tmpDir,
    // Not on the platform: see inside.ts.
    CURL_HOME: facts.tmpDir,
    MEMORY_LIMIT: `${process.memoryMb}m`,
    CF_INSTANCE_GUID: facts.instanceGuid,
    CF_INSTANCE_INDEX: String(facts.index),
    CF_INSTANCE_IP: '127.0.0.1',
    CF_INSTANCE_INTERNAL_IP: '127.0.0.1',
    CF_INSTANCE_PORTS: JSON.stringify(
      process.ports.map((internal) => ({ external: facts.ports[internal], internal })),
    ),
    VCAP_APPLICATION: JSON.stringify({
      ...process.vcapApplication,
      instance_id: facts.instanceGuid,
      instance_index: facts.index,
      ...(port === undefined ? {} : { host: '0.0.0.0', port }),
    }),
    ...(port === undefined
      ? {}
      : {
          PORT: String(port),
          VCAP_APP_HOST: '0.0.0.0',
          VCAP_APP_PORT: String(port),
          CF_INSTANCE_ADDR: `127.0.0.1:${port}`,
          CF_INSTANCE_PORT: String(port),
        }),
  };
}
