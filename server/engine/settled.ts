import { GraphError } from '../../nodes/kit/index.ts';
import type { Engine } from './types.ts';

/** Waits until no engine is starting. */
export async function settled(engines: readonly Engine[]): Promise<void> {
  await Promise.all(
    engines.map(
      (engine) =>
        new Promise<void>((resolve) => {
          const isSettled = (): boolean => engine.device.state === 'ready' || engine.device.state === 'failed';
          const forget = engine.onDevice(() => {
            if (!isSettled()) return;
            forget();
            resolve();
          });
          if (isSettled()) {
            forget();
            resolve();
          }
        }),
    ),
  );
}

/** Throws `device-unavailable` if the first device could not be started. */
export function checkDevices([engine]: readonly Engine[]): void {
  const device = engine?.device;
  if (device?.state !== 'failed') return;
  throw new GraphError('device-unavailable', device.message ?? `The device ${device.device} could not be started.`);
}
