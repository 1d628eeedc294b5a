/** Names of events and what each carries. */
type Listeners<E> = { [K in keyof E]?: Set<(event: E[K]) => void> };

/** Tells listeners. One that throws is reported to the console and does not keep the others from hearing. */
export interface Emitter<E> {
  /** Returns a function that takes the listener away again. */
  on<K extends keyof E>(name: K, listener: (event: E[K]) => void): () => void;
  emit<K extends keyof E>(name: K, event: E[K]): void;
  clear(): void;
}

/** A list of listeners for each event. */
export function createEmitter<E>(): Emitter<E> {
  let listeners: Listeners<E> = {};
  return {
    on(name, listener) {
      const heard = listeners[name] ?? new Set();
      listeners[name] = heard;
      heard.add(listener);
      return () => void heard.delete(listener);
    },
    emit(name, event) {
      for (const listener of [...(listeners[name] ?? [])]) {
        try {
          listener(event);
        } catch (thrown) {
          console.error(thrown);
        }
      }
    },
    clear() {
      listeners = {};
    },
  };
}
