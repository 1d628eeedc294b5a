import type { PortSpec } from '../nodes/kit/index.ts';
import type { SizedField } from '../workflows/index.ts';

/** Size fields that a model holds to some sizes, by `node.field`. */
export type HeldFields = ReadonlyMap<string, Pick<SizedField, 'step' | 'only'>>;

/** A port whose value goes from one size that the model takes to the next; what is typed is judged elsewhere. */
export function heldPort(port: PortSpec, held: Pick<SizedField, 'step' | 'only'> | undefined): PortSpec {
  const { widget } = port;
  if (held === undefined || widget?.kind !== 'int') return port;
  const { step, only } = held;
  const [min, max] = [Math.ceil(widget.min / step) * step, Math.floor(widget.max / step) * step];
  return { ...port, widget: { ...widget, step, min: only ?? min, max: only ?? max } };
}
