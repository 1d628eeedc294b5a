import { encodeModel } from './graph/onnx-model.ts';

/** The smallest ONNX model, y = Identity(x) over one float: opened to see whether an execution provider works at all. */
export function probeModel(): Uint8Array {
  const slot = (name: string) => ({ name, type: 'float32', dims: [1] }) as const;
  const identity = { type: 'Identity', domain: '', inputs: ['x'], outputs: ['y'], attributes: {} };
  return encodeModel({ operators: [identity], initializers: [], inputs: [slot('x')], outputs: [slot('y')] }, (file) => file);
}
